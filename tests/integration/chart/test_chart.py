"""The chart: what it renders is valid to kubeconform, and a real API server takes it."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from parley_crds.crd import all_crds
from parley_crds.names import LABEL_IN_INTERVIEW, LABEL_INSTALLATION
from parley_operator.capacity import Capacity
from parley_operator.installation import BotDefaults
from support import json_schemas
from support.chart import REGISTRY, render
from support.control_plane import ControlPlane
from support.processes import tool

type Document = dict[str, Any]

CHART = Path(__file__).parents[3] / "charts/parley"
# Names of their own: other tests put pods into the product's.
RELEASE, BOTS = "chart-parley", "chart-bots"
PROFILES = {
    "default": [*REGISTRY],
    "local": ["-f", str(CHART / "values-local.yaml")],
    "s3 and Daily": [
        *REGISTRY,
        "--set=store.type=s3,store.s3.bucket=transcripts,store.s3.existingSecret=s3,api.replicas=3",
        "--set=rooms.default=daily,rooms.daily.existingSecret=daily,operator.watchNamespaces={chart-hiring}",
        "--set=operator.capacity.total=50,operator.capacity.namespaces.hiring=20,bots.allowedPriorityClasses={urgent}",
        "--set=operator.replicas=2",
        "--set=api.webhooks.allowedNetworks={10.2.0.0/16},api.webhooks.caConfigMap=company-ca",
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


def _warnings(control_plane: ControlPlane, documents: str) -> str:
    """What a real API server has to say against these documents, which it takes."""
    for name in (RELEASE, BOTS, "chart-hiring"):
        control_plane.kubectl("create", "namespace", name, check=False)
        # Pod Security's own judgement of every pod template comes back as a warning.
        control_plane.kubectl("label", "--overwrite", "namespace", name, "pod-security.kubernetes.io/warn=restricted")
    said = control_plane.kubectl(
        "apply", "--server-side", "--dry-run=server", "--force-conflicts", "-f", "-", stdin=documents
    )
    return said.stderr


@pytest.mark.parametrize("profile", PROFILES)
def test_an_api_server_takes_it(profile: str, control_plane: ControlPlane, crds: None) -> None:
    assert "Warning" not in _warnings(control_plane, rendered(profile))


def test_an_api_server_would_warn_of_a_pod_that_is_not_restricted(control_plane: ControlPlane, crds: None) -> None:
    broken = rendered("default").replace("allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true")
    assert "would violate PodSecurity" in _warnings(control_plane, broken)


@pytest.mark.parametrize("program", ["parley-operator", "parley-api"])
def test_dailys_key_is_a_file_that_follows_its_secret(program: str) -> None:
    """A variable, or a single file (subPath), would keep a key that was refused until somebody restarts the pod."""
    documents = yaml.safe_load_all(rendered("s3 and Daily"))
    deployment = next(one for one in documents if (one["kind"], one["metadata"]["name"]) == ("Deployment", program))
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    variables = {entry["name"]: entry for entry in container["env"]}
    assert variables["PARLEY_DAILY_SECRET"]["value"] == f"{RELEASE}/daily"
    assert variables["PARLEY_DAILY_API_KEY_FILE"]["value"] == "/etc/parley/daily/DAILY_API_KEY"
    assert "DAILY_API_KEY" not in json.dumps([entry.get("valueFrom") for entry in container["env"]])
    assert {"name": "daily", "mountPath": "/etc/parley/daily", "readOnly": True} in container["volumeMounts"]
    (secret,) = [volume["secret"] for volume in pod["volumes"] if volume["name"] == "daily"]
    assert (secret["secretName"], secret["optional"]) == ("daily", True)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ("api.replcas=2", "replcas"),
        ("links.baseUrl=localhost", "/links/baseUrl"),
        ("rooms.default=zoom", "/rooms/default"),
        ("api.webhooks.allowedNetworks={10.2.0.0}", "/api/webhooks/allowedNetworks/0"),
        ("operator.startDeadlineSeconds=179", "/operator/startDeadlineSeconds"),
        ("api.replicas=2", "api.replicas: the folder store takes one replica"),
        ("store.type=s3", "store.s3.bucket is needed"),
        ("bots.terminationGracePeriodSeconds=4", "/bots/terminationGracePeriodSeconds"),
        ("bots.namespace=default", "bots.namespace: bots need another namespace"),
        ("rooms.default=daily", "rooms.default: daily needs"),
        ("image.registry=", "image.registry: name the registry"),
    ],
)
def test_a_wrong_value_is_refused_by_its_name(wrong: str, named: str) -> None:
    done = helm("template", "parley", str(CHART), *REGISTRY, "--set", wrong)
    assert done.returncode
    assert named in done.stderr


def _pods(profile: str) -> dict[str, Document]:
    """The specs of the pods that a profile makes, by the name of what makes them."""
    found = {}
    for document in yaml.safe_load_all(rendered(profile)):
        if document and document["kind"] in ("Deployment", "Job", "CronJob"):
            spec = document["spec"].get("jobTemplate", document)["spec"]
            found[document["metadata"]["name"]] = spec["template"]["spec"]
    return found


# Pod Security has no word on these.
def test_every_pod_has_limits_and_a_root_that_it_cannot_write() -> None:
    for name, pod in _pods("local").items():
        assert pod["enableServiceLinks"] is False, f"{name}: names of Services would come in as settings"
        for container in pod["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"], name
            assert container["resources"]["limits"]["memory"], name


def test_every_pod_with_a_token_has_an_account_of_its_own() -> None:
    programs: dict[str, set[str]] = {}
    for pod in _pods("local").values():
        if pod.get("automountServiceAccountToken", True):
            programs.setdefault(pod["serviceAccountName"], set()).add(pod["containers"][0]["name"])
    assert all(len(names) == 1 for names in programs.values()), programs


def test_the_pods_that_share_a_volume_run_on_one_node() -> None:
    pods = _pods("default")
    (term,) = pods["parley-retention"]["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    documents = [document for document in yaml.safe_load_all(rendered("default")) if document]
    (api,) = [d for d in documents if d["kind"] == "Deployment" and d["metadata"]["name"] == "parley-api"]
    assert term["labelSelector"]["matchLabels"] == api["spec"]["template"]["metadata"]["labels"]
    assert "affinity" not in _pods("s3 and Daily")["parley-retention"]


def test_certificates_are_renewed_by_what_made_them() -> None:
    """The Job runs once for each image; the CronJob goes on where nobody upgrades."""
    found = {
        document["kind"]: document["spec"]
        for document in yaml.safe_load_all(rendered("local"))
        if document and document["metadata"]["name"].startswith("parley-certificates") and "spec" in document
    }
    assert found.keys() == {"Job", "CronJob"}
    assert found["CronJob"]["jobTemplate"]["spec"]["template"] == found["Job"]["template"]
    assert found["CronJob"]["concurrencyPolicy"] == "Forbid"


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
            if document["metadata"]["name"].endswith("-priorities"):
                (rule,) = document["rules"]
                assert (groups, rule["verbs"], rule["resourceNames"]) == ({"scheduling.k8s.io"}, ["get"], ["urgent"])
            else:
                assert groups == {"authentication.k8s.io", "authorization.k8s.io"}, document["metadata"]["name"]


def test_the_api_takes_the_webhooks_networks_and_cas_as_the_chart_gives_them() -> None:
    documents = [document for document in yaml.safe_load_all(rendered("s3 and Daily")) if document]
    variables = _environment("parley-api", documents)
    assert json.loads(variables["PARLEY_WEBHOOK_NETWORKS"]) == ["10.2.0.0/16"]
    pod = _pods("s3 and Daily")["parley-api"]
    (volume,) = [volume["configMap"] for volume in pod["volumes"] if volume["name"] == "webhooks"]
    (mount,) = [mount for mount in pod["containers"][0]["volumeMounts"] if mount["name"] == "webhooks"]
    assert volume["name"] == "company-ca"
    assert variables["PARLEY_WEBHOOK_CA_FILE"] == f"{mount['mountPath']}/{volume['items'][0]['path']}"
    nothing = [document for document in yaml.safe_load_all(rendered("default")) if document]
    assert json.loads(_environment("parley-api", nothing)["PARLEY_WEBHOOK_NETWORKS"]) == []
    assert "PARLEY_WEBHOOK_CA_FILE" not in _environment("parley-api", nothing)


def test_the_operator_takes_the_limits_as_the_chart_gives_them() -> None:
    documents = [document for document in yaml.safe_load_all(rendered("s3 and Daily")) if document]
    capacity = Capacity.model_validate_json(_environment("parley-operator", documents)["PARLEY_CAPACITY"])
    assert (capacity.total, capacity.of("hiring"), capacity.of("sales")) == (50, 20, None)
    unlimited = [document for document in yaml.safe_load_all(rendered("default")) if document]
    assert not Capacity.model_validate_json(_environment("parley-operator", unlimited)["PARLEY_CAPACITY"]).limited


@pytest.mark.parametrize("wrong", ["total=-1", "total=many", "namespaces.hiring=-1", "max=3", "namespaces.Hiring_x=1"])
def test_a_limit_that_is_none_is_refused(wrong: str) -> None:
    done = helm("template", "parley", str(CHART), *REGISTRY, f"--set=operator.capacity.{wrong}")
    assert done.returncode != 0
    assert "/operator/capacity" in done.stderr


def test_two_replicas_of_the_operator_keep_apart() -> None:
    (on_nodes, in_zones) = _pods("s3 and Daily")["parley-operator"]["affinity"]["podAntiAffinity"][
        "preferredDuringSchedulingIgnoredDuringExecution"
    ]
    keys = {term["weight"]: term["podAffinityTerm"]["topologyKey"] for term in (on_nodes, in_zones)}
    assert keys == {100: "kubernetes.io/hostname", 50: "topology.kubernetes.io/zone"}
    assert "affinity" not in _pods("default")["parley-operator"]


def test_a_drain_waits_for_running_interviews_only() -> None:
    """A percentage, or `maxUnavailable`, would have the controller look for a scale that no bot's owner has."""
    (budget,) = [document for document in render("parley") if document["kind"] == "PodDisruptionBudget"]
    spec = budget["spec"]
    assert budget["metadata"]["namespace"] == "parley-bots"
    assert spec["selector"]["matchLabels"] == {LABEL_INSTALLATION: "parley", LABEL_IN_INTERVIEW: "true"}
    assert spec["unhealthyPodEvictionPolicy"] == "AlwaysAllow"
    assert isinstance(spec["minAvailable"], int)
    assert "maxUnavailable" not in spec
    without = render("parley", "bots.podDisruptionBudget.enabled=false")
    assert "PodDisruptionBudget" not in {document["kind"] for document in without}


def test_the_operator_changes_pods_in_the_bots_namespace_only() -> None:
    roles = [document for document in render("parley") if document["kind"] in ("Role", "ClusterRole")]
    for role in roles:
        pods = [rule for rule in role["rules"] if "pods" in rule["resources"]]
        verbs = {verb for rule in pods for verb in rule["verbs"]}
        if verbs & {"create", "patch", "update", "delete"}:
            assert (role["kind"], role["metadata"]["namespace"]) == ("Role", "parley-bots"), role["metadata"]
            assert verbs == {"get", "list", "watch", "create", "patch", "delete"}


def _bot_defaults(*values: str) -> BotDefaults:
    done = helm("template", "parley", str(CHART), *REGISTRY, *values)
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


@pytest.mark.parametrize("keep", [True, False])
def test_the_crds_stay_when_the_release_goes_unless_told_otherwise(keep: bool) -> None:
    """With a CRD all of its objects go: nobody's interviews by an uninstall."""
    documents = render("parley") if keep else render("parley", "crds.keep=false")
    found = {one["metadata"]["name"]: one["metadata"] for one in documents if one["kind"] == "CustomResourceDefinition"}
    assert found.keys() == all_crds().keys()
    for metadata in found.values():
        policy = metadata.get("annotations", {}).get("helm.sh/resource-policy")
        assert policy == ("keep" if keep else None)
