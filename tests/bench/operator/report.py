"""The figures as tables."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from bench.operator.cell import DELETION_SECONDS, Figures
from bench.operator.usage import Usage
from support.figures import percentile

ABOUT = """\
Each cell has an empty control plane of its own: etcd, kube-apiserver with its audit log on, kube-scheduler and the
garbage collector with raised client limits, KWOK for the kubelet, and the bench itself, all on this machine. Times
run from the create call to the moment that a watch tells of it, over all that was asked for; `> …` had not come when
the cell was ended. A peer is saturated that left something undone at the end, or did less than 95 % of what was
offered a second. Writes and reads are the peer's own by the audit log, renewals of its Lease left out, until all has
reached its end state (the pod runs, and the Interview or the Job says so); KB are of request bodies as JSON. A burst
that was done is deleted afterwards; it is gone when no object of it is left."""
SHARES = (0.5, 0.9, 0.99)
HEADER = (
    "offered",
    "peer",
    "pod created, ms: p50 / p90 / p99",
    "Joinable, ms: p50 / p90 / p99",
    "sustained, /s",
    "writes (reads) each",
    "KB written each",
    "controller: CPU s, peak MiB",
    "API server: CPU s, peak MiB",
    "gone after, s",
)
MIB = 2**20


def row(peer: str, figures: Figures) -> list[str]:
    """A cell's line of the table, as HEADER names its columns."""
    return [
        figures.load.name,
        peer,
        f"{latencies(figures.pods, figures.waited)}{' saturated' if figures.is_saturated else ''}".strip(),
        latencies(figures.joinable, figures.waited),
        f"{figures.rate:.1f}",
        *_asked(figures),
        _usage(figures.controller),
        _usage(figures.apiserver),
        _gone(figures),
    ]


def latencies(values: Sequence[float], waited: float) -> str:
    """The percentiles in milliseconds over all that was asked for; `> …` where so many had not come by then."""
    if all(math.isinf(value) for value in values):
        return ""
    return " / ".join(_latency(percentile(list(values), share), waited) for share in SHARES)


def _latency(value: float, waited: float) -> str:
    return f"> {waited * 1000:,.0f}" if math.isinf(value) else f"{value * 1000:,.0f}"


def _asked(figures: Figures) -> tuple[str, str]:
    """Writes, reads and size for each; of a cell that was cut short they would be of work half done."""
    if figures.is_cut_short:
        return "", ""
    asked, count = figures.asked, figures.load.count
    return f"{asked.writes / count:.2f} ({asked.reads / count:.2f})", f"{asked.size / count / 1000:.1f}"


def _usage(usage: Usage) -> str:
    return f"{usage.cpu:.1f}, {usage.peak / MIB:.0f}"


def _gone(figures: Figures) -> str:
    if figures.is_cut_short or not figures.load.is_burst:
        return ""
    return f"> {DELETION_SECONDS:.0f}" if figures.deleted is None else f"{figures.deleted:.1f}"


def kinds(counted: Mapping[str, int], count: int) -> str:
    """How often each kind of write was made for one piece of work, the most frequent first."""
    return ", ".join(f"{kind} {number / count:.2f}" for kind, number in Counter(counted).most_common())


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
