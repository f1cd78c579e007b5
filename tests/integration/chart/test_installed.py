"""Each profile of the chart, put on a real API server whose namespaces enforce Pod Security `restricted`."""

import json

import pytest
from parley_crds import BotSettings
from support import chart
from support.bot_pods import bot_of
from support.chart import PROFILES, Document
from support.control_plane import ControlPlane

LEVEL = ("pod-security.kubernetes.io/enforce=restricted", "pod-security.kubernetes.io/warn=restricted")
PROGRAMS = {"parley-operator", "parley-api", "parley-web", "parley-retention"}


class Installed:
    """A profile on the API server, in namespaces of its own."""

    def __init__(self, plane: ControlPlane, profile: str) -> None:
        self.plane = plane
        word = profile.lower().replace(" ", "-")
        self.release, self.bots = f"installed-{word}", f"installed-{word}-bots"
        self.documents = chart.documents_of(chart.rendered(profile, self.release, self.bots))
        # The bots' namespace is the chart's own.
        for name in {each["metadata"].get("namespace", self.release) for each in self.documents} - {self.bots}:
            plane.kubectl("create", "namespace", name, check=False)
            plane.kubectl("label", "--overwrite", "namespace", name, *LEVEL)
        # As helm does: hooks are what `helm test` makes later; namespaces come before what is in them.
        made = [each for each in self.documents if "helm.sh/hook" not in each["metadata"].get("annotations", {})]
        hooks = [each for each in self.documents if each not in made and each["kind"] != "Pod"]
        namespaces = [each for each in made if each["kind"] == "Namespace"]
        rest = [each for each in made if each["kind"] != "Namespace"]
        self.said = "".join(self._apply(documents) for documents in (namespaces, rest, hooks) if documents)

    def _apply(self, documents: list[Document]) -> str:
        body = json.dumps({"apiVersion": "v1", "kind": "List", "items": documents})
        return self.plane.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=body).stderr

    def refused(self, pods: dict[str, Document], namespace: str) -> str:
        """What the API server says against pods of these templates, by name; empty where it takes them all."""
        items = [
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": f"tried-{name}", "namespace": namespace, "labels": pod["metadata"]["labels"]},
                # Who has no account of its own has the namespace's, which nobody makes here.
                "spec": {"serviceAccountName": "parley-web"} | pod["spec"],
            }
            for name, pod in pods.items()
        ]
        body = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
        done = self.plane.kubectl("create", "--dry-run=server", "-f", "-", stdin=body, check=False)
        assert done.returncode or done.stdout.count("created") == len(pods)
        return done.stderr


@pytest.fixture(scope="module", params=PROFILES)
def installed(request: pytest.FixtureRequest, control_plane: ControlPlane, peers: None) -> Installed:
    return Installed(control_plane, request.param)


def test_an_api_server_takes_it_without_a_warning(installed: Installed) -> None:
    """Pod Security's judgement of what makes pods comes as a warning; the pods themselves are refused."""
    assert "Warning" not in installed.said


def test_every_pod_that_it_makes_is_admitted(installed: Installed) -> None:
    pods = chart.pod_templates(installed.documents)
    assert {*pods} > PROGRAMS
    assert installed.refused(pods, installed.release) == ""


def test_a_bot_is_admitted_and_would_not_be_with_more(installed: Installed) -> None:
    pod = bot_of(installed.documents, BotSettings())
    assert installed.refused({"bot": pod}, installed.bots) == ""
    pod["spec"]["hostNetwork"] = True
    assert "violates PodSecurity" in installed.refused({"bot": pod}, installed.bots)
