"""Where and how to print: plain text for pipes, Rich on a terminal, documents for programs."""

import json
import os
import sys
from collections.abc import Sequence
from typing import Any

import typer
import yaml
from rich.console import Console
from rich.table import Table
from rich.text import Text

Row = Sequence[str]


def console(*, stderr: bool = False) -> Console:
    """A console that colours on a terminal alone, and not where NO_COLOR is set. Words of others are no markup."""
    return Console(stderr=stderr, markup=False, highlight=False, emoji=False, no_color=bool(os.environ.get("NO_COLOR")))


def printable(text: str) -> str:
    """The text without the characters that a terminal acts upon: names and messages are written by others."""
    return "".join(character if character.isprintable() else " " for character in text)


def document(value: Any, form: str) -> str:
    """The value as JSON or YAML."""
    if form == "json":
        return json.dumps(value, indent=2, ensure_ascii=False)
    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=120)
    return text.rstrip("\n")


def piece(value: Any, form: str) -> str:
    """The value as one of many that come one after another: JSON on a line of its own, YAML behind its `---`."""
    return json.dumps(value, ensure_ascii=False) if form == "json" else f"---\n{document(value, form)}"


def columns(header: Row, rows: Sequence[Row]) -> str:
    """Plain columns as kubectl's, for a pipe."""
    lines = [header, *rows]
    widths = [max(len(line[place]) for line in lines) for place in range(len(header))]
    return "\n".join(
        "   ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def show_table(header: Row, rows: Sequence[Row], styles: Sequence[str] = ()) -> None:
    """Print a table; `styles` is a style for each row."""
    clean = [[printable(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        typer.echo(columns(header, clean))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in header:
        table.add_column(name, overflow="fold")
    for place, row in enumerate(clean):
        table.add_row(*(Text(cell) for cell in row), style=styles[place] if styles else None)
    console().print(table)


def say(text: str) -> None:
    """A line for people beside the result: on standard error, so that a pipe holds the result alone."""
    typer.echo(printable(text), err=True)
