"""What a process used, as the kernel counts it."""

import os
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_RESET_PEAK = "5"  # proc(5), clear_refs


@dataclass(frozen=True)
class Usage:
    """CPU seconds, and the most memory that was resident at once, in bytes."""

    cpu: float
    peak: int


class Meter:
    """Counts from when it was made."""

    def __init__(self, pid: int) -> None:
        self._proc = Path(f"/proc/{pid}")
        (self._proc / "clear_refs").write_text(_RESET_PEAK)
        self._before = cpu_seconds((self._proc / "stat").read_text())

    def read(self) -> Usage:
        """What the process, all its threads included, has used since."""
        cpu = cpu_seconds((self._proc / "stat").read_text()) - self._before
        return Usage(cpu, peak_bytes((self._proc / "status").read_text()))


def cpu_seconds(stat: str) -> float:
    """User and system time from /proc/PID/stat; the program's name in it may hold spaces and parentheses."""
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def peak_bytes(status: str) -> int:
    """VmHWM from /proc/PID/status."""
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024
