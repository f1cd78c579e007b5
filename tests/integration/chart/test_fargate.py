"""What EKS on Fargate asks of a pod, of every pod that the profile for it makes, the bots included.

https://docs.aws.amazon.com/eks/latest/userguide/fargate.html and fargate-pod-configuration.html, read 2026-11-22.
"""

from typing import Any

import pytest
from parley_crds import BotSettings
from parley_operator.installation import bounds_problem, parse_quantity
from support import chart
from support.bot_pods import bot_of, defaults_of
from support.eks import KEPT_JOBS, profiles_of, settings_of

type Json = dict[str, Any]

PROFILES = {"eks": "one-region", "eks by its handover": "three-regions"}
"""How the chart is installed there, with the example of deploy/eks whose Fargate profiles are then there."""
GIB = 1024**3
OVERHEAD = 256 * 1024**2
SIZES: dict[float, list[float]] = {
    0.25: [0.5, 1, 2],
    0.5: [1, 2, 3, 4],
    1: [*range(2, 9)],
    2: [*range(4, 17)],
    4: [*range(8, 31)],
    8: [*range(16, 61, 4)],
    16: [*range(32, 121, 8)],
}
"""Memory in GiB by vCPU."""
DISK = 20 * GIB
ASKED_BY_TEMPLATES = [
    {},
    {"resources": {"requests": {"cpu": "1", "memory": "1792Mi"}, "limits": {"cpu": "1", "memory": "1792Mi"}}},
    {"resources": {"requests": {"cpu": "2", "memory": "3840Mi"}, "limits": {"cpu": "2", "memory": "3840Mi"}}},
]


def documents(profile: str) -> list[Json]:
    settings = settings_of(PROFILES[profile])
    return chart.documents_of(chart.rendered(profile, settings.namespace, settings.bots_namespace))


def pods(profile: str) -> dict[str, Json]:
    """Every pod, with its namespace among its metadata."""
    made = documents(profile)
    namespace = settings_of(PROFILES[profile]).namespace
    found = {
        name: {"metadata": each["metadata"] | {"namespace": namespace}, "spec": each["spec"]}
        for name, each in chart.pod_templates(made).items()
    }
    for number, asked in enumerate(ASKED_BY_TEMPLATES):
        found[f"bot {number}"] = bot_of(made, BotSettings.model_validate(asked))
    return found


PODS = {(profile, name): pod for profile in PROFILES for name, pod in pods(profile).items()}
every_pod = pytest.mark.parametrize("pod", PODS.values(), ids=[f"{name}, {profile}" for profile, name in PODS])


@pytest.mark.parametrize("profile", PROFILES)
def test_nothing_is_left_out(profile: str) -> None:
    """A kind that makes pods and that this test does not know would go unseen."""
    makers = {"Deployment", "Job", "CronJob", "Pod", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController"}
    kinds = {each["kind"] for each in documents(profile)} & makers
    assert kinds == {"Deployment", "Job", "CronJob"}
    assert "PersistentVolumeClaim" not in {each["kind"] for each in documents(profile)}


@every_pod
def test_it_asks_for_nothing_that_fargate_has_not(pod: Json) -> None:
    spec = pod["spec"]
    assert not any(spec.get(field) for field in ("hostNetwork", "hostPID", "hostIPC", "nodeName"))
    for volume in spec["volumes"]:
        assert volume.keys() <= {"name", "emptyDir", "projected", "configMap", "secret"}, volume
    for container in [*spec["containers"], *spec.get("initContainers", [])]:
        assert not container["securityContext"].get("privileged")
        assert not any("hostPort" in port for port in container.get("ports", []))
        assert not any("nvidia" in amount for amount in container["resources"]["limits"])


@every_pod
def test_it_asks_for_what_it_may_use_and_that_is_a_size(pod: Json) -> None:
    spec = pod["spec"]
    assert not spec.get("initContainers")
    totals = {"cpu": 0.0, "memory": 0.0}
    for container in spec["containers"]:
        requests, limits = container["resources"]["requests"], container["resources"]["limits"]
        for amount in totals:
            assert parse_quantity(str(requests[amount])) == parse_quantity(str(limits[amount])), amount
            totals[amount] += float(parse_quantity(str(requests[amount])))
    memory = (totals["memory"] + OVERHEAD) / GIB
    assert totals["cpu"] in SIZES, "another size would be paid for"
    assert memory in SIZES[totals["cpu"]], "another size would be paid for"


@pytest.mark.parametrize("profile", PROFILES)
def test_what_is_done_is_not_paid_for_until_the_next_one(profile: str) -> None:
    """A finished pod is billed until it is removed. The installation's Job stays: one that Git has is made anew."""
    made = documents(profile)
    repeated = [each["spec"]["jobTemplate"]["spec"] for each in made if each["kind"] == "CronJob"]
    assert [job["ttlSecondsAfterFinished"] for job in repeated] == [3600, 3600]
    kept = [each["spec"] for each in made if each["kind"] == "Job"]
    assert ["ttlSecondsAfterFinished" in job for job in kept] == [False] * KEPT_JOBS


def test_elsewhere_the_last_jobs_stay_to_be_looked_at() -> None:
    made = chart.documents_of(chart.rendered("ha", "parley", "parley-bots"))
    repeated = [each["spec"] for each in made if each["kind"] == "CronJob"]
    assert repeated
    for each in repeated:
        assert "ttlSecondsAfterFinished" not in each["jobTemplate"]["spec"]
        assert each["failedJobsHistoryLimit"] > 0


@every_pod
def test_what_it_writes_fits_its_disk(pod: Json) -> None:
    volumes = pod["spec"]["volumes"]
    sizes = [volume["emptyDir"]["sizeLimit"] for volume in volumes if "emptyDir" in volume]
    assert sum(parse_quantity(size) for size in sizes) < DISK / 2


@pytest.mark.parametrize(("profile", "name"), PODS)
def test_one_profile_selects_it(profile: str, name: str) -> None:
    """By those that deploy/eks makes."""
    metadata = PODS[profile, name]["metadata"]
    selecting = [
        each.name
        for each in profiles_of(settings_of(PROFILES[profile]))
        if each.matches(metadata["namespace"], metadata["labels"])
    ]
    assert selecting == ["bots" if name.startswith("bot ") else "control-plane"]


@every_pod
def test_it_goes_to_no_node_of_its_own_choice(pod: Json) -> None:
    """Fargate makes the node for the pod: a selector or a required affinity would never be met."""
    spec = pod["spec"]
    assert not spec.get("nodeSelector")
    for affinity in spec.get("affinity", {}).values():
        assert "requiredDuringSchedulingIgnoredDuringExecution" not in affinity
    for constraint in spec.get("topologySpreadConstraints", []):
        assert constraint["whenUnsatisfiable"] == "ScheduleAnyway"


@pytest.mark.parametrize("kind", ["requests", "limits"])
def test_a_template_cannot_have_a_bot_that_is_given_less_than_its_limit(kind: str) -> None:
    asked = BotSettings.model_validate({"resources": {kind: {"cpu": "1"}}})
    assert bounds_problem(asked, defaults_of(documents("eks"))) is not None


def test_the_most_that_a_template_may_ask_for_is_a_size() -> None:
    most = defaults_of(documents("eks")).max_resources
    assert most.cpu is not None
    assert most.memory is not None
    assert (float(parse_quantity(most.memory)) + OVERHEAD) / GIB in SIZES[float(parse_quantity(most.cpu))]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ("store.type=folder", "store.type: Fargate mounts no volume"),
        ("api.service.type=NodePort", "api.service.type: Fargate's nodes have no NodePort"),
        ("web.service.type=NodePort", "web.service.type: Fargate's nodes have no NodePort"),
        ("bots.resources.limits.memory=2Gi", "bots.resources: Fargate gives a pod what it requests"),
        ("certificates.resources.requests.cpu=null", "certificates.resources: Fargate gives"),
        ("emulators.nova.enabled=true", "emulators.nova.resources: Fargate gives"),
    ],
)
def test_what_does_not_run_there_is_refused_by_its_name(wrong: str, named: str) -> None:
    extra = ("--set=api.autoscaling.enabled=false,api.replicas=1",) if "folder" in wrong else ()
    done = chart.helm("template", "parley", str(chart.CHART), *chart.PROFILES["eks"], "--set", wrong, *extra)
    assert done.returncode
    assert named in done.stderr
