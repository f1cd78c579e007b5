"""What the doctor makes of what it reads: each thing that can be wrong, and its remedy."""

from dataclasses import replace
from typing import Any

import pytest
from parley_cli.doctor.facts import API, CA_CONFIG_MAP, DEPLOYMENTS, OPERATOR, SECRETS, Facts, Reading, State
from parley_cli.doctor.findings import Finding, Level, evaluate
from parley_cli.doctor.gather import needed_rights
from parley_crds.crd import all_crds

ABSENT = Reading(State.ABSENT)
HIDDEN = Reading(State.UNKNOWN, why="forbidden")


def found(document: dict[str, Any] | None = None) -> Reading:
    return Reading(State.FOUND, document or {})


def deployment(ready: int = 1, replicas: int = 1, **env: str) -> Reading:
    variables = [{"name": name, "value": value} for name, value in env.items()]
    pod = {"spec": {"containers": [{"env": [*variables, {"name": "PARLEY_LINK_KEY", "valueFrom": {}}]}]}}
    return found({"spec": {"replicas": replicas, "template": pod}, "status": {"readyReplicas": ready}})


def well() -> Facts:
    """An installation where nothing is wrong."""
    resources = [{"name": "interviews"}, {"name": "interviews/status"}, {"name": "interviewtemplates"}]
    return Facts(
        installation="parley",
        namespace="hiring",
        bots_namespace="parley-bots",
        username="system:serviceaccount:hiring:reader",
        account="hiring/reader",
        crds={name: found(crd) for name, crd in all_crds().items()},
        served=found({"resources": resources}),
        deployments={name: deployment() for name in DEPLOYMENTS},
        secrets={name: found() for name in SECRETS},
        config_maps={"parley": found(), "parley-bots": found()},
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


def test_nothing_can_be_seen(run: Any, stub: Any) -> None:
    stub.answer("/apis/authentication.k8s.io/v1/selfsubjectreviews", 401)
    done = run("doctor")
    assert (done.code, done.out) == (1, "")
    assert "log in anew" in done.err
