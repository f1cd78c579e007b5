"""`parley validate`."""

import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from parley_cli.errors import CliError, Exit
from parley_cli.options import Document, DocumentForm
from parley_cli.shown.printing import document, printable, say
from parley_cli.validation.check import Report, check_files
from parley_cli.validation.documents import MAX_BYTES

_SUFFIXES = (".yaml", ".yml", ".json")
MAX_FILES = 10_000


def validate(
    files: Annotated[list[str], typer.Argument(metavar="FILES...", help="Files, folders, or - for standard input.")],
    output: DocumentForm = None,
) -> None:
    """Check InterviewTemplates and Interviews in files, without a cluster.

    It tells what an API server with this version's CRDs would refuse: fields, types, bounds and rules, each with its
    file and line. Objects of other kinds are left out. Exit code 1: something is to be mended.
    """
    report = check_files(read_files(files))
    if not report.checked and not report.findings:
        raise CliError("no InterviewTemplate or Interview in these files: nothing was checked")
    _show(report, output)
    if report.findings:
        raise typer.Exit(Exit.FAILURE)


def read_files(names: list[str]) -> Iterator[tuple[str, str]]:
    """The name and text of each file; of a folder, of every manifest below it. Raises CliError."""
    for name in names:
        if name == "-":
            yield "standard input", sys.stdin.read(MAX_BYTES + 1)
            continue
        for path in _below(Path(name)):
            try:
                with path.open("rb") as file:
                    yield str(path), file.read(MAX_BYTES + 1).decode("utf-8")
            except (OSError, UnicodeDecodeError) as error:
                reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
                raise CliError(f"{path} can't be read: {reason}") from error


def _below(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = []
    for file in path.rglob("*"):
        if file.suffix in _SUFFIXES and file.is_file():
            found.append(file)
        if len(found) > MAX_FILES:
            raise CliError(f"{path} holds more than {MAX_FILES} manifests: name folders within it")
    return sorted(found)


def _show(report: Report, output: Document | None) -> None:
    if output is not None:
        checked = [{"file": each.file, "document": each.number} for each in report.checked]
        findings = [asdict(finding) for finding in report.findings]
        typer.echo(document({"checked": checked, "skipped": report.skipped, "findings": findings}, output))
        return
    for finding in report.findings:
        typer.echo(printable(str(finding)))
    count = len(report.findings)
    verdict = "all good" if not count else f"{count} to be mended"
    left_out = f", {len(report.skipped)} of other kinds left out" if report.skipped else ""
    say(f"{len(report.checked)} checked{left_out}: {verdict}")
