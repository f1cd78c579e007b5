"""What became of it: a line for each case as it ends, and the tables of docs/reliability.md, part by part."""

import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from support.figures import machine, summary
from support.soak.faults import STAGE_NAMES
from support.soak.lengths import Held
from support.soak.losses import Kept
from support.soak.manners import Strayed
from support.soak.matrix import Result
from support.soak.people import Heard

PAGE = Path(__file__).parents[3] / "docs/reliability.md"


def matrix_table(results: Sequence[Result]) -> str:
    """Faults in lines, stages in columns."""
    stages = [stage for stage in STAGE_NAMES if any(result.spec.stage == stage for result in results)]
    lines = [f"| fault | | {' | '.join(STAGE_NAMES[stage] for stage in stages)} |", f"|---|---|{'---|' * len(stages)}"]
    faults = dict.fromkeys(result.spec.fault for result in sorted(results, key=_order))
    for fault in faults:
        own = {result.spec.stage: result for result in results if result.spec.fault == fault}
        what = next(iter(own.values())).spec.what
        lines.append(f"| {fault} | {what} | {' | '.join(_outcome(own.get(stage)) for stage in stages)} |")
    passed, failed = sum(r.passed for r in results), sum(r.error is not None for r in results)
    lines += [
        "",
        f"{len(results)} cases: {passed} passed, {failed} failed, {len(results) - passed - failed} not reached.",
    ]
    lines += [f"- `{result.spec}`: {result.error}" for result in results if result.error]
    return "\n".join(lines)


def _order(result: Result) -> tuple[int, int]:
    stages = list(STAGE_NAMES)
    return ("start" in result.spec.fault or "forbidden" in result.spec.fault, stages.index(result.spec.stage))


def _outcome(result: Result | None) -> str:
    if result is None:
        return ""
    if result.error is not None:
        return "FAILED"
    if not result.reached:
        return "not reached"
    return "left to the next bot" if result.left else "to its end"


def people_table(found: Iterable[Heard]) -> str:
    """A line for each kind of candidate."""
    lines = [
        "| candidate | | word error rate | reply at the ear | barge-in to silence | end | |",
        "|---|---|---|---|---|---|---|",
    ]
    for heard in found:
        errors = f"{heard.errors:.1%}" if heard.errors is not None else ""
        barged = summary(heard.barge_ins) if heard.kind.cut_short else ""
        replies = summary(heard.replies) if heard.replies else ""
        end = heard.reason.value if heard.reason is not None else "none"
        held = "; ".join(heard.broken) or "held"
        cells = (heard.kind.script.name, heard.kind.script.what, errors, replies, barged, end, held)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def losses_table(found: Iterable[Kept]) -> str:
    """A line for each loss."""
    lines = [
        "| loss | | turns acknowledged before it | in all | in the transcript | seconds | end | |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for kept in found:
        transcript = kept.transcript
        turns, end = (len(transcript.turns), transcript.reason) if transcript is not None else (0, "none")
        counts = f"{len(kept.before)} | {len(kept.acknowledged)} | {turns} | {kept.talk.seconds:.0f}"
        lines.append(f"| {kept.loss.name} | {kept.loss.what} | {counts} | {end} | {'; '.join(kept.broken) or 'held'} |")
    return "\n".join(lines)


def manners_table(found: Iterable[Strayed]) -> str:
    """A line for each manner."""
    lines = ["| manner | the model | calls | of which refused | seconds | end | |", "|---|---|---|---|---|---|---|"]
    for strayed in found:
        straying, end = strayed.straying, strayed.reason.value if strayed.reason is not None else "none"
        counts = f"{strayed.calls} | {strayed.refused} | {strayed.seconds:.0f}"
        held = "; ".join(strayed.broken) or "held"
        lines.append(f"| {straying.manner} | {straying.what} | {counts} | {end} | {held} |")
    return "\n".join(lines)


def lengths_table(found: Iterable[Held]) -> str:
    """A line for each long conversation."""
    lines = [
        "| conversation | | minutes | session limit | sessions | longest gap at a change "
        "| longest reply after a change | other replies at the ear | end | |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for held in found:
        talk, length = held.talk, held.length
        gap = f"{max(held.gaps):.0f} ms" if held.gaps else ""
        after, others = held.replies.after_changes, held.replies.others
        latest = f"{max(after):.2f} s (n={len(after)})" if after else ""
        end = talk.reason.value if talk.reason is not None else "none"
        lines.append(
            f"| {length.name} | {length.what} | {talk.seconds / 60:.1f} | {length.limit_seconds:g} s | {held.sessions} "
            f"| {gap} | {latest} | {summary(others) if others else ''} | {end} | {'; '.join(held.broken) or 'held'} |"
        )
    return "\n".join(lines)


def soak_table(held: Held) -> str:
    """The long conversation, and the bot's memory and CPU in it."""
    memory, usage = held.usage.memory, held.usage
    rows = {
        "memory after a minute": _at(memory, 1),
        "memory after five minutes": _at(memory, 5),
        "memory at the end": f"{memory[-1][1]:.1f} MB",
        "slope after the first five minutes": f"{usage.slope:.3f} MB a minute" if memory[-1][0] > 6 else "not measured",
        "CPU of the bot": f"{usage.cores:.2f} cores",
        "turns in the transcript": str(len(held.talk.turns)),
    }
    lines = [lengths_table([held]), "", "| what | figure |", "|---|---|"]
    return "\n".join([*lines, *(f"| {what} | {figure} |" for what, figure in rows.items())])


def _at(memory: Sequence[tuple[float, float]], minute: float) -> str:
    return next((f"{megabytes:.1f} MB" for at, megabytes in memory if at >= minute), "not measured")


def keep(part: str, text: str, minutes: float, versions: dict[str, str]) -> None:
    """Put a part's tables into the page, in the place of the former ones."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    measured = f"Run at {commit.stdout.strip()}, {minutes:.0f} minutes: {machine(versions)}."
    begin, end = f"<!-- make soak writes {part} from here -->", f"<!-- {part}: to here -->"
    before, found, rest = PAGE.read_text().partition(begin)
    if not found:
        raise ValueError(f"{PAGE} has no place for {part}")
    PAGE.write_text(f"{before}{begin}\n{measured}\n\n{text}\n{end}{rest.partition(end)[2]}")
