"""What the doctor makes of what it reads: each thing that can be wrong, and its remedy."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from parley_cli.doctor.facts import API, CA_CONFIG_MAP, DEPLOYMENTS, OPERATOR, SECRETS, Facts, Reading, State
from parley_cli.doctor.finding import Finding, Level
from parley_cli.doctor.findings import evaluate
from parley_cli.doctor.gather import needed_rights
from parley_cli.doctor.lease import fresh
from parley_cli.doctor.stalled import REMEDIES, SHOWN
from parley_crds.crd import all_crds

ABSENT = Reading(State.ABSENT)
GITOPS = Path(__file__).parents[3] / "docs/gitops.md"
HIDDEN = Reading(State.UNKNOWN, why="forbidden")


def found(document: dict[str, Any] | None = None) -> Reading:
    return Reading(State.FOUND, document or {})


def deployment(ready: int = 1, replicas: int = 1, **env: str) -> Reading:
    variables = [{"name": name, "value": value} for name, value in env.items()]
    pod = {"spec": {"containers": [{"env": [*variables, {"name": "PARLEY_LINK_KEY", "valueFrom": {}}]}]}}
    return found({"spec": {"replicas": replicas, "template": pod}, "status": {"readyReplicas": ready}})


def lease(holder: str | None = "parley-operator-0") -> Reading:
    spec = {"holderIdentity": holder, "leaseDurationSeconds": 1, "renewTime": "2026-11-22T12:00:00.000000Z"}
    return found({"spec": {key: value for key, value in spec.items() if value is not None}})


def secret(key: str = "DAILY_API_KEY", part: str = "data") -> Reading:
    """A Secret as it is seen without its content: only who wrote which fields is told."""
    return found({"metadata": {"managedFields": [{"fieldsV1": {f"f:{part}": {".": {}, f"f:{key}": {}}}}]}})


def stalled(name: str, reason: str, kind: str = "Interview") -> dict[str, Any]:
    conditions = [
        {"type": "Accepted", "status": "False", "reason": reason},
        {"type": "Stalled", "status": "True", "reason": reason, "message": f"{reason} it is"},
    ]
    return {"kind": kind, "metadata": {"namespace": "hiring", "name": name}, "status": {"conditions": conditions}}


def listed(*items: dict[str, Any]) -> Reading:
    return found({"items": list(items)})


def with_daily(reading: Reading, default: str = "daily") -> dict[str, Any]:
    operator = deployment(PARLEY_DAILY_SECRET="parley/daily", PARLEY_DEFAULT_ROOM_PROVIDER=default)
    return {"deployments": {**well().deployments, OPERATOR: operator}, "daily": reading}


def well() -> Facts:
    """An installation where nothing is wrong."""
    resources = [{"name": "interviews"}, {"name": "interviews/status"}, {"name": "interviewtemplates"}]
    return Facts(
        installation="parley",
        namespace="hiring",
        everywhere=False,
        bots_namespace="parley-bots",
        username="system:serviceaccount:hiring:reader",
        account="hiring/reader",
        crds={name: found(crd) for name, crd in all_crds().items()},
        served=found({"resources": resources}),
        deployments={name: deployment() for name in DEPLOYMENTS},
        secrets={name: found() for name in SECRETS},
        config_maps={"parley": found(), "parley-bots": found()},
        lease=lease(),
        lease_moves=True,
        daily=ABSENT,
        interviews=listed(),
        templates=listed(),
        bot_account=found(),
        claim=found({"status": {"phase": "Bound"}}),
        storage_classes=found({"items": []}),
        rights=dict.fromkeys(needed_rights("hiring", "parley", "parley-bots", None), True),
    )


def wrong(facts: Facts) -> list[Finding]:
    return [finding for finding in evaluate(facts) if finding.level is not Level.OK]


def test_all_is_well() -> None:
    assert wrong(well()) == []
    assert len(evaluate(well())) > 15


def older() -> dict[str, Reading]:
    crds = {name: found(crd) for name, crd in all_crds().items()}
    crds["interviews.parley.dev"] = found({"spec": {"versions": [{"name": "v1alpha1", "schema": {}}]}})
    return crds


def claim(**spec: str) -> Reading:
    return found({"spec": spec, "status": {"phase": "Pending"}})


@pytest.mark.parametrize(
    ("change", "level", "check", "words"),
    [
        (
            {"served": ABSENT, "crds": dict.fromkeys(all_crds(), ABSENT)},
            Level.ERROR,
            "CRD interviews.",
            "apply --server",
        ),
        ({"crds": dict.fromkeys(all_crds(), HIDDEN)}, Level.UNKNOWN, "CRD interviews.", "can't be seen"),
        ({"crds": older()}, Level.WARNING, "CRD interviews.", "apply this version's CRDs"),
        ({"deployments": {**well().deployments, API: ABSENT}}, Level.ERROR, "Deployment parley-api", "--installation"),
        ({"deployments": {**well().deployments, API: deployment(0)}}, Level.ERROR, "Deployment parley-api", "describe"),
        ({"deployments": {**well().deployments, API: deployment(1, 2)}}, Level.WARNING, "Deployment", "1 of 2 ready"),
        ({"deployments": {**well().deployments, API: deployment(0, 0)}}, Level.ERROR, "Deployment", "scale"),
        ({"deployments": dict.fromkeys(DEPLOYMENTS, HIDDEN)}, Level.UNKNOWN, "Deployment", "forbidden"),
        (
            {"deployments": {**well().deployments, OPERATOR: deployment(PARLEY_WATCH_NAMESPACES='["a"]')}},
            Level.WARNING,
            "Namespace hiring",
            "operator.watchNamespaces",
        ),
        ({"secrets": {"parley-link-key": ABSENT}}, Level.ERROR, "Secret parley/parley-link-key", "cronjob/parley-cert"),
        ({"config_maps": {"parley-bots": ABSENT}}, Level.ERROR, f"ConfigMap parley-bots/{CA_CONFIG_MAP}", "create job"),
        ({"bot_account": ABSENT}, Level.ERROR, "ServiceAccount parley-bots/parley-bot", "helm upgrade"),
        ({"claim": claim(storageClassName="fast")}, Level.ERROR, "PersistentVolumeClaim", "fast is not there"),
        ({"claim": claim()}, Level.ERROR, "PersistentVolumeClaim", "no StorageClass is the default"),
        ({"claim": claim(), "storage_classes": HIDDEN}, Level.ERROR, "PersistentVolumeClaim", "describe pvc"),
        (
            {"lease": ABSENT, "lease_moves": False},
            Level.ERROR,
            "Lease parley/parley-operator",
            "logs deployment/parley-op",
        ),
        ({"lease": lease(None), "lease_moves": False}, Level.ERROR, "Lease", "is held by nobody"),
        (
            {"lease_moves": False},
            Level.ERROR,
            "Lease",
            "parley-operator-0 has not renewed it since 2026-11-22T12:00:00",
        ),
        ({"lease": HIDDEN, "lease_moves": False}, Level.UNKNOWN, "Lease", "forbidden"),
        (with_daily(ABSENT), Level.ERROR, "Secret parley/daily", "rooms.daily.existingSecret"),
        (with_daily(ABSENT, "websocket"), Level.WARNING, "Secret parley/daily", "is not there"),
        (with_daily(secret("daily_api_key")), Level.ERROR, "Secret parley/daily", "has no key DAILY_API_KEY"),
        (with_daily(HIDDEN), Level.UNKNOWN, "Secret parley/daily", "forbidden"),
        (with_daily(found({"metadata": {}})), Level.UNKNOWN, "Secret parley/daily", "describe secret daily"),
        (
            {"interviews": listed(stalled("ada", "ContextNotReadable"))},
            Level.WARNING,
            "Interview hiring/ada",
            "ContextNotReadable: ContextNotReadable it is label it: `kubectl -n hiring label",
        ),
        ({"interviews": listed(stalled("ada", "New"))}, Level.WARNING, "Interview hiring/ada", "describe itv ada"),
        (
            {"templates": listed(stalled("sre", "TemplateNotAllowed", "InterviewTemplate"))},
            Level.WARNING,
            "InterviewTemplate hiring/sre",
            "bots.*",
        ),
        ({"interviews": HIDDEN}, Level.UNKNOWN, "Interviews in namespace hiring", "forbidden"),
        ({"account": None}, Level.WARNING, "Token", "create serviceaccount parley-reader"),
        ({"rights": dict.fromkeys(well().rights, False)}, Level.WARNING, "Right to list interviews", "parley list"),
        ({"rights": dict.fromkeys(well().rights)}, Level.UNKNOWN, "Right to list interviews", "could not be asked"),
    ],
)
def test_what_is_wrong_is_told_with_its_remedy(change: dict[str, Any], level: Level, check: str, words: str) -> None:
    findings = wrong(replace(well(), **change))
    first = findings[0]
    assert (first.level, first.check.startswith(check)) == (level, True), findings
    assert words in f"{first.message} {first.remedy}"
    assert all(finding.remedy for finding in findings if finding.level in (Level.ERROR, Level.WARNING))


@pytest.mark.parametrize("part", ["data", "stringData"])
def test_a_key_of_dailys_is_seen_without_being_read(part: str) -> None:
    facts = replace(well(), **with_daily(secret(part=part)))
    assert wrong(facts) == []
    assert "Secret parley/daily" in {finding.check for finding in evaluate(facts)}


def test_a_lease_of_an_operator_that_is_not_there_is_no_second_fault() -> None:
    facts = replace(well(), deployments={**well().deployments, OPERATOR: ABSENT}, lease=ABSENT, lease_moves=False)
    assert [finding.check for finding in wrong(facts)] == ["Deployment parley-operator"]


@pytest.mark.parametrize(("seconds", "expected"), [(0, True), (1, True), (1.5, False), (-1, True), (-2, False)])
def test_a_lease_is_fresh_for_as_long_as_it_says_by_whichever_clock(seconds: float, expected: bool) -> None:
    now = datetime.fromtimestamp(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp() + seconds, UTC)
    assert fresh(lease().document, now) is expected


def test_of_many_that_are_stalled_some_are_told_and_the_rest_counted() -> None:
    many = [stalled(f"itv-{number}", "RoomKeyRefused") for number in range(SHOWN + 3)]
    many.append(stalled("other", "ContextNotFound"))
    told = wrong(replace(well(), interviews=listed(*many)))
    assert len(told) == SHOWN + 1
    assert told[-1].message == "4 more are stalled: 3 RoomKeyRefused, 1 ContextNotFound"
    assert "parley list -n hiring" in told[-1].remedy


def test_one_that_is_stalled_no_more_is_well() -> None:
    mended = stalled("ada", "ContextNotFound")
    mended["status"]["conditions"][1]["status"] = "False"
    assert wrong(replace(well(), interviews=listed(mended, {"metadata": {"name": "new"}}))) == []


def test_each_reason_that_people_have_to_mend_has_its_remedy() -> None:
    rows = re.findall(r"^\|[^|]+\|[^|]*\| ([^|]+) \| Failed \| Degraded \|$", GITOPS.read_text(), re.MULTILINE)
    assert rows
    assert {reason for row in rows for reason in row.split(", ")} <= REMEDIES.keys()


def test_s3_has_no_claim() -> None:
    assert wrong(replace(well(), claim=ABSENT)) == []


def test_the_right_to_a_token_is_that_of_the_account() -> None:
    from parley_cli.cluster.token import ServiceAccount

    last = needed_rights("hiring", "parley", "parley-bots", ServiceAccount("a", "b"))[-1]
    assert str(last) == "create serviceaccounts/token b in namespace a"


def test_secrets_are_looked_at_without_their_content(run: Any, stub: Any) -> None:
    stub.answer("/apis/authentication.k8s.io/v1/selfsubjectreviews", {"status": {"userInfo": {"username": "ada"}}})
    done = run("doctor")
    assert done.code == 1
    assert "is not in namespace parley" in done.out
    secrets = [asked for asked in stub.asked if "/secrets/" in asked.path]
    assert len(secrets) == len(SECRETS)
    assert all("PartialObjectMetadata" in asked.headers["Accept"] for asked in secrets)
    assert {asked.method for asked in stub.asked if "reviews" not in asked.path} == {"GET"}


def test_a_lease_is_looked_at_again_where_the_clocks_differ(
    run: Any, stub: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parley_cli.doctor.gather.EVERY_SECONDS", 0.0)
    path = "/apis/coordination.k8s.io/v1/namespaces/parley/leases/parley-operator"
    stub.answer("/apis/authentication.k8s.io/v1/selfsubjectreviews", {"status": {"userInfo": {"username": "ada"}}})
    stub.answer("/apis/apps/v1/namespaces/parley/deployments/parley-operator", deployment().document)
    old, renewed = lease().document, lease().document
    stub.answer(
        path,
        {**old, "spec": {**old["spec"], "leaseDurationSeconds": 4}},
        old,
        renewed | {"spec": {**renewed["spec"], "renewTime": "2026-11-22T12:00:02.000000Z"}},
    )
    assert "Lease parley/parley-operator: is held by parley-operator-0, and renewed" in run("doctor", "--all").out
    stub.answer(path, old)
    assert "has not renewed it" in run("doctor").out


def test_the_interviews_of_every_namespace(run: Any, stub: Any) -> None:
    stub.answer("/apis/authentication.k8s.io/v1/selfsubjectreviews", {"status": {"userInfo": {"username": "ada"}}})
    page = {"metadata": {}, "items": [stalled("ada", "TemplateNotFound")]}
    stub.answer("/apis/parley.dev/v1alpha1/interviews", page)
    done = run("doctor", "-A")
    assert "Interview hiring/ada: is stalled: TemplateNotFound" in done.out
    assert "-n hiring" in done.out


def test_nothing_can_be_seen(run: Any, stub: Any) -> None:
    stub.answer("/apis/authentication.k8s.io/v1/selfsubjectreviews", 401)
    done = run("doctor")
    assert (done.code, done.out) == (1, "")
    assert "log in anew" in done.err
