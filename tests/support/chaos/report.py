"""What became of the matrix: a line for each case as it ends, and the table of docs/reliability.md."""

import subprocess
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from support.chaos.faults import FAULTS
from support.chaos.matrix import ALL, Result
from support.chaos.paths import PATHS
from support.figures import machine

PAGE = Path(__file__).parents[3] / "docs/reliability.md"
BEGIN, END = "<!-- make chaos writes from here -->", "<!-- to here -->"


class Progress:
    """Prints how far it is; of a case that failed, all that there is to say."""

    def __init__(self, cases: int, *, verbose: bool) -> None:
        self._cases = cases
        self._verbose = verbose
        self._done = 0

    def tell(self, result: Result) -> None:
        """Prints one case."""
        self._done += 1
        if result.passed and not self._verbose and self._done % 25 and self._done < self._cases:
            return
        word = "passed" if result.passed else "FAILED" if result.error else "not reached"
        print(f"{self._done}/{self._cases} {word} {result.spec} in {result.seconds:.1f} s", flush=True)
        if result.error:
            print(f"  {result.error}", flush=True)
        if self._verbose or result.error:
            print("\n".join(f"    {call}" for call in result.calls), flush=True)


def summary(results: Sequence[Result]) -> str:
    """Every fault in a line, then path by path."""
    by_fault: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        by_fault[result.spec.fault].append(result)
    lines = [
        "| fault | what happens | cases | passed | failed | not reached | slowest (s) |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, found in by_fault.items():
        lines.append(f"| {name} | {FAULTS[name].what} | {_counts(found)} |")
    lines.append(f"| all | | {_counts(results)} |")
    return "\n".join([*lines, "", *_by_path(by_fault)])


def _counts(results: Iterable[Result]) -> str:
    found = list(results)
    passed, failed = sum(each.passed for each in found), sum(each.error is not None for each in found)
    figures = (len(found), passed, failed, len(found) - passed - failed, f"{_slowest(found):.1f}")
    return " | ".join(map(str, figures))


def _by_path(by_fault: dict[str, list[Result]]) -> list[str]:
    names = [*PATHS, ALL]
    lines = [f"| | {' | '.join(names)} |", f"|---|{'---|' * len(names)}"]
    for fault, results in by_fault.items():
        cells = [_cell([each for each in results if each.spec.path == name]) for name in names]
        lines.append(f"| {fault} | {' | '.join(cells)} |")
    return lines


def _cell(results: list[Result]) -> str:
    if not results:
        return ""
    passed = sum(each.passed for each in results)
    return f"{passed}/{len(results)}, {_slowest(results):.1f} s"


def _slowest(results: Iterable[Result]) -> float:
    return max((max(0.0, each.delay) for each in results if each.passed), default=0.0)


def keep(results: Sequence[Result], minutes: float, every: int, versions: dict[str, str]) -> None:
    """Puts the table into the page, in the place of the former one; of every how manieth case it is, stands there."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    share = "all cases" if every == 1 else f"one case in {every}"
    measured = f"Run at {commit.stdout.strip()}, {share} in {minutes:.0f} minutes: {machine(versions)}."
    before, _, rest = PAGE.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{measured}\n\n{summary(results)}\n{END}{after}")
