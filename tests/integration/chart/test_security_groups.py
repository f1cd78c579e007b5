"""What holds on Fargate in place of NetworkPolicies: each pod is under one SecurityGroupPolicy, with its own group.

It selects pods of its namespace by their labels. Under several a pod has the groups of all, under none the cluster's:
https://docs.aws.amazon.com/eks/latest/userguide/sg-pods-example-deployment.html
"""

from typing import Any

import pytest
from parley_crds import BotSettings
from support import chart, eks
from support.bot_pods import bot_of
from support.chart import GROUPS, Document

type Json = dict[str, Any]

RELEASE, BOTS = "parley", "parley-bots"
OWN = {
    "parley-operator": "operator",
    "parley-api": "api",
    "parley-web": "web",
    "parley-certificates": "jobs",
    "parley-retention": "jobs",
    "bot": "bots",
}
"""Whose groups each pod has, by the pod's name without the hash of its Job."""
ASKED = {
    "eks": {who: [group] for who, group in GROUPS.items()},
    "eks by its handover": eks.GROUPS,
}
"""Which those are, by profile; no two are alike, or they could be swapped unseen."""


def documents(profile: str) -> list[Document]:
    return chart.documents_of(chart.rendered(profile, RELEASE, BOTS))


def policies(profile: str) -> list[Document]:
    return [each for each in documents(profile) if each["kind"] == "SecurityGroupPolicy"]


def pods(profile: str) -> dict[str, Json]:
    """The metadata of every pod, a bot's among them."""
    made = documents(profile)
    found = {name: pod["metadata"] | {"namespace": RELEASE} for name, pod in chart.pod_templates(made).items()}
    return found | {"bot": bot_of(made, BotSettings())["metadata"]}


PODS = {(profile, name): metadata for profile in ASKED for name, metadata in pods(profile).items()}


def selects(policy: Document, namespace: str, labels: dict[str, str]) -> bool:
    """Whether a pod is under the policy.

    Raises:
        AssertionError: the policy selects by what this does not know, and would be judged wrongly.
    """
    spec = policy["spec"]
    assert spec.keys() == {"podSelector", "securityGroups"}
    assert spec["podSelector"].keys() == {"matchExpressions"}
    for expression in spec["podSelector"]["matchExpressions"]:
        assert expression["operator"] == "In"
        if labels.get(expression["key"]) not in expression["values"]:
            return False
    return bool(namespace == policy["metadata"]["namespace"])


def owner(name: str) -> str:
    """Whose groups a pod has."""
    return OWN.get(name) or OWN[name.rpartition("-")[0]]


@pytest.mark.parametrize("profile", ASKED)
def test_every_kind_of_pod_is_asked_about(profile: str) -> None:
    assert {owner(name) for of, name in PODS if of == profile} == {*ASKED[profile]}
    groups = [group for each in ASKED[profile].values() for group in each]
    assert len({*groups}) == len(groups)
    assert len(policies(profile)) == len(ASKED[profile])


@pytest.mark.parametrize(("profile", "name"), PODS)
def test_a_pod_is_under_one_policy_with_its_own_groups(profile: str, name: str) -> None:
    metadata = PODS[profile, name]
    over_it = [each for each in policies(profile) if selects(each, metadata["namespace"], metadata["labels"])]
    assert [each["spec"]["securityGroups"]["groupIds"] for each in over_it] == [ASKED[profile][owner(name)]]


@pytest.mark.parametrize("namespace", [RELEASE, BOTS, "kube-system"])
def test_a_pod_that_is_not_ours_is_under_none(namespace: str) -> None:
    assert not any(selects(policy, namespace, {"app": "neighbour"}) for policy in policies("eks"))
