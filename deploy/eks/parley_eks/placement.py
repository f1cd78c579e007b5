"""Which pods run on Fargate by which profile: namespaces and labels, without AWS, so that the chart's tests can ask.

A pod has to match one selector whole (namespace and every label); decided when it is scheduled.
https://docs.aws.amazon.com/eks/latest/userguide/fargate-profile.html
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from parley_eks.names import SYSTEM_NAMESPACE

MOST_SELECTORS = 5
"""Selectors that a profile can have."""

OWN = ("control-plane", "bots")
"""The profiles of Parley's own pods: of the release, and of the bots."""


@dataclass(frozen=True)
class Selector:
    """Pods of a namespace that carry every one of the labels."""

    namespace: str
    labels: Mapping[str, str] = field(default_factory=dict)

    def matches(self, namespace: str, labels: Mapping[str, str]) -> bool:
        """Whether a pod is one of them."""
        return namespace == self.namespace and self.labels.items() <= labels.items()


@dataclass(frozen=True)
class Profile:
    """A Fargate profile's name and selectors."""

    name: str
    selectors: tuple[Selector, ...]

    def matches(self, namespace: str, labels: Mapping[str, str]) -> bool:
        """Whether a pod is scheduled by this profile."""
        return any(selector.matches(namespace, labels) for selector in self.selectors)


def profiles(
    *, installation: str, release: str, namespace: str, bots_namespace: str, system_namespaces: Sequence[str]
) -> tuple[Profile, ...]:
    """The profiles of an installation; no pod matches two.

    A profile can't be changed, only be made anew, which CloudFormation does for none that keeps its name; and with the
    old one its pods go. So `kube-system`, where DNS is, has one of its own, and each five of the other namespaces of
    the cluster's own programs have one whose name stands for them.
    """
    others = [name for name in system_namespaces if name != SYSTEM_NAMESPACE]
    fives = [others[start : start + MOST_SELECTORS] for start in range(0, len(others), MOST_SELECTORS)]
    return (
        Profile(SYSTEM_NAMESPACE, (Selector(SYSTEM_NAMESPACE),)),
        *(Profile(f"system-{_digest(names)}", tuple(map(Selector, names))) for names in fives),
        Profile(OWN[0], (Selector(namespace, {"app.kubernetes.io/instance": release}),)),
        Profile(OWN[1], (Selector(bots_namespace, {"parley.dev/installation": installation}),)),
    )


def _digest(namespaces: Sequence[str]) -> str:
    return hashlib.sha256(",".join(namespaces).encode()).hexdigest()[:8]
