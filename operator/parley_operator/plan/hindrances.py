"""Why a pod that is there does not start: Kubernetes says so long before the start deadline, and people are told.

The words are those of the kubelet's waiting containers (pkg/kubelet/images/types.go, pkg/kubelet/container) and of the
scheduler's PodScheduled condition; two that take turns for one cause are one reason here.
"""

from dataclasses import dataclass

from parley_operator.plan.attempts import last_line
from parley_operator.snapshot import Pod

PASSING = {
    "ErrImagePull": "ImagePullFailed",
    "ImagePullBackOff": "ImagePullFailed",
    "RegistryUnavailable": "ImagePullFailed",
    "ImageInspectError": "ImagePullFailed",
    "CreateContainerError": "ContainerNotCreated",
    "RunContainerError": "ContainerNotCreated",
    "Unschedulable": "Unschedulable",
    "SchedulingGated": "Unschedulable",
}
"""What Kubernetes goes on trying: registries, runtimes and nodes come back."""
LASTING = {
    "ErrImageNeverPull": "ImagePullFailed",
    "SignatureValidationFailed": "ImagePullFailed",
    "InvalidImageName": "ImageNotValid",
    "CreateContainerConfigError": "ContainerNotCreated",
}
"""What nobody expects to mend itself: the installation's values have to change."""
REASONS = frozenset({*PASSING.values(), *LASTING.values()})


@dataclass(frozen=True, slots=True)
class Hindrance:
    """What keeps a pod from starting; `lasting`: until somebody mends it."""

    reason: str
    message: str
    lasting: bool


def hindrance_of(pod: Pod) -> Hindrance | None:
    """What keeps this pod from starting, as far as Kubernetes says."""
    reason = LASTING.get(pod.reason) or PASSING.get(pod.reason)
    if reason is None or pod.dead:
        return None
    message = f"{pod.name}: {pod.reason} {last_line(pod.message)}".rstrip()
    return Hindrance(reason, message, lasting=pod.reason in LASTING)
