"""Figures: percentiles, what they were measured on, and the page that keeps them."""

import math
import os
import platform
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs/benchmarks.md"
HEAD = "# Benchmarks\n\nPrinted and kept by `make bench`, `make bench-operator` and `make bench-voice`.\n"


@dataclass(frozen=True)
class Reply:
    """Where the time of one reply went, in milliseconds.

    ear: the candidate's last word to the first sound at their ear; wait: until the model takes the turn as ended;
    model: its thinking and speaking; in_bot: tool calls and the bot's own way of the sound.
    """

    ear: float
    wait: float
    model: float
    in_bot: float

    @property
    def ours(self) -> float:
        """All that is neither the wait nor the model: the bot, the relay both ways and the candidate's own buffer."""
        return self.ear - self.wait - self.model

    @classmethod
    def of(cls, ear: float, inside: Mapping[str, Any]) -> "Reply":
        """The candidate's figure and the bot's line of the same reply, put together."""
        return cls(ear, inside["wait_ms"], inside["model_ms"], inside["ours_ms"])


def percentile(values: list[float], share: float) -> float:
    """The nearest-rank percentile, `share` from 0 to 1: the smallest value that so large a share does not exceed.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("no values were measured")
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def summary(values: list[float], unit: str = "s", scale: float = 1.0) -> str:
    """`p50 … p95 … (n=…)`, the values multiplied by `scale`."""
    if not values:
        return "not measured"
    p50, p95 = percentile(values, 0.5) * scale, percentile(values, 0.95) * scale
    return f"p50 {p50:.2f} {unit}, p95 {p95:.2f} {unit} (n={len(values)})"


def machine(versions: dict[str, str]) -> str:
    """Cores, memory, kernel and the versions that were measured."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    said = ", ".join(f"{name} {version}" for name, version in versions.items())
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, Linux {platform.release()}, {said}"


def keep(section: str, rows: dict[str, str], measured_on: str) -> None:
    """Print a section of figures and put it in the page, in the place of its former self."""
    table = ["| what | figure |", "|---|---|", *(f"| {what} | {figure} |" for what, figure in rows.items())]
    keep_text(section, "\n".join(table), measured_on)


def keep_text(section: str, content: str, measured_on: str) -> None:
    """The same for a section whose content is Markdown of any form."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    text = f"## {section}\n\nMeasured at {commit.stdout.strip()}: {measured_on}.\n\n{content}\n"
    print(f"\n{text}")
    page = PAGE.read_text() if PAGE.exists() else HEAD
    old = re.compile(rf"^## {re.escape(section)}\n.*?(?=^## |\Z)", re.S | re.M)
    page = old.sub(lambda _: text + "\n", page) if old.search(page) else page.rstrip() + "\n\n" + text
    PAGE.write_text(page.rstrip() + "\n")
