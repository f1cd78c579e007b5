"""Which pods run on Fargate by which profile: namespaces and labels, without AWS, so that the chart's tests can ask.

A pod has to match one selector whole (namespace and every label); decided when it is scheduled.
https://docs.aws.amazon.com/eks/latest/userguide/fargate-profile.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

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

    Those of the cluster's own programs are `system`, `system-2` and so on, of five namespaces each.
    """
    return (
        *(
            Profile("system" if not start else f"system-{start // MOST_SELECTORS + 1}", tuple(map(Selector, names)))
            for start in range(0, len(system_namespaces), MOST_SELECTORS)
            for names in [system_namespaces[start : start + MOST_SELECTORS]]
        ),
        Profile(OWN[0], (Selector(namespace, {"app.kubernetes.io/instance": release}),)),
        Profile(OWN[1], (Selector(bots_namespace, {"parley.dev/installation": installation}),)),
    )
