"""`parley watch`."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.live import Live

from parley_cli.cluster.kube import PARLEY, PASSING, Kube, interviews_path, path_of
from parley_cli.cluster.turn_feed import TurnFeed
from parley_cli.errors import ClusterError, Exit
from parley_cli.options import (
    DEFAULT_INSTALLATION,
    Account,
    ApiFlags,
    ApiUrl,
    Context,
    Document,
    DocumentForm,
    Installation,
    InterviewName,
    Kubeconfig,
    Namespace,
    open_cluster,
)
from parley_cli.shown.interviews import now, phase_of
from parley_cli.shown.printing import console, piece, printable, say
from parley_cli.shown.progress import exit_code, line, picture, talk, why

EVERY_SECONDS = 1.0
OUTAGE_SECONDS = 120.0
"""How long the API server may be away before a watch ends."""
LAST_TURNS_SECONDS = 4.0

Show = Callable[[dict[str, Any], list[str]], None]


def watch(
    name: InterviewName,
    timeout: Annotated[float | None, typer.Option(min=0, metavar="SECONDS", help="Give up after so long.")] = None,
    turns: Annotated[bool, typer.Option(help="Whether to follow the turns through Parley's API.")] = True,
    output: DocumentForm = None,
    namespace: Namespace = None,
    api_url: ApiUrl = None,
    service_account: Account = None,
    installation: Installation = DEFAULT_INSTALLATION,
    context: Context = None,
    kubeconfig: Kubeconfig = None,
) -> None:
    """Show an interview as it goes on, until it ends.

    The exit code tells how: 0 Completed, 3 Failed, 4 Cancelled, 5 Expired, 6 deleted meanwhile, 7 the timeout.

    JSON and YAML are the Interview as the API server has it, at first and at each change that is seen (once a second):
    JSON on one line each, YAML as a document each. The turns are not in it.
    """
    cluster = open_cluster(kubeconfig, context, namespace)
    path = interviews_path(cluster.namespace, name)
    interview = cluster.kube.get(path)
    flags = ApiFlags(api_url, service_account, installation)
    feed = TurnFeed(lambda: flags.open(cluster.kube), cluster.namespace, name)
    turns = turns and output is None
    if turns and exit_code(phase_of(interview)) is None:
        feed.start()
    questions = _Questions(cluster.kube)
    with _screen(feed, questions, output) as show:
        last, code = _follow(cluster.kube, path, interview, show, timeout)
        if turns and code not in (Exit.DELETED, Exit.TIMEOUT):
            feed.stop(LAST_TURNS_SECONDS if feed.turns.seen else 0)
        show(last, [])
    said = talk(feed.turns, [])
    ending = {Exit.DELETED: "was deleted", Exit.TIMEOUT: f"is {phase_of(last)} still"}.get(code, f"is {phase_of(last)}")
    words = "; ".join(part for part in (why(last), said) if part)
    typer.echo(printable(f"{name} {ending}" + (f" ({words})" if words else "")), err=output is not None)
    raise typer.Exit(code)


def _follow(
    kube: Kube, path: str, interview: dict[str, Any], show: Show, timeout: float | None
) -> tuple[dict[str, Any], Exit]:
    """Look at the interview until it is over: it as it was last, and how the watch ends."""
    uid, started, heard = interview["metadata"]["uid"], time.monotonic(), time.monotonic()
    pause = threading.Event()
    notes: list[str] = []
    while True:
        show(interview, notes)
        code = exit_code(phase_of(interview))
        if code is not None:
            return interview, code
        if timeout is not None and time.monotonic() - started >= timeout:
            return interview, Exit.TIMEOUT
        pause.wait(EVERY_SECONDS)
        try:
            found = kube.get(path)
        except ClusterError as error:
            if error.status == 404:
                return interview, Exit.DELETED
            if error.status not in PASSING or time.monotonic() - heard > OUTAGE_SECONDS:
                raise
            notes = [str(error)]
            continue
        if found["metadata"]["uid"] != uid:
            return interview, Exit.DELETED
        interview, notes, heard = found, [], time.monotonic()


class _Questions:
    """The ids of the plan's questions, asked for once the template is pinned; none where they can't be read."""

    def __init__(self, kube: Kube) -> None:
        self._kube = kube
        self._found: list[str] | None = None

    def of(self, interview: dict[str, Any]) -> list[str]:
        pinned = ((interview.get("status") or {}).get("template") or {}).get("revision")
        if self._found is None and pinned:
            self._found = self._read(interview, pinned)
        return self._found or []

    def _read(self, interview: dict[str, Any], revision: str) -> list[str]:
        namespace = interview["metadata"]["namespace"]
        template = interview["spec"]["templateRef"]["name"]
        snapshot = path_of("/apis/apps/v1", "controllerrevisions", namespace, revision)
        current = path_of(PARLEY, "interviewtemplates", namespace, template)
        for path, part in ((snapshot, "data"), (current, "spec")):
            try:
                spec = self._kube.get(path).get(part) or {}
            except ClusterError:
                continue  # a right that not everybody has: the number of questions is then not shown
            return [str(question.get("id")) for question in spec.get("questions") or []]
        return []


@contextmanager
def _screen(feed: TurnFeed, questions: _Questions, output: Document | None) -> Iterator[Show]:
    """How a state is shown: drawn anew on a terminal, a line for each change in a pipe, a document where asked for."""
    if output is not None:
        yield _changes(lambda interview: piece(interview, output))
        return
    if sys.stdout.isatty():
        with Live(console=console(), refresh_per_second=4) as live:

            def draw(interview: dict[str, Any], notes: list[str]) -> None:
                trouble = [feed.trouble] if feed.trouble else []
                live.update(picture(interview, feed.turns, questions.of(interview), now(), [*notes, *trouble]))

            yield draw
        return
    yield _changes(lambda interview: line(interview, feed.turns, questions.of(interview)), lambda: feed.trouble)


def _changes(said: Callable[[dict[str, Any]], str], trouble: Callable[[], str] = str) -> Show:
    """Prints what is said of a state where it differs from what was said last; each note, and trouble, once."""
    told: set[str] = set()
    last = ""

    def tell(interview: dict[str, Any], notes: list[str]) -> None:
        nonlocal last
        current = said(interview)
        if current != last:
            typer.echo(current)
            last = current
        for note in {*notes, trouble()} - {""} - told:
            told.add(note)
            say(note)

    return tell
