"""The chart: what it renders is valid to kubeconform, and a real API server takes it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from parley_crds.crd import all_crds
from parley_crds.names import LABEL_IN_INTERVIEW, LABEL_INSTALLATION
from parley_operator.capacity import Capacity
from parley_operator.installation import BotDefaults
from support import chart as profiles
from support import json_schemas
from support.chart import CHART, PROFILES, REGISTRY, documents_of, helm, render
from support.control_plane import ControlPlane
from support.processes import tool

type Document = dict[str, Any]

# Names of their own: other tests put pods into the product's.
RELEASE, BOTS = "chart-parley", "chart-bots"


def rendered(profile: str) -> str:
    return profiles.rendered(profile, RELEASE, BOTS)


@pytest.fixture(scope="session")
def schemas(control_plane: ControlPlane, peers: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
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


@pytest.mark.parametrize("program", ["parley-operator", "parley-api", "parley-retention"])
def test_dailys_key_is_a_file_that_follows_its_secret(program: str) -> None:
    """A variable, or a single file (subPath), would keep a key that was refused until somebody restarts the pod."""
    pod = _pods("s3 and Daily")[program]
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
        ("bots.image.digest=sha256:0123", "/bots/image/digest"),
        (f"image.tag=v2,api.image.digest=sha256:{'0' * 64}", "image.tag: api.image.digest is set, too"),
        ("platform=ecs", "/platform"),
        ("ingress.enabled=true", "an Ingress needs the host that browsers reach"),
        ("api.autoscaling.enabled=true", "api.autoscaling.enabled: the folder store takes one replica"),
        ("web.autoscaling.minReplicas=11", "web.autoscaling.minReplicas: 11 is more than maxReplicas (10)"),
        ("securityGroups.bots={bots}", "/securityGroups/bots/0"),
        ("networkPolicies.botNetworks={10.0.0.1}", "/networkPolicies/botNetworks/0"),
        ("networkPolicies.dns=[]", "/networkPolicies/dns"),
        ("test.namespace=elsewhere,operator.watchNamespaces={hiring}", "test.namespace: it must be one of"),
    ],
)
def test_a_wrong_value_is_refused_by_its_name(wrong: str, named: str) -> None:
    done = helm("template", "parley", str(CHART), *REGISTRY, "--set", wrong)
    assert done.returncode
    assert named in done.stderr


def test_a_published_release_runs_by_digest_everywhere(tmp_path: Path) -> None:
    """`make publish` writes such values: what a registry has under a tag does not decide what runs."""
    digests = {name: f"sha256:{number:064x}" for number, name in enumerate(("operator", "api", "web", "bot"))}
    written = tmp_path / "images.yaml"
    command = [sys.executable, str(CHART.parents[1] / "cluster/lib/release.py"), "registry.example/parley"]
    words = [f"{name}=v1.2.0@{digest}" for name, digest in digests.items()]
    written.write_text(subprocess.run([*command, *words], capture_output=True, text=True, check=True).stdout)
    done = helm("template", "parley", str(CHART), "-f", str(written))
    assert not done.returncode, done.stderr
    documents = documents_of(done.stdout)
    used = {c["image"] for t in profiles.pod_templates(documents).values() for c in t["spec"]["containers"]}
    (defaults,) = [d for d in documents if d["metadata"]["name"] == "parley-bot-defaults"]
    bot = json.loads(defaults["data"]["defaults.json"])["image"]
    assert used | {bot} == {f"registry.example/parley/{name}@{digest}" for name, digest in digests.items()}


def _pods(profile: str) -> dict[str, Document]:
    """The specs of the pods that a profile makes, by the name of what makes them."""
    documents = documents_of(rendered(profile))
    return {name: template["spec"] for name, template in profiles.pod_templates(documents).items()}


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
    documents = documents_of(rendered("default"))
    (api,) = [d for d in documents if d["kind"] == "Deployment" and d["metadata"]["name"] == "parley-api"]
    assert term["labelSelector"]["matchLabels"] == api["spec"]["template"]["metadata"]["labels"]
    assert "affinity" not in _pods("s3 and Daily")["parley-retention"]


def test_certificates_are_renewed_by_what_made_them() -> None:
    """The Job runs once for each image; the CronJob goes on where nobody upgrades."""
    found = {
        document["kind"]: document["spec"]
        for document in documents_of(rendered("local"))
        if document and document["metadata"]["name"].startswith("parley-certificates") and "spec" in document
    }
    assert found.keys() == {"Job", "CronJob"}
    assert found["CronJob"]["jobTemplate"]["spec"]["template"] == found["Job"]["template"]
    assert found["CronJob"]["concurrencyPolicy"] == "Forbid"


def _environment(deployment: str, documents: list[Document]) -> dict[str, str]:
    (found,) = [item for item in documents if item["kind"] == "Deployment" and item["metadata"]["name"] == deployment]
    variables = found["spec"]["template"]["spec"]["containers"][0]["env"]
    return {entry["name"]: entry.get("value", "") for entry in variables}


@pytest.mark.parametrize("profile", PROFILES)
def test_operator_and_api_sign_links_by_the_same_secret(profile: str) -> None:
    """What External Secrets or the certificates' Job makes; by another the API would open no link of the operator."""
    for program in ("parley-operator", "parley-api"):
        (container,) = _pods(profile)[program]["containers"]
        (entry,) = [each for each in container["env"] if each["name"] == "PARLEY_LINK_KEY"]
        assert entry == {
            "name": "PARLEY_LINK_KEY",
            "valueFrom": {"secretKeyRef": {"name": "parley-link-key", "key": "key"}},
        }


def test_the_links_key_is_made_where_nobody_else_brings_it() -> None:
    """Two owners would change it under links that are out: by External Secrets the Job keeps off it."""
    for profile, made in (("default", True), ("eks by its handover", False)):
        documents = documents_of(rendered(profile))
        for kind in ("Job", "CronJob"):
            (job,) = [
                one
                for one in documents
                if one["kind"] == kind and one["metadata"]["name"].startswith("parley-certificates")
            ]
            spec = job["spec"] if kind == "Job" else job["spec"]["jobTemplate"]["spec"]
            (container,) = spec["template"]["spec"]["containers"]
            told = {entry["name"]: entry.get("value") for entry in container["env"]}
            assert told.get("PARLEY_LINK_KEY_SECRET") == ("parley-link-key" if made else None)
        roles = [one for one in documents if one["kind"] == "Role"]
        rights = [one["rules"] for one in roles if one["metadata"]["name"] == "parley-certificates"]
        assert ("parley-link-key" in json.dumps(rights)) is made


def test_operator_and_api_watch_the_same_namespaces_and_have_rights_nowhere_else() -> None:
    documents = documents_of(rendered("s3 and Daily"))
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
    documents = documents_of(rendered("s3 and Daily"))
    variables = _environment("parley-api", documents)
    assert json.loads(variables["PARLEY_WEBHOOK_NETWORKS"]) == ["10.2.0.0/16"]
    pod = _pods("s3 and Daily")["parley-api"]
    (volume,) = [volume["configMap"] for volume in pod["volumes"] if volume["name"] == "webhooks"]
    (mount,) = [mount for mount in pod["containers"][0]["volumeMounts"] if mount["name"] == "webhooks"]
    assert volume["name"] == "company-ca"
    assert variables["PARLEY_WEBHOOK_CA_FILE"] == f"{mount['mountPath']}/{volume['items'][0]['path']}"
    nothing = documents_of(rendered("default"))
    assert json.loads(_environment("parley-api", nothing)["PARLEY_WEBHOOK_NETWORKS"]) == []
    assert "PARLEY_WEBHOOK_CA_FILE" not in _environment("parley-api", nothing)


def test_the_operator_takes_the_limits_as_the_chart_gives_them() -> None:
    documents = documents_of(rendered("s3 and Daily"))
    capacity = Capacity.model_validate_json(_environment("parley-operator", documents)["PARLEY_CAPACITY"])
    assert (capacity.total, capacity.of("hiring"), capacity.of("sales")) == (50, 20, None)
    unlimited = documents_of(rendered("default"))
    assert not Capacity.model_validate_json(_environment("parley-operator", unlimited)["PARLEY_CAPACITY"]).limited


@pytest.mark.parametrize("wrong", ["total=-1", "total=many", "namespaces.hiring=-1", "max=3", "namespaces.Hiring_x=1"])
def test_a_limit_that_is_none_is_refused(wrong: str) -> None:
    done = helm("template", "parley", str(CHART), *REGISTRY, f"--set=operator.capacity.{wrong}")
    assert done.returncode != 0
    assert "/operator/capacity" in done.stderr


@pytest.mark.parametrize("program", ["parley-operator", "parley-api", "parley-web"])
def test_replicas_keep_apart(program: str) -> None:
    pod = _pods("ha")[program]
    constraints = pod["topologySpreadConstraints"]
    keys = [each["topologyKey"] for each in constraints]
    assert keys == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
    for each in constraints:
        assert each["labelSelector"]["matchLabels"]["app.kubernetes.io/name"] == program
    assert "topologySpreadConstraints" not in _pods("default")[program]


def _budgets(profile: str) -> dict[str, Document]:
    documents = documents_of(rendered(profile))
    return {one["metadata"]["name"]: one["spec"] for one in documents if one["kind"] == "PodDisruptionBudget"}


def test_a_drain_takes_one_replica_at_a_time_and_waits_for_no_single_one() -> None:
    budgets = _budgets("ha")
    for program in ("parley-operator", "parley-api", "parley-web"):
        assert budgets[program]["maxUnavailable"] == 1
        assert budgets[program]["selector"]["matchLabels"]["app.kubernetes.io/name"] == program
    assert _budgets("default").keys() == {"parley-running-interviews"}


def _scalers(profile: str) -> dict[str, Document]:
    documents = documents_of(rendered(profile))
    kinds = ("HorizontalPodAutoscaler", "ScaledObject")
    return {one["metadata"]["name"]: one for one in documents if one["kind"] in kinds}


def test_who_is_scaled_has_no_number_of_replicas_that_an_upgrade_would_go_back_to() -> None:
    documents = documents_of(rendered("ha"))
    deployments = {one["metadata"]["name"]: one["spec"] for one in documents if one["kind"] == "Deployment"}
    for name, scaler in _scalers("ha").items():
        assert scaler["spec"]["scaleTargetRef"]["name"] == name
        assert "replicas" not in deployments[name]
    assert _scalers("ha").keys() == {"parley-api", "parley-web"}
    assert not _scalers("default")


def test_connections_scale_by_keda_or_by_an_adapter() -> None:
    api, web = _scalers("everything")["parley-api"], _scalers("everything")["parley-web"]
    assert (api["kind"], [each["type"] for each in api["spec"]["triggers"]]) == (
        "ScaledObject",
        ["cpu", "aws-cloudwatch"],
    )
    kinds = [each["type"] for each in web["spec"]["metrics"]]
    assert (web["kind"], kinds) == ("HorizontalPodAutoscaler", ["Resource", "External"])


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
