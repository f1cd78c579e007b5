"""Which pods run on Fargate by which profile: namespaces and labels, without AWS, so that the chart's tests can ask.

A pod has to match one selector whole (namespace and every label); decided when it is scheduled.
https://docs.aws.amazon.com/eks/latest/userguide/fargate-profile.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

MOST_SELECTORS = 5
"""Selectors that a profile can have."""


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
    """The three profiles of an installation; no pod matches two."""
    return (
        Profile("system", tuple(Selector(name) for name in system_namespaces)),
        Profile("control-plane", (Selector(namespace, {"app.kubernetes.io/instance": release}),)),
        Profile("bots", (Selector(bots_namespace, {"parley.dev/installation": installation}),)),
    )
