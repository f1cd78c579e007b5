"""What stands before pages and API: an Ingress each, and what it tells a load balancer of theirs."""

import json
import re
import subprocess
import sys

import pytest
from fastapi import FastAPI
from parley_api import server
from parley_api.settings import Settings
from support import chart
from support.chart import Document

RELEASE, BOTS = "parley", "parley-bots"

behind_alb = pytest.mark.parametrize("profile", ["eks", "eks by its handover"])


def documents(profile: str) -> list[Document]:
    return chart.documents_of(chart.rendered(profile, RELEASE, BOTS))


def pods(profile: str) -> dict[str, Document]:
    """The specs of the pods that a profile makes, by the name of what makes them."""
    return {name: template["spec"] for name, template in chart.pod_templates(documents(profile)).items()}


def ingresses(profile: str) -> dict[str, Document]:
    return {one["metadata"]["name"]: one for one in documents(profile) if one["kind"] == "Ingress"}


def test_pages_and_api_have_an_ingress_each_at_their_own_host() -> None:
    found = ingresses("eks")
    hosts = {name: [rule["host"] for rule in one["spec"]["rules"]] for name, one in found.items()}
    assert hosts == {"parley-web": ["talk.example.com"], "parley-api": ["api.talk.example.com"]}
    for name, one in found.items():
        annotations = one["metadata"]["annotations"]
        assert annotations["alb.ingress.kubernetes.io/target-type"] == "ip", "Fargate has no other"
        assert annotations["alb.ingress.kubernetes.io/ssl-redirect"] == "443"
        assert "TLS13-1-2" in annotations["alb.ingress.kubernetes.io/ssl-policy"]
        listening = json.loads(annotations["alb.ingress.kubernetes.io/listen-ports"])
        assert listening == [{"HTTP": 80}, {"HTTPS": 443}], "there is something to redirect, and where to"
        (path,) = one["spec"]["rules"][0]["http"]["paths"]
        assert path["backend"]["service"] == {"name": name, "port": {"name": "http"}}
    assert not ingresses("local")


@behind_alb
def test_load_balancers_ask_a_pod_what_the_kubelet_asks(profile: str) -> None:
    """By another path a pod that is not ready would be sent candidates, or one that is would be sent none."""
    for name, one in ingresses(profile).items():
        (container,) = pods(profile)[name]["containers"]
        asked = one["metadata"]["annotations"]["alb.ingress.kubernetes.io/healthcheck-path"]
        assert asked == container["readinessProbe"]["httpGet"]["path"], name


def test_one_host_serves_both() -> None:
    found = ingresses("everything")
    paths = {
        name: [path["path"] for rule in one["spec"]["rules"] for path in rule["http"]["paths"]]
        for name, one in found.items()
    }
    # OpenAPI has no word for a WebSocket.
    described = subprocess.run(
        [sys.executable, "-m", "parley_api.openapi"], capture_output=True, text=True, check=True, timeout=60
    )
    assert paths["parley-web"] == ["/"]
    for route in [*json.loads(described.stdout)["paths"], "/rooms/1/ws"]:
        assert any(route.startswith(f"{prefix}/") for prefix in paths["parley-api"]), route
    assert found["parley-api"]["spec"]["tls"] == [{"hosts": ["talk.example.com"], "secretName": "talk-tls"}]


def test_what_is_to_end_goes_on_until_load_balancers_have_let_go_of_it() -> None:
    for program in ("parley-api", "parley-web"):
        pod = pods("eks")[program]
        assert pod["containers"][0]["lifecycle"]["preStop"] == {"sleep": {"seconds": 20}}
        assert pod["terminationGracePeriodSeconds"] == 50
        assert "lifecycle" not in pods("local")[program]["containers"][0]


def deregistration_seconds(profile: str, program: str) -> int:
    """For how long a load balancer leaves connections to a pod that is to end."""
    annotations = ingresses(profile)[program]["metadata"]["annotations"]
    said = annotations["alb.ingress.kubernetes.io/target-group-attributes"].split(",")
    return int(dict(each.split("=") for each in said)["deregistration_delay.timeout_seconds"])


@behind_alb
def test_load_balancers_leave_a_websocket_for_as_long_as_its_pod_does(profile: str) -> None:
    """Cut sooner, a candidate would be cut off in mid-word; later, the pod is gone that it still counts on."""
    api = pods(profile)["parley-api"]
    drain = api["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert "PARLEY_SHUTDOWN_SECONDS" not in {entry["name"] for entry in api["containers"][0]["env"]}
    closing = Settings.model_fields["shutdown_seconds"].default
    assert deregistration_seconds(profile, "parley-api") == drain + closing == drain + 20
    # The pages have requests of a moment: let go of before the pod begins to end.
    drain = pods(profile)["parley-web"]["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert 0 < deregistration_seconds(profile, "parley-web") < drain


@behind_alb
def test_a_target_keeps_an_idle_connection_longer_than_its_load_balancer(profile: str) -> None:
    """The other way round it sends a request into a connection that its target has just closed, and answers 502."""
    api = server._public_config(Settings.model_construct(), FastAPI()).timeout_keep_alive
    (web,) = re.findall(r"^ *keepalive_timeout (\d+)s;$", (chart.ROOT / "web/nginx/nginx.conf").read_text(), re.M)
    for program, kept in (("parley-api", api), ("parley-web", int(web))):
        annotations = ingresses(profile)[program]["metadata"]["annotations"]
        said = annotations["alb.ingress.kubernetes.io/load-balancer-attributes"].split(",")
        idle = int(dict(each.split("=") for each in said)["idle_timeout.timeout_seconds"])
        assert kept > idle, program
