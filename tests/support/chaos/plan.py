"""Which cases there are, and which of them stand for all in `make test`."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from support.chaos.faults import FAULTS, Fault
from support.chaos.matrix import ALL, TOGETHER, References, Spec
from support.chaos.paths import PATHS

SEED = 4
OUTAGES = 12
"""At how many calls of all paths together each server is ended: it takes half a minute, and every path is struck."""
OUTAGES_ALONE = 3
"""At how many of a path's own calls, where it has an installation of its own and so no part in all."""
PATHS_OF_A_FAULT = 2


def every_case(references: References) -> list[Spec]:
    """The whole matrix, of the paths that were walked: first what can run beside each other."""
    beside = [fault for fault in FAULTS.values() if not fault.serial]
    cases = [spec for fault in beside for spec in _cases_of(fault, references)]
    return cases + [spec for fault in FAULTS.values() if fault.serial for spec in _outages_of(fault, references)]


def _cases_of(fault: Fault, references: References) -> Iterator[Spec]:
    for path, reference in references.items():
        for number in range(1, reference.count(fault) + 1):
            yield Spec(path, fault.name, number)


def _outages_of(fault: Fault, references: References) -> Iterator[Spec]:
    """All paths together, where all were walked, and alone those that have no part in that."""
    if references.keys() >= TOGETHER.keys():
        calls = sum(references[path].count(fault) for path in TOGETHER)
        yield from (Spec(ALL, fault.name, number) for number in _spread(calls, OUTAGES))
    for path in references.keys() - TOGETHER.keys():
        yield from (Spec(path, fault.name, number) for number in _spread(references[path].count(fault), OUTAGES_ALONE))


def _spread(calls: int, points: int) -> list[int]:
    return [1 + calls * point // points for point in range(points)]


def chosen(specs: list[Spec], pattern: str) -> list[Spec]:
    """The cases of this name: `path/fault/number`, where the later parts may be left out and `*` is anything."""
    names = (pattern, f"{pattern}/*") if pattern else ("*",)
    return [spec for spec in specs if any(fnmatchcase(str(spec), name) for name in names)]


def paths_for(pattern: str) -> list[str]:
    """The paths that cases of this name need to be compared with."""
    wanted = pattern.partition("/")[0]
    if not wanted or wanted == ALL:
        return list(PATHS)
    return [path for path in PATHS if fnmatchcase(path, wanted)]


@dataclass(frozen=True)
class Draw:
    """A case of the sample, whose number depends on how many calls there are: `share` of them (0 to 1) come before."""

    path: str
    fault: str
    share: float

    def __str__(self) -> str:
        return f"{self.path}/{self.fault}"

    def spec(self, references: References) -> Spec:
        """The case."""
        paths = TOGETHER if self.path == ALL else [self.path]
        calls = sum(references[path].count(FAULTS[self.fault]) for path in paths)
        return Spec(self.path, self.fault, 1 + int(self.share * calls))


def sample() -> list[Draw]:
    """The same few in every run: each fault on two paths, each path under a fault at least, each server once."""
    chance = random.Random(SEED)
    together = [name for name, fault in FAULTS.items() if not fault.serial]
    dealt: list[str] = []
    while len(dealt) < len(together) * PATHS_OF_A_FAULT:
        dealt += chance.sample(list(PATHS), len(PATHS))
    of_each = [fault for fault in together for _ in range(PATHS_OF_A_FAULT)]
    pairs = list(zip(dealt, of_each, strict=False))
    drawn = [Draw(path, fault, chance.random()) for path, fault in pairs]
    # etcd is away for as long as a bot may take to its goodbye, so where bots end it is chance whether the node's word
    # of that or the operator, whose patience is over, comes first: it is struck before.
    return [*drawn, Draw(ALL, "apiserver-killed", 0.9), Draw(ALL, "etcd-away", 0.1)]
