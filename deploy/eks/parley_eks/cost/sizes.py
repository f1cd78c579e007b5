"""What Fargate makes of a pod's requests: 256 MiB are added for Kubernetes, and the sum is rounded up to a size.

https://docs.aws.amazon.com/eks/latest/userguide/fargate-pod-configuration.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from parley_eks.cost.prices import FARGATE_GB, FARGATE_VCPU

OVERHEAD_GIB = 0.25
SIZES: dict[float, tuple[float, ...]] = {
    0.25: (0.5, 1, 2),
    0.5: (1, 2, 3, 4),
    1: tuple(range(2, 9)),
    2: tuple(range(4, 17)),
    4: tuple(range(8, 31)),
    8: tuple(range(16, 61, 4)),
    16: tuple(range(32, 121, 8)),
}
"""Memory in GiB by vCPU."""


@dataclass(frozen=True)
class Size:
    """A size that Fargate has: vCPU, and memory in GiB, which its prices call GB."""

    vcpu: float
    gib: float

    @property
    def hourly(self) -> float:
        """US dollars an hour, billed by the second, for a minute at least."""
        return self.vcpu * FARGATE_VCPU.usd + self.gib * FARGATE_GB.usd

    def __str__(self) -> str:
        return f"{self.vcpu:g} vCPU, {self.gib:g} GB"


def size_of(requests: Mapping[str, str]) -> Size:
    """The smallest size that holds the requests of a pod, `cpu` and `memory` as Kubernetes writes them.

    Raises:
        ValueError: there is none, or a quantity is written in another way than the chart writes them.
    """
    cpu, memory = _cores(requests["cpu"]), _gib(requests["memory"]) + OVERHEAD_GIB
    for vcpu, amounts in SIZES.items():
        fitting = [gib for gib in amounts if gib >= memory]
        if vcpu >= cpu and fitting:
            return Size(vcpu, fitting[0])
    raise ValueError(f"Fargate has no size for {requests['cpu']} CPU and {requests['memory']} of memory")


def _cores(text: str) -> float:
    return float(text.removesuffix("m")) / 1000 if text.endswith("m") else float(text)


def _gib(text: str) -> float:
    match = re.fullmatch(r"([0-9]+)(Mi|Gi)", text)
    if match is None:
        raise ValueError(f"{text!r} is no amount of Mi or Gi")
    return float(match[1]) / {"Mi": 1024, "Gi": 1}[match[2]]
