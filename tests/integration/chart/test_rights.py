"""What each service account of the chart may do on a real API server: all of it, and tries at what it must not."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support import chart
from support.control_plane import ControlPlane

type Json = dict[str, Any]

ELSEWHERE, ANYWHERE = "rights-elsewhere", "*"
# What operator and API do where interviews live.
OPERATORS = {
    "get,list,watch parley.dev/interviews",
    "get,list,watch parley.dev/interviewtemplates",
    "delete,patch parley.dev/interviews",
    "patch parley.dev/interviews/status",
    "patch parley.dev/interviewtemplates/status",
    "create,delete,get,list,patch apps/controllerrevisions",
    "create,delete,get,patch /secrets",
    "get /configmaps",
    "create events.k8s.io/events",
}
APIS = {
    "create,get,list,patch,watch parley.dev/interviews",
    "patch parley.dev/interviews/status",
    "get apps/controllerrevisions",
}
ASKING = {"create authentication.k8s.io/tokenreviews", "create authorization.k8s.io/subjectaccessreviews"}


@dataclass(frozen=True)
class Case:
    """An installation, what each of its accounts may do, and at what each is refused."""

    profile: str
    release: str
    bots: str
    hiring: str
    """Where interviews live, or one such namespace."""
    may: dict[str, dict[str, set[str]]]
    """By account and namespace: verbs of group/resource, with the names that they are bound to."""
    must_not: dict[str, list[tuple[str, ...]]]


def rights_of(release: str, bots: str, hiring: str, *, everywhere: bool) -> dict[str, dict[str, set[str]]]:
    """What the accounts of every installation may do.

    Args:
        release: its namespace.
        bots: its bots' namespace.
        hiring: a namespace in which interviews live.
        everywhere: whether they may live in any.
    """
    where = ANYWHERE if everywhere else hiring
    return {
        f"{release}/parley-operator": {
            release: {"create coordination.k8s.io/leases", "get,update coordination.k8s.io/leases parley-operator"},
            bots: {
                "create,delete,get,list,patch,watch /pods",
                "create,delete,get,list,update /secrets",
                "update /secrets/finalizers",
            },
            where: OPERATORS,
        },
        f"{release}/parley-api": {
            bots: {"get /pods", "get /secrets"},
            **({ANYWHERE: APIS | ASKING} if everywhere else {hiring: APIS, ANYWHERE: ASKING}),
        },
        f"{release}/parley-certificates": {
            release: {
                "create /secrets",
                "create /configmaps",
                "get,patch /secrets parley-api-tls,parley-internal-ca,parley-link-key",
                "get,patch /configmaps parley-internal-ca",
            },
            bots: {"create /configmaps", "get,patch /configmaps parley-internal-ca"},
        },
        f"{release}/parley-web": {},
        f"{release}/parley-retention": {},
        f"{bots}/parley-bot": {},
    }


def refused_of(release: str, bots: str, hiring: str) -> dict[str, list[tuple[str, ...]]]:
    """What is tried in vain by the accounts of every installation: kubectl's words."""
    return {
        f"{release}/parley-operator": [
            ("get", "secrets", "-n", hiring),  # a list: only those that it knows by name
            ("delete", "interviewtemplate", "engineer", "-n", hiring),
            ("create", "deployment", "x", "--image=x", "-n", bots),
            ("delete", "pod", "x", "-n", hiring),
            ("create", "token", "parley-api", "-n", release),
            ("get", "nodes"),
        ],
        f"{release}/parley-api": [
            ("get", "secret", "anything", "-n", hiring),
            ("get", "secrets", "-n", bots),
            ("get", "secret", "parley-internal-ca", "-n", release),
            ("delete", "pod", "bot", "-n", bots),
            ("delete", "interview", "jane", "-n", hiring),
            ("create", "token", "parley-operator", "-n", release),
        ],
        f"{release}/parley-certificates": [
            ("get", "secrets", "-n", release),
            ("get", "secret", "daily", "-n", release),
            ("get", "secret", "inputs", "-n", bots),
            ("delete", "secret", "parley-link-key", "-n", release),
            ("get", "pods", "-n", bots),
        ],
        f"{release}/parley-web": [("get", "pods", "-n", release)],
        f"{release}/parley-retention": [
            ("get", "interviews", "-n", hiring),
            ("get", "secret", "parley-link-key", "-n", release),
        ],
        f"{bots}/parley-bot": [
            ("get", "pods", "-n", bots),
            ("get", "secrets", "-n", bots),
            ("get", "configmap", "parley-internal-ca", "-n", bots),
            ("get", "interviews", "-n", hiring),
            ("create", "token", "parley-bot", "-n", bots),
        ],
    }


def case(profile: str, release: str, bots: str, hiring: str, *, everywhere: bool) -> Case:
    """What holds of every installation, of this one."""
    may = rights_of(release, bots, hiring, everywhere=everywhere)
    return Case(profile, release, bots, hiring, may, refused_of(release, bots, hiring))


def one_namespace() -> Case:
    """An installation that serves one namespace."""
    made = case("eks", "rights-parley", "rights-bots", "chart-hiring", everywhere=False)
    # The links' key is External Secrets' there.
    certificates = made.may["rights-parley/parley-certificates"]["rights-parley"]
    certificates.remove("get,patch /secrets parley-api-tls,parley-internal-ca,parley-link-key")
    certificates.add("get,patch /secrets parley-api-tls,parley-internal-ca")
    of_the_key = ("get", "secret", "parley-link-key", "-n", "rights-parley")
    made.must_not["rights-parley/parley-certificates"].append(of_the_key)
    made.must_not["rights-parley/parley-operator"] += [
        of_the_key,
        ("get", "secrets", "-n", ELSEWHERE),
        ("patch", "interview", "jane", "-n", ELSEWHERE, "--type=merge", "-p", "{}"),
    ]
    made.must_not["rights-parley/parley-api"].append(("get", "interviews", "-n", ELSEWHERE))
    return made


def every_namespace() -> Case:
    """An installation that serves every namespace, with the emulators and the account of `helm test`."""
    release = "rights-all"
    made = case("everything", release, "rights-all-bots", "rights-hiring", everywhere=True)
    certificates = made.may[f"{release}/parley-certificates"][release]
    certificates.remove("get,patch /secrets parley-api-tls,parley-internal-ca,parley-link-key")
    certificates.add("get,patch /secrets parley-api-tls,parley-internal-ca,parley-link-key,parley-nova-tls")
    operator = made.may[f"{release}/parley-operator"]
    operator[ANYWHERE] = OPERATORS | {"get scheduling.k8s.io/priorityclasses urgent"}
    test = f"{release}/parley-test"
    made.may[test] = {
        release: {
            "create,get parley.dev/interviews",
            "get parley.dev/interviews/link",
            "get parley.dev/interviews/transcript",
        }
    }
    made.must_not[test] = [
        ("get", "interviews", "-n", release),  # a list: only the one that it has made
        ("get", "interview", "jane", "-n", made.hiring),
        ("delete", "interview", "jane", "-n", release),
        ("get", "interviewtemplates", "-n", release),
        ("get", "secret", "parley-link-key", "-n", release),
        ("get", "pods", "-n", release),
        ("create", "token", "parley-operator", "-n", release),
    ]
    return made


CASES = {"one namespace": one_namespace(), "every namespace": every_namespace()}
ACCOUNTS = [(name, account) for name, each in CASES.items() for account in each.may]


@pytest.fixture(scope="module")
def plane(control_plane: ControlPlane, crds: None) -> ControlPlane:
    """The accounts and the rights of both installations."""
    kinds = {"ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"}
    for each in CASES.values():
        text = chart.rendered(each.profile, each.release, each.bots)
        items = [document for document in chart.documents_of(text) if document["kind"] in kinds]
        for name in (each.release, each.bots, each.hiring, ELSEWHERE):
            control_plane.kubectl("create", "namespace", name, check=False)
        body = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
        control_plane.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=body)
        made = [document["metadata"] for document in items if document["kind"] == "ServiceAccount"]
        accounts = {f"{metadata['namespace']}/{metadata['name']}" for metadata in made}
        assert accounts == {*each.may} == {*each.must_not}, "each account of the chart is asked about"
    return control_plane


def listed(plane: ControlPlane, account: Path, namespace: str) -> set[str]:
    """All that the holder may do there, as the API server lists it."""
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": namespace},
    }
    done = plane.kubectl(
        f"--kubeconfig={account}", "create", "--validate=false", "-f", "-", "-o", "json", stdin=json.dumps(review)
    )
    rules = json.loads(done.stdout)["status"]["resourceRules"]
    return {
        " ".join(filter(None, [",".join(sorted(rule["verbs"])), f"{group}/{resource}", _names(rule)]))
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }


def _names(rule: Json) -> str:
    return ",".join(sorted(rule.get("resourceNames", [])))


def holder(plane: ControlPlane, account: str) -> Path:
    """A kubeconfig with the account's token."""
    namespace, name = account.split("/")
    return plane.kubeconfig_of(plane.kubectl("create", "token", name, "-n", namespace).stdout.strip())


@pytest.mark.parametrize(("name", "account"), ACCOUNTS)
def test_an_account_may_do_what_it_needs_and_nothing_else(name: str, account: str, plane: ControlPlane) -> None:
    where, may = CASES[name], CASES[name].may[account]
    plane.kubectl("create", "serviceaccount", "nobody", "-n", ELSEWHERE, check=False)
    anybody = listed(plane, holder(plane, f"{ELSEWHERE}/nobody"), ELSEWHERE)
    own = holder(plane, account)
    for namespace in (where.release, where.bots, where.hiring, ELSEWHERE, "kube-system"):
        wanted = may.get(namespace, set()) | may.get(ANYWHERE, set())
        assert listed(plane, own, namespace) - anybody == wanted, namespace


@pytest.mark.parametrize(("name", "account"), ACCOUNTS)
def test_what_an_account_must_not_do_is_refused(name: str, account: str, plane: ControlPlane) -> None:
    own = holder(plane, account)
    for words in CASES[name].must_not[account]:
        done = plane.kubectl(f"--kubeconfig={own}", *words, check=False)
        assert done.returncode, words
        assert "forbidden" in done.stderr.lower(), (words, done.stderr)
