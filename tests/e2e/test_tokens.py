"""(e) A token of another pod: the API's inner port lets in a bot by its own pod's token alone."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from support.cluster import BOTS, Cluster, Hiring
from support.forward import forwarded

INSIDE = "parley-api-internal.parley.svc"


@contextmanager
def inner_port(cluster: Cluster) -> Iterator[httpx.Client]:
    """A client of the API's inner port, through kubectl's port-forward, that trusts the inside's CA alone."""
    ca = cluster.get("configmap", "parley-internal-ca", "parley")
    assert ca
    trust = ssl.create_default_context(cadata=ca["data"]["ca.crt"])
    trust.check_hostname = False  # the address is this machine's; the certificate's chain is checked
    with (
        forwarded(cluster, "service/parley-api-internal", "parley", 8443) as port,
        httpx.Client(base_url=f"https://127.0.0.1:{port}", verify=trust, timeout=10, trust_env=False) as client,
    ):
        yield client


def bound_token(cluster: Cluster, pod: str, audience: str = "parley-api") -> dict[str, str]:
    """The headers of a token of the bots' account that is bound to a pod."""
    bound = ["--bound-object-kind", "Pod", "--bound-object-name", pod]
    return {
        "Authorization": "Bearer "
        + cluster.kubectl("create", "token", "parley-bot", "-n", BOTS, "--audience", audience, *bound).strip()
    }


@pytest.fixture
def stranger(cluster: Cluster) -> Iterator[str]:
    """A pod of the bots' account that no interview has; it need not run."""
    name = "stranger"
    container = {
        "name": "c",
        "image": "stranger.invalid/none",
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    security = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    spec = {"serviceAccountName": "parley-bot", "containers": [container], "securityContext": security}
    cluster.delete("pod", name, BOTS, "--now")
    cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": BOTS}, "spec": spec})
    yield name
    cluster.delete("pod", name, BOTS, "--now")


def test_a_token_of_another_pod_opens_nothing(hiring: Hiring, stranger: str) -> None:
    hiring.cluster.apply(hiring.template(), hiring.interview("ada"))
    hiring.wait_phase("ada", "Ready")
    (pod,) = hiring.bots(hiring.uid("ada"))
    own = bound_token(hiring.cluster, pod["metadata"]["name"])
    with inner_port(hiring.cluster) as api:
        mine = api.get("/bot/v1/assignment", headers=own)
        assert (mine.status_code, mine.json()["interview"]["name"]) == (200, "ada")

        other = api.get("/bot/v1/assignment", headers=bound_token(hiring.cluster, stranger))
        assert other.status_code == 403, other.text
        assert other.headers["content-type"] == "application/problem+json"
        assert other.json()["detail"]

        people = bound_token(hiring.cluster, pod["metadata"]["name"], audience="parley")
        assert api.get("/bot/v1/assignment", headers=people).status_code == 401

        seal = {"namespace": hiring.namespace, "name": "ada", "reason": "Sealed"}
        sealed = api.post(f"/internal/v1/interviews/{hiring.uid('ada')}/seal", headers=own, json=seal)
        assert sealed.status_code == 403, "a bot is not the operator"
