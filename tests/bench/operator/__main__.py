"""`python -m bench.operator`, with tests/ on the path: the table of docs/benchmarks.md, or a part of it."""

import argparse
import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import traceback
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import TextIO

from bench.operator.cell import CellError, Figures, measure
from bench.operator.lives import STAGES, Writes, measure_lives
from bench.operator.loads import Load, burst, steady
from bench.operator.peers import PEERS, SAMPLED, profile_of
from bench.operator.report import ABOUT, HEADER, kinds, row, table
from support.figures import keep_text, machine
from support.processes import tool

STATE = Path(__file__).parents[3] / "out/bench-operator"
"""Logs of the last run, and its figures as JSON. What a killed run had started, the kernel has ended with it."""
MINIMAL_MODULE = Path(__file__).parents[1] / "peers/minimal/go.mod"
BUSY = 0.5
"""The load average above which something else is at work."""
NOT_MEASURED = "not measured"
NO_FIGURES = (CellError, RuntimeError, TimeoutError, ExceptionGroup)
"""What ends a cell and not the run: the peer ended or did nothing, the API server refused."""
SECTION = "The operator side by side"
WRITES_BUDGET = {"create to Joinable": 6, "create to the end": 12}


def main() -> int:
    """Measures what the options ask for; prints it, and keeps it in the page where it is asked to."""
    options = _options()
    loads = [steady(rate, options.seconds, options.drain_seconds) for rate in options.rates]
    loads += [burst(count, options.burst_seconds) for count in options.bursts]
    STATE.mkdir(parents=True, exist_ok=True)
    with (STATE / "lock").open("w") as lock:
        if not _is_ours(lock):
            print(f"another run of this benchmark holds {STATE / 'lock'}: let it end", file=sys.stderr)
            return 1
        busy = os.getloadavg()[0]
        if busy > BUSY:
            print(f"this machine is at work already (load {busy:.1f}): the figures will be of that, too", flush=True)
        rows, told = _cells(options, loads)
        sections = [ABOUT, table(HEADER, rows), *told] if rows else []
        if options.lives and "parley" in options.peers:
            sections.append(_lives(options.lives))
    text = "\n\n".join(sections)
    if options.keep:
        keep_text(SECTION, text, machine(_versions() | {"load before it": f"{busy:.1f}"}))
    else:
        print(f"\n{text}")
    return 1 if NOT_MEASURED in text else 0


def _versions() -> dict[str, str]:
    """Of what was measured, as each tells it itself; the controller-runtime's as the peer's go.mod has it."""

    def said(program: str) -> str:
        command = [tool(program), "--version"]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout

    found = re.search(r"sigs.k8s.io/controller-runtime (\S+)", MINIMAL_MODULE.read_text())
    return {
        "Kubernetes": said("kube-apiserver").split()[1],
        "KWOK": said("kwok").split()[2],
        "controller-runtime": found[1] if found else "unknown",
        "kopf": version("kopf"),
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.operator", description=__doc__)
    add = parser.add_argument
    add("--peers", type=_names, default=list(PEERS), help=f"of {','.join(PEERS)}")
    add("--rates", type=_numbers, default=[10.0, 25.0, 50.0, 75.0], help="offered, a second: 10,25 or '' for none")
    add("--bursts", type=_counts, default=[1000, 5000], help="offered at once: 1000,5000 or '' for none")
    add("--seconds", type=float, default=30, help="how long a rate is offered")
    add("--drain-seconds", type=float, default=30, help="how long is waited after that for what has not come")
    add("--burst-seconds", type=float, default=180, help="how long a burst may take before it is given up")
    add("--lives", type=int, default=3, help="whole lives whose writes are listed; 0 for none")
    add("--profile", action="store_true", help="sample Parley's operator and print where its time went")
    add("--keep", action="store_true", help="put the tables into docs/benchmarks.md")
    return parser.parse_args()


def _names(text: str) -> list[str]:
    names = [name for name in text.split(",") if name]
    if unknown := [name for name in names if name not in PEERS]:
        raise argparse.ArgumentTypeError(f"no peer {', '.join(unknown)}; there are {', '.join(PEERS)}")
    return names


def _numbers(text: str) -> list[float]:
    return [float(part) for part in text.split(",") if part]


def _counts(text: str) -> list[int]:
    return [int(part) for part in text.split(",") if part]


def _is_ours(lock: TextIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _fresh(name: str) -> Path:
    folder = STATE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _cells(options: argparse.Namespace, loads: Sequence[Load]) -> tuple[list[list[str]], list[str]]:
    """The lines of the table, side by side for each load; and what was written, for each peer's first load."""
    rows: list[list[str]] = []
    told: dict[str, str] = {}
    kept: dict[str, Figures] = {}
    for load in loads:
        for name in options.peers:
            figures = _cell(name, load, profile=options.profile)
            if figures is None:
                rows.append([load.name, PEERS[name].title, NOT_MEASURED, *[""] * (len(HEADER) - 3)])
                continue
            rows.append(row(PEERS[name].title, figures))
            print(f"  {' | '.join(rows[-1])}", flush=True)
            kept[f"{name}, {load.name}"] = figures
            if not figures.is_cut_short:
                told.setdefault(name, _told_kinds(name, figures))
    written = json.dumps({name: asdict(figures) for name, figures in kept.items()}, default=str)
    (STATE / "figures.json").write_text(written)
    return rows, list(told.values())


def _cell(name: str, load: Load, *, profile: bool) -> Figures | None:
    print(f"{PEERS[name].title}, {load.name} …", flush=True)
    folder = _fresh(f"{name}-{load.name.replace(' ', '-')}")
    peer = SAMPLED.get(name, PEERS[name]) if profile else PEERS[name]
    try:
        figures = measure(peer, load, folder)
    except NO_FIGURES as error:
        traceback.print_exception(error)
        return None
    finally:
        (folder / "audit.log").unlink(missing_ok=True)
        shutil.rmtree(folder / "etcd", ignore_errors=True)
    if peer.sampled:
        print(profile_of(folder).read_text(), flush=True)
    return figures


def _told_kinds(name: str, figures: Figures) -> str:
    listed = kinds(figures.asked.kinds, figures.load.count)
    return f"{PEERS[name].title} at {figures.load.name}, writes each: {listed}."


def _lives(count: int) -> str:
    print(f"{count} whole lives under Parley's operator …", flush=True)
    try:
        return _told_lives(measure_lives(count, _fresh("lives")), count)
    except NO_FIGURES as error:
        traceback.print_exception(error)
        return f"Whole lives: {NOT_MEASURED}."


def _told_lives(writes: Writes, count: int) -> str:
    lines = []
    total = 0.0
    for stage in STAGES:
        counted = writes.own[stage]
        total += counted.total() / count
        size = writes.size[stage] / count / 1000
        lines.append([stage, f"{counted.total() / count:.2f}", f"{total:.2f}", f"{size:.1f}", kinds(counted, count)])
    header = ("stage", "writes", "so far", "KB", "which")
    budget = ", ".join(f"{number} from {what}" for what, number in WRITES_BUDGET.items())
    return (
        f"Writes of Parley's operator in a whole life, mean of {count} (budget: {budget}):\n\n"
        f"{table(header, lines)}\n\nOf all others in the same life: {kinds(writes.others, count)}."
    )


if __name__ == "__main__":
    sys.exit(main())
