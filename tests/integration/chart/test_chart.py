"""The chart: what it renders is valid to kubeconform, and a real API server takes it."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from parley_operator.installation import BotDefaults
from support import json_schemas
from support.control_plane import ControlPlane
from support.processes import tool

type Document = dict[str, Any]

CHART = Path(__file__).parents[3] / "charts/parley"
# Names of their own: other tests put pods into the product's.
RELEASE, BOTS = "chart-parley", "chart-bots"
PROFILES = {
    "default": [],
    "local": ["-f", str(CHART / "values-local.yaml")],
    "s3 and Daily": [
        "--set=store.type=s3,store.s3.bucket=transcripts,store.s3.existingSecret=s3,api.replicas=3",
        "--set=rooms.default=daily,rooms.daily.existingSecret=daily,operator.watchNamespaces={chart-hiring}",
    ],
}


def helm(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([tool("helm"), *words], capture_output=True, text=True, check=False, timeout=60)


def rendered(profile: str) -> str:
    done = helm(
        "template", "parley", str(CHART), "--namespace", RELEASE, "--set", f"bots.namespace={BOTS}", *PROFILES[profile]
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def schemas(control_plane: ControlPlane, crds: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The JSON Schemas of this API server, our own kinds among them."""
    folder = tmp_path_factory.mktemp("schemas")
    json_schemas.write(json.loads(control_plane.kubectl("get", "--raw", "/openapi/v2").stdout), folder)
    return folder


@pytest.mark.parametrize("profile", PROFILES)
def test_lint(profile: str) -> None:
    done = helm("lint", "--strict", str(CHART), *PROFILES[profile])
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("profile", PROFILES)
def test_kubeconform(profile: str, schemas: Path) -> None:
    command = [
        tool("kubeconform"),
        "-strict",
        "-summary",
        "-schema-location",
        f"{schemas}/{json_schemas.LOCATION}",
        "-",
    ]
    done = subprocess.run(command, input=rendered(profile), capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout
    assert "Skipped: 0" in done.stdout, done.stdout


def test_kubeconform_would_see_a_misspelt_field(schemas: Path) -> None:
    broken = rendered("default").replace("readOnlyRootFilesystem", "readOnlyRootFileSystem")
    command = [tool("kubeconform"), "-strict", "-schema-location", f"{schemas}/{json_schemas.LOCATION}", "-"]
    done = subprocess.run(command, input=broken, capture_output=True, text=True, check=False, timeout=60)
    assert "readOnlyRootFileSystem" in done.stdout


@pytest.mark.parametrize("profile", PROFILES)
def test_an_api_server_takes_it(profile: str, control_plane: ControlPlane, crds: None) -> None:
    for name in (RELEASE, BOTS, "chart-hiring"):
        control_plane.kubectl("create", "namespace", name, check=False)
    said = control_plane.kubectl(
        "apply", "--server-side", "--dry-run=server", "--force-conflicts", "-f", "-", stdin=rendered(profile)
    )
    assert "Warning" not in said.stderr


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ("api.replcas=2", "replcas"),
        ("links.baseUrl=localhost", "/links/baseUrl"),
        ("rooms.default=zoom", "/rooms/default"),
        ("api.replicas=2", "api.replicas: the folder store takes one replica"),
        ("store.type=s3", "store.s3.bucket is needed"),
    ],
)
def test_a_wrong_value_is_refused_by_its_name(wrong: str, named: str) -> None:
    done = helm("template", "parley", str(CHART), "--set", wrong)
    assert done.returncode
    assert named in done.stderr


def test_every_pod_is_restricted_and_every_account_its_own() -> None:
    for document in yaml.safe_load_all(rendered("local")):
        if not document or document["kind"] not in ("Deployment", "Job", "CronJob"):
            continue
        spec = document["spec"]
        template = spec.get("jobTemplate", {}).get("spec", spec)["template"]["spec"]
        assert template["securityContext"]["runAsNonRoot"], document["metadata"]["name"]
        assert template["enableServiceLinks"] is False, "names of Services would come in as settings"
        for container in template["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"]
            assert container["resources"]["limits"]["memory"]


def _environment(deployment: str, documents: list[Document]) -> dict[str, str]:
    (found,) = [item for item in documents if item["kind"] == "Deployment" and item["metadata"]["name"] == deployment]
    variables = found["spec"]["template"]["spec"]["containers"][0]["env"]
    return {entry["name"]: entry.get("value", "") for entry in variables}


def test_operator_and_api_watch_the_same_namespaces_and_have_rights_nowhere_else() -> None:
    documents = [document for document in yaml.safe_load_all(rendered("s3 and Daily")) if document]
    for name in ("parley-operator", "parley-api"):
        assert json.loads(_environment(name, documents)["PARLEY_WATCH_NAMESPACES"]) == ["chart-hiring"], name
    for document in documents:
        if document["kind"] == "ClusterRole":
            groups = {group for rule in document["rules"] for group in rule["apiGroups"]}
            assert groups == {"authentication.k8s.io", "authorization.k8s.io"}, document["metadata"]["name"]


def _bot_defaults(*values: str) -> BotDefaults:
    done = helm("template", "parley", str(CHART), *values)
    assert done.returncode == 0, done.stderr
    (found,) = [
        document
        for document in yaml.safe_load_all(done.stdout)
        if document and document["metadata"]["name"] == "parley-bot-defaults"
    ]
    return BotDefaults.model_validate_json(found["data"]["defaults.json"])


def test_the_keys_that_a_template_may_select_by_may_be_tolerated_too() -> None:
    defaults = _bot_defaults("--set=bots.allowedNodeSelectorKeys={pool}")
    assert (defaults.allowed_node_selector_keys, defaults.allowed_toleration_keys) == (["pool"], ["pool"])


def test_the_operator_takes_amounts_without_a_unit() -> None:
    defaults = _bot_defaults("--set=bots.resources.requests.cpu=1,bots.maxResources.cpu=2")
    assert defaults.resources["requests"]["cpu"] == "1"
    assert defaults.max_resources.cpu == "2"
    assert defaults.max_resources.ephemeral_storage is not None
