"""What `watch` shows of an interview: a pure picture of the resource, the turns heard of, and the time."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from parley_crds import Phase
from rich.console import Group
from rich.table import Table
from rich.text import Text

from parley_cli.errors import Exit
from parley_cli.shown.interviews import STYLES, condition, phase_of, reason_of
from parley_cli.shown.printing import printable
from parley_cli.turns import Turns

Document = Mapping[str, Any]

EXITS = {
    Phase.COMPLETED: Exit.OK,
    Phase.FAILED: Exit.FAILED,
    Phase.CANCELLED: Exit.CANCELLED,
    Phase.EXPIRED: Exit.EXPIRED,
}
_MARKS = {"True": "✓", "False": "·", "Unknown": "?"}


def exit_code(phase: str) -> Exit | None:
    """How a watch ends with this phase; None while the interview goes on."""
    return EXITS.get(Phase(phase)) if phase in Phase else None


def talk(turns: Turns, questions: list[str]) -> str:
    """`question 2 of 5 (rollout), 14 turns`, as far as it is known."""
    words = []
    if turns.question in questions:
        words.append(f"question {questions.index(turns.question) + 1} of {len(questions)} ({turns.question})")
    elif turns.question:
        words.append(f"question {turns.question}")
    count = len(turns.seen)
    if count:
        words.append(f"{count} turn{'s' if count != 1 else ''}")
    return ", ".join(words)


def spoken_for(interview: Document, now: datetime) -> str:
    """How long they have been talking, `4:05`; empty before and after."""
    session = (interview.get("status") or {}).get("session") or {}
    started = session.get("startedAt")
    if not started or session.get("finishedAt"):
        return ""
    seconds = max(0, int((now - datetime.fromisoformat(started)).total_seconds()))
    return f"{seconds // 60}:{seconds % 60:02}"


def why(interview: Document) -> str:
    """The reason and the message of what matters now: what stalls it, else whether it can be joined."""
    for kind in ("Failed", "Stalled", "Complete", "Joinable", "Accepted"):
        found = condition(interview, kind)
        if found and (found.get("status") == "True" or kind in ("Joinable", "Accepted")):
            message = found.get("message")
            return f"{found.get('reason')}: {message}" if message else str(found.get("reason") or "")
    return ""


def line(interview: Document, turns: Turns, questions: list[str]) -> str:
    """The state on one line, for a pipe; it differs when something has changed."""
    parts = [phase_of(interview), talk(turns, questions), reason_of(interview)]
    return printable(": ".join(part for part in parts if part))


def picture(interview: Document, turns: Turns, questions: list[str], now: datetime, notes: list[str]) -> Group:
    """The state for a terminal: phase, talk and conditions; notes are what could not be shown, and why."""
    phase = phase_of(interview)
    head = Text(printable(str(interview["metadata"]["name"])), style="bold")
    head.append("  ").append(phase, style=STYLES.get(phase, ""))
    for words in (spoken_for(interview, now), talk(turns, questions)):
        if words:
            head.append(f"  {printable(words)}")
    table = Table(box=None, pad_edge=False, show_header=False)
    for each in (interview.get("status") or {}).get("conditions") or []:
        status = str(each.get("status"))
        words = f"{each.get('reason')}: {each.get('message')}" if each.get("message") else str(each.get("reason"))
        style = "" if status == "True" else "dim"
        table.add_row(_MARKS.get(status, "?"), str(each.get("type")), Text(printable(words)), style=style)
    return Group(head, table, *(Text(printable(note), style="yellow") for note in notes))
