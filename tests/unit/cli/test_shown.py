"""What is printed: pure pictures of what was read, and no colour where none is wanted."""

import io
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from parley_cli.errors import Exit
from parley_cli.shown.interviews import age, header, row
from parley_cli.shown.printing import columns, console, document, printable, show_table
from parley_cli.shown.progress import exit_code, line, picture, spoken_for, talk, why
from parley_cli.turns import Turns
from parley_crds import Phase
from rich.console import Console

MakeInterview = Callable[..., dict[str, Any]]
NOW = datetime(2026, 11, 22, 13, 0, tzinfo=UTC)
QUESTIONS = ["a", "b", "c"]


def rendered(interview: dict[str, Any], turns: Turns, notes: list[str]) -> str:
    out = io.StringIO()
    Console(file=out, width=100, force_terminal=False).print(picture(interview, turns, QUESTIONS, NOW, notes))
    return out.getvalue()


@pytest.mark.parametrize(
    ("created", "expected"),
    [
        ("2026-11-22T12:58:01Z", "119s"),
        ("2026-11-22T11:00:01Z", "119m"),
        ("2026-11-21T13:00:00Z", "24h"),
        ("2026-11-01T13:00:00Z", "21d"),
        ("2026-11-22T13:00:05Z", "0s"),
        (None, ""),
    ],
)
def test_age(created: str | None, expected: str) -> None:
    assert age(created, NOW) == expected


def test_a_row_has_a_cell_for_each_column(interview: MakeInterview) -> None:
    for wide in (False, True):
        for all_namespaces in (False, True):
            names = header(wide=wide, all_namespaces=all_namespaces)
            assert len(row(interview(), NOW, wide=wide, all_namespaces=all_namespaces)) == len(names)


def test_the_wide_row_tells_what_somebody_has_to_mend(interview: MakeInterview) -> None:
    joinable = {"type": "Joinable", "status": "True", "reason": "Open"}

    def told(*conditions: dict[str, Any]) -> dict[str, str]:
        cells = row(interview(conditions=[joinable, *conditions]), NOW, wide=True, all_namespaces=False)
        return dict(zip(header(wide=True, all_namespaces=False), cells, strict=True))

    stalled = told({"type": "Stalled", "status": "True", "reason": "RoomKeyRefused"})
    assert (stalled["REASON"], stalled["STALLED"]) == ("Open", "RoomKeyRefused")
    assert told()["STALLED"] == ""
    assert told({"type": "Stalled", "status": "False", "reason": "Mended"})["STALLED"] == ""


def test_columns_are_aligned_and_end_without_blanks() -> None:
    assert columns(("A", "B"), [("long", "x"), ("s", "")]) == "A      B\nlong   x\ns"


@pytest.mark.parametrize("phase", [*Phase, "OfAnotherVersion"])
def test_a_watch_ends_with_each_end_alone(phase: str) -> None:
    final = phase in Phase and Phase(phase).is_final
    assert (exit_code(phase) is not None) is final


def test_each_end_has_its_own_exit_code() -> None:
    codes = [exit_code(phase) for phase in Phase if phase.is_final]
    assert len(set(codes)) == 4
    assert not {Exit.FAILURE, Exit.USAGE} & set(codes)


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        (Turns(), ""),
        (Turns(frozenset({0}), "b", 0), "question 2 of 3 (b), 1 turn"),
        (Turns(frozenset({0, 1}), "unplanned", 1), "question unplanned, 2 turns"),
        (Turns(frozenset({0, 1}), None, 1), "2 turns"),
    ],
)
def test_talk(turns: Turns, expected: str) -> None:
    assert talk(turns, QUESTIONS) == expected


def test_how_long_they_talk(interview: MakeInterview) -> None:
    started = {"startedAt": "2026-11-22T12:55:55Z"}
    assert spoken_for(interview(session=started), NOW) == "4:05"
    assert spoken_for(interview(session={**started, "finishedAt": "2026-11-22T12:59:00Z"}), NOW) == ""
    assert spoken_for(interview(), NOW) == ""


def test_what_stalls_it_comes_first(interview: MakeInterview) -> None:
    conditions = [
        {"type": "Joinable", "status": "True", "reason": "Open", "message": ""},
        {"type": "Stalled", "status": "True", "reason": "RoomRefused", "message": "the key of Daily"},
    ]
    assert why(interview(conditions=conditions)) == "RoomRefused: the key of Daily"
    assert why(interview(conditions=conditions[:1])) == "Open"
    assert why(interview()) == ""


def test_the_picture(interview: MakeInterview) -> None:
    conditions = [{"type": "Accepted", "status": "True", "reason": "Pinned", "message": "by \x1b[31mx"}]
    shown = rendered(
        interview(phase="InProgress", conditions=conditions), Turns(frozenset({0}), "b", 0), ["no [bold]turns"]
    )
    for words in ("ada", "InProgress", "question 2 of 3 (b)", "✓", "Accepted", "Pinned: by", "no [bold]turns"):
        assert words in shown
    assert "\x1b" not in shown


def test_a_line_changes_with_the_state(interview: MakeInterview) -> None:
    assert line(interview(), Turns(), []) == "Pending"
    assert (
        line(interview(phase="Open"), Turns(frozenset({0}), "a", 0), QUESTIONS) == "Open: question 1 of 3 (a), 1 turn"
    )


def test_what_a_terminal_would_act_upon_is_taken_out() -> None:
    assert printable("a\x1b[2Jb\r\nc\u202e\u200b") == "a [2Jb  c  "
    assert printable("Zoë 李") == "Zoë 李"


def test_documents_keep_their_order_and_letters() -> None:
    assert document({"b": "é", "a": [1]}, "json") == '{\n  "b": "é",\n  "a": [\n    1\n  ]\n}'
    assert document({"b": "é", "a": [1]}, "yaml") == "b: é\na:\n- 1"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("no_color", [True, False])
def test_a_terminal_has_colours_unless_they_are_not_wanted(monkeypatch: pytest.MonkeyPatch, no_color: bool) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    if no_color:
        monkeypatch.setenv("NO_COLOR", "1")
    show_table(("NAME",), [("[red]ada",)], ["green"])
    assert "[red]ada" in screen.getvalue()
    assert ("\x1b[32m" in screen.getvalue()) is not no_color


def test_a_pipe_has_no_colours(capsys: pytest.CaptureFixture[str]) -> None:
    console().print("x", style="red")
    assert capsys.readouterr().out == "x\n"
