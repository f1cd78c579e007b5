"""How much memory a process has, and whether that grows."""

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

SETTLE_MINUTES = 5.0
"""What a process takes while it warms up says nothing of a leak."""
LIMIT_MB_A_MINUTE = 0.2


@dataclass
class Usage:
    """Resident memory (MB) at minutes since the first sample, and the CPU used by then (seconds)."""

    memory: list[tuple[float, float]] = field(default_factory=list)
    cpu: list[tuple[float, float]] = field(default_factory=list)

    @property
    def slope(self) -> float:
        """MB a minute, by least squares over what comes after the first minutes.

        Raises:
            ValueError: there are fewer than two samples after them.
        """
        settled = [sample for sample in self.memory if sample[0] >= SETTLE_MINUTES]
        if len(settled) < 2:
            raise ValueError(f"no memory was measured after {SETTLE_MINUTES:g} minutes")
        minutes, megabytes = zip(*settled, strict=True)
        return float(np.polyfit(minutes, megabytes, 1)[0])

    @property
    def cores(self) -> float:
        """Cores used on average, between the first sample and the last; 0 where there is only one."""
        (began, before), (ended, after) = self.cpu[0], self.cpu[-1]
        return (after - before) / (ended - began) / 60 if ended > began else 0.0

    async def watch(self, pid: int, every: float) -> None:
        """Take a sample every so many seconds, until cancelled or the process is gone."""
        began = time.monotonic()
        with contextlib.suppress(FileNotFoundError, StopIteration):
            while True:
                minutes = (time.monotonic() - began) / 60
                self.memory.append((minutes, resident_megabytes(pid)))
                self.cpu.append((minutes, cpu_seconds(pid)))
                await asyncio.sleep(every)


def resident_megabytes(pid: int) -> float:
    """The resident set of a process, as the kernel tells it (proc_pid_status(5), VmRSS in kB)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS:")).split()[1]) / 1024


def cpu_seconds(pid: int) -> float:
    """What a process has used of the CPU (proc_pid_stat(5): utime and stime, in ticks of 10 ms)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100
