"""CPU and memory of a process and its children, as the kernel counts them."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

from bench.operator.usage import cpu_seconds

_PROC = Path("/proc")
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Memory:
    """In bytes: all that is resident, and with shared pages divided among those that share them."""

    rss: int
    pss: int


def tree(pid: int) -> list[int]:
    """The process and all that descend from it; those that are gone by now are left out."""
    children: dict[int, list[int]] = {}
    for stat in _PROC.glob("[0-9]*/stat"):
        try:
            children.setdefault(parent_of(stat.read_text()), []).append(int(stat.parent.name))
        except OSError:
            continue
    found = [pid]
    for parent in found:
        found += children.get(parent, [])
    return found


def parent_of(stat: str) -> int:
    """The parent's id from /proc/PID/stat; the program's name in it may hold spaces and parentheses."""
    return int(stat.rpartition(")")[2].split()[1])


def cpu_of(pid: int) -> float:
    """CPU seconds that a process and its children have used so far."""
    used = 0.0
    for each in tree(pid):
        try:
            used += cpu_seconds((_PROC / str(each) / "stat").read_text())
        except OSError:
            continue
    return used


def memory_of(pid: int) -> Memory:
    """What a process has in memory now."""
    return parse_rollup((_PROC / str(pid) / "smaps_rollup").read_text())


def parse_rollup(text: str) -> Memory:
    """Rss and Pss of /proc/PID/smaps_rollup."""
    sizes = {line.split(":")[0]: line.split()[1] for line in text.splitlines()[1:]}
    return Memory(int(sizes["Rss"]) * 1024, int(sizes["Pss"]) * 1024)


def busy_of(stat: str) -> float:
    """CPU seconds that all cores have worked so far, from /proc/stat: neither idle nor waiting for a disk."""
    fields = [int(field) for field in stat.splitlines()[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / _TICK


class Cores:
    """How many cores somebody has used on average, since this was made."""

    def __init__(self, pids: dict[str, list[int]]) -> None:
        self._pids = pids
        self._began = time.monotonic()
        self._before = self._now()

    def read(self) -> dict[str, float]:
        """By role; `machine` is everybody."""
        elapsed, now = time.monotonic() - self._began, self._now()
        return {role: (now[role] - self._before[role]) / elapsed for role in now}

    def _now(self) -> dict[str, float]:
        used = {role: sum(cpu_of(pid) for pid in pids) for role, pids in self._pids.items()}
        return used | {"machine": busy_of((_PROC / "stat").read_text())}
