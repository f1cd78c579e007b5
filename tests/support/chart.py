"""What the chart renders, where a test needs a part of it, and the profiles that it is installed by."""

import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from support.eks import chart_values
from support.processes import tool

type Document = dict[str, Any]

ROOT = Path(__file__).parents[2]
CHART = ROOT / "charts/parley"
REGISTRY = ("--set", "image.registry=registry.example")  # the chart pulls from nowhere unless told
HOSTS = "--set=links.baseUrl=https://talk.example.com,api.publicUrl=https://api.talk.example.com"
S3 = "--set=store.type=s3,store.s3.bucket=transcripts"

GROUPS = {
    who: f"sg-{number:017x}" for number, who in enumerate(("operator", "api", "web", "bots", "jobs"), start=0x5EC001)
}
"""The security group of each kind of pod in the profile for EKS, by the chart's name for it: each another one."""

PROFILES: dict[str, list[str]] = {
    "default": [*REGISTRY],
    "local": ["-f", str(CHART / "values-local.yaml")],
    "ha": ["-f", str(CHART / "values-ha.yaml"), *REGISTRY, HOSTS, S3, "--set=ingress.className=nginx"],
    "eks": [
        "-f",
        str(CHART / "values-eks.yaml"),
        *REGISTRY,
        HOSTS,
        S3,
        "--set=links.makeKey=false",
        "--set=operator.watchNamespaces={chart-hiring}",
        "--set=rooms.default=daily,rooms.daily.existingSecret=daily",
        *(f"--set=securityGroups.{who}={{{group}}}" for who, group in GROUPS.items()),
    ],
    # As deploy/eks hands it over; the installation's name is not the release's.
    "eks by its handover": ["-f", str(CHART / "values-eks.yaml"), "--set-json", chart_values("three-regions")],
    "s3 and Daily": [
        *REGISTRY,
        "--set=store.type=s3,store.s3.bucket=transcripts,store.s3.existingSecret=s3,api.replicas=3",
        "--set=rooms.default=daily,rooms.daily.existingSecret=daily,operator.watchNamespaces={chart-hiring}",
        "--set=operator.capacity.total=50,operator.capacity.namespaces.hiring=20,bots.allowedPriorityClasses={urgent}",
        "--set=operator.replicas=2",
        "--set=api.webhooks.allowedNetworks={10.2.0.0/16},api.webhooks.caConfigMap=company-ca",
    ],
    # Whatever else there is to be made, and one host for pages and API.
    "everything": [
        *REGISTRY,
        S3,
        "--set=links.baseUrl=https://talk.example.com,api.publicUrl=https://talk.example.com,ingress.enabled=true",
        "--set=ingress.web.tlsSecret=talk-tls,ingress.api.tlsSecret=talk-tls",
        "--set=emulators.nova.enabled=true,emulators.daily.enabled=true",
        "--set=metrics.podMonitor.enabled=true,metrics.prometheusRule.enabled=true,metrics.dashboard.enabled=true",
        "--set=api.autoscaling.enabled=true,web.autoscaling.enabled=true",
        "--set=api.autoscaling.kedaTriggers[0].type=aws-cloudwatch",
        "--set=api.autoscaling.kedaTriggers[0].metadata.metricName=ActiveConnectionCount",
        "--set=web.autoscaling.metrics[0].type=External",
        "--set=web.autoscaling.metrics[0].external.metric.name=connections",
        "--set=web.autoscaling.metrics[0].external.target.type=AverageValue",
        "--set=web.autoscaling.metrics[0].external.target.averageValue=100m",
        "--set=networkPolicies.monitoring[0].namespaceSelector.matchLabels.kubernetes\\.io/metadata\\.name=monitoring",
        "--set=networkPolicies.public[0].namespaceSelector.matchLabels.kubernetes\\.io/metadata\\.name=ingress",
        "--set=bots.allowedPriorityClasses={urgent}",
        "--set=networkPolicies.botNetworks={10.9.0.0/16},networkPolicies.storeNetworks={10.8.0.0/16}",
    ],
}
"""The ways in which the chart is installed, by name: helm's arguments."""


def helm(*words: str) -> subprocess.CompletedProcess[str]:
    """Runs helm, whatever comes of it."""
    return subprocess.run([tool("helm"), *words], capture_output=True, text=True, check=False, timeout=60)


@cache
def rendered(profile: str, release: str, bots: str) -> str:
    """What a profile makes, for a release in this namespace with this one for its bots.

    Raises:
        AssertionError: helm refuses; the message holds its words.
    """
    names = ("--namespace", release, "--set", f"bots.namespace={bots}")
    done = helm("template", "parley", str(CHART), *names, *PROFILES[profile])
    assert done.returncode == 0, done.stderr
    return done.stdout


def documents_of(text: str) -> list[Document]:
    """The documents of what helm has rendered."""
    return [document for document in yaml.load_all(text, Loader=yaml.CSafeLoader) if document]


def render(namespace: str, *values: str) -> list[Document]:
    """The documents of a release in this namespace; each of `values` is an item of helm's `--set`.

    Raises:
        AssertionError: helm refuses; the message holds its words.
    """
    sets = [word for value in values for word in ("--set", value)]
    done = helm("template", "parley", str(CHART), "--namespace", namespace, *REGISTRY, *sets)
    assert done.returncode == 0, done.stderr
    return documents_of(done.stdout)


def rights(documents: list[Document], account: str) -> list[Document]:
    """A service account with the roles and bindings that give it its rights, and no other object."""
    bindings = [
        document
        for document in documents
        if document["kind"] in ("RoleBinding", "ClusterRoleBinding")
        and any(subject["name"] == account for subject in document["subjects"])
    ]
    named = {
        (ref["kind"], None if ref["kind"] == "ClusterRole" else each["metadata"]["namespace"], ref["name"])
        for each in bindings
        for ref in [each["roleRef"]]
    }
    roles = [
        document
        for document in documents
        if (document["kind"], document["metadata"].get("namespace"), document["metadata"]["name"]) in named
    ]
    accounts = [each for each in documents if each["kind"] == "ServiceAccount" and each["metadata"]["name"] == account]
    assert accounts, f"the chart has no account {account}"
    assert roles, f"{account} has no rights"
    return [*accounts, *roles, *bindings]


def pod_templates(documents: list[Document]) -> dict[str, Document]:
    """The pods of these documents (metadata and spec), by the name of what makes them."""
    found = {}
    for document in documents:
        name = document["metadata"]["name"]
        if document["kind"] in ("Deployment", "Job", "CronJob"):
            found[name] = document["spec"].get("jobTemplate", document)["spec"]["template"]
        elif document["kind"] == "Pod":
            found[name] = {"metadata": document["metadata"], "spec": document["spec"]}
    return found
