"""What the readings mean: for each check a finding, and for what is wrong how to mend it. Pure."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from parley_crds import API_VERSION, VERSION
from parley_crds.crd import all_crds

from parley_cli.cluster.token import VARIABLE, recipe
from parley_cli.doctor.daily import daily_findings
from parley_cli.doctor.facts import (
    BOT_ACCOUNT,
    CA_CONFIG_MAP,
    CLAIM,
    OPERATOR,
    Facts,
    State,
    environment,
)
from parley_cli.doctor.finding import Finding, Level, unknown
from parley_cli.doctor.lease import lease_findings
from parley_cli.doctor.stalled import stalled_findings

_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


def evaluate(facts: Facts) -> list[Finding]:
    """Every check, in the order in which one would mend."""
    return [
        *_resources(facts),
        *_deployments(facts),
        *lease_findings(facts),
        *_served_namespace(facts),
        *_certificates(facts),
        *daily_findings(facts),
        *_bots(facts),
        *_storage(facts),
        *stalled_findings(facts),
        *_token(facts),
        *_rights(facts),
    ]


def _resources(facts: Facts) -> Iterator[Finding]:
    served = {each.get("name") for each in facts.served.document.get("resources") or []}
    for name, wanted in all_crds().items():
        plural = name.partition(".")[0]
        check = f"CRD {name}"
        there = facts.crds[name]
        if plural not in served and facts.served.state is not State.UNKNOWN:
            yield Finding(
                Level.ERROR,
                check,
                f"{API_VERSION} {plural} are not served",
                "install them: `helm upgrade --install parley charts/parley` with crds.install, or `kubectl apply"
                f" --server-side -f charts/parley/files/crds/{name}.yaml`",
            )
        elif there.state is State.UNKNOWN:
            yield Finding(Level.UNKNOWN, check, f"served; whether of this version can't be seen ({there.why})")
        elif _schema(there.document) != _schema(wanted):
            yield Finding(
                Level.WARNING,
                check,
                "is of another version than this command line: fields may be refused or missing",
                "use the command line of the installation's version, or apply this version's CRDs: `kubectl apply"
                f" --server-side -f charts/parley/files/crds/{name}.yaml`",
            )
        else:
            yield Finding(Level.OK, check, "there, and of this version")


def _schema(crd: Mapping[str, Any]) -> str | None:
    """The schema of the version that is spoken here, in a form to compare."""
    for version in (crd.get("spec") or {}).get("versions") or []:
        if version.get("name") == VERSION:
            return json.dumps(_numbers_alike(version.get("schema")), sort_keys=True)
    return None


def _numbers_alike(value: Any) -> Any:
    """The value with 1 for 1.0, which the API server does not tell apart."""
    if isinstance(value, Mapping):
        return {key: _numbers_alike(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_numbers_alike(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _deployments(facts: Facts) -> Iterator[Finding]:
    for name, reading in facts.deployments.items():
        check = f"Deployment {name}"
        if reading.state is State.UNKNOWN:
            yield unknown(check, reading)
            continue
        if reading.state is State.ABSENT:
            yield Finding(
                Level.ERROR,
                check,
                f"is not in namespace {facts.installation}",
                "where Parley is installed elsewhere, name its namespace by --installation; else `helm upgrade"
                f" --install parley charts/parley -n {facts.installation} --create-namespace`",
            )
            continue
        wanted = int((reading.document.get("spec") or {}).get("replicas", 1))
        ready = int((reading.document.get("status") or {}).get("readyReplicas") or 0)
        if wanted == 0:
            remedy = f"`kubectl -n {facts.installation} scale deployment/{name} --replicas=1`"
            yield Finding(Level.ERROR, check, "is scaled to nothing", remedy)
        elif ready < wanted:
            remedy = (
                f"look why: `kubectl -n {facts.installation} describe pods -l app.kubernetes.io/name={name}` and"
                f" `kubectl -n {facts.installation} logs deployment/{name}` (its last line names a missing setting)"
            )
            yield Finding(Level.ERROR if ready == 0 else Level.WARNING, check, f"{ready} of {wanted} ready", remedy)
        else:
            yield Finding(Level.OK, check, f"{ready} of {wanted} ready")


def _served_namespace(facts: Facts) -> Iterator[Finding]:
    operator = facts.deployments[OPERATOR]
    check = f"Namespace {facts.namespace}"
    if operator.state is not State.FOUND:
        return
    watched = _names(environment(operator).get("PARLEY_WATCH_NAMESPACES", "[]"))
    if watched and facts.namespace not in watched:
        yield Finding(
            Level.WARNING,
            check,
            f"is not served: the installation serves {', '.join(watched)}",
            "use -n with one of these, or add this one to operator.watchNamespaces in the chart's values",
        )
    else:
        yield Finding(Level.OK, check, "is served" if watched else "is served, as every namespace is")


def _names(text: str) -> list[str]:
    try:
        names = json.loads(text)
    except ValueError:
        return []
    return [str(name) for name in names] if isinstance(names, list) else []


def _certificates(facts: Facts) -> Iterator[Finding]:
    remedy = (
        f"`kubectl -n {facts.installation} delete job parley-certificates-now --ignore-not-found` and then"
        f" `kubectl -n {facts.installation} create job --from=cronjob/parley-certificates parley-certificates-now` make"
        " what is missing and leave what is there; External Secrets brings the links' key if links.makeKey is false"
    )
    readings = {f"Secret {facts.installation}/{name}": reading for name, reading in facts.secrets.items()}
    readings |= {f"ConfigMap {where}/{CA_CONFIG_MAP}": reading for where, reading in facts.config_maps.items()}
    for check, reading in readings.items():
        if reading.state is State.UNKNOWN:
            yield unknown(check, reading)
        elif reading.state is State.ABSENT:
            yield Finding(Level.ERROR, check, "is not there", remedy)
        else:
            yield Finding(Level.OK, check, "is there")


def _bots(facts: Facts) -> Iterator[Finding]:
    check, reading = f"ServiceAccount {facts.bots_namespace}/{BOT_ACCOUNT}", facts.bot_account
    if reading.state is State.UNKNOWN:
        yield unknown(check, reading)
    elif reading.state is State.ABSENT:
        remedy = "the chart makes it, and the namespace with bots.createNamespace: `helm upgrade` the release"
        yield Finding(Level.ERROR, check, "is not there: no bot can be started", remedy)
    else:
        yield Finding(Level.OK, check, "is there")


def _storage(facts: Facts) -> Iterator[Finding]:
    """The folder store's claim; where the store is S3 there is none, and nothing to say."""
    claim, check = facts.claim, f"PersistentVolumeClaim {facts.installation}/{CLAIM}"
    if claim.state is State.UNKNOWN:
        yield unknown(check, claim)
        return
    if claim.state is State.ABSENT:
        return
    phase = (claim.document.get("status") or {}).get("phase")
    if phase == "Bound":
        yield Finding(Level.OK, check, "is bound")
        return
    yield Finding(Level.ERROR, check, f"is {phase or 'new'}: transcripts have no place", _claim_remedy(facts))


def _claim_remedy(facts: Facts) -> str:
    wanted = (facts.claim.document.get("spec") or {}).get("storageClassName")
    classes = facts.storage_classes.document.get("items") or []
    names = [each["metadata"]["name"] for each in classes]
    if facts.storage_classes.state is State.FOUND:
        if wanted and wanted not in names:
            known = ", ".join(names) or "there is none"
            return f"its StorageClass {wanted} is not there: set store.folder.storageClass to one that is ({known})"
        default = any((each["metadata"].get("annotations") or {}).get(_DEFAULT_CLASS) == "true" for each in classes)
        if not wanted and not default:
            return "no StorageClass is the default: set store.folder.storageClass, or store.type to s3"
    return f"look why: `kubectl -n {facts.installation} describe pvc {CLAIM}`"


def _token(facts: Facts) -> Iterator[Finding]:
    if facts.account is None:
        yield Finding(
            Level.WARNING,
            "Token for Parley's API",
            f"{facts.username} is no service account: no transcripts, and no turns in `parley watch`",
            f"name one by --service-account NAMESPACE/NAME or {VARIABLE}. To make one:"
            f" {recipe(facts.namespace, facts.username)}",
        )
    else:
        yield Finding(Level.OK, "Token for Parley's API", f"is made for the service account {facts.account}")


def _rights(facts: Facts) -> Iterator[Finding]:
    for right, granted in facts.rights.items():
        check = f"Right to {right}"
        if granted is None:
            yield Finding(Level.UNKNOWN, check, "could not be asked for")
        elif granted:
            yield Finding(Level.OK, check, "is granted")
        else:
            remedy = f"have a Role in namespace {right.namespace} grant {facts.username} to {right.verb} it"
            yield Finding(Level.WARNING, check, f"is missing: {right.purpose} will be refused", remedy)
