"""The program: its commands, and one line for whatever goes wrong."""

import os
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import typer

from parley_cli.commands.cancel import cancel
from parley_cli.commands.create import create
from parley_cli.commands.doctor import doctor
from parley_cli.commands.link import show_link
from parley_cli.commands.listing import list_interviews
from parley_cli.commands.logs import show_logs
from parley_cli.commands.recording import save_recording
from parley_cli.commands.schemas import write_schemas
from parley_cli.commands.transcript import show_transcript
from parley_cli.commands.validate import validate
from parley_cli.commands.watch import watch
from parley_cli.errors import CliError, Exit
from parley_cli.shown.printing import say

PLUGIN = "kubectl-parley"
INTERRUPTED = 130

app = typer.Typer(
    no_args_is_help=True, pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]}
)
app.command("create")(create)
app.command("list")(list_interviews)
app.command("watch")(watch)
app.command("link")(show_link)
app.command("transcript")(show_transcript)
app.command("recording")(save_recording)
app.command("logs")(show_logs)
app.command("cancel")(cancel)
app.command("validate")(validate)
app.command("schemas")(write_schemas)
app.command("doctor")(doctor)


def _print_version(asked: bool) -> None:
    if asked:
        try:
            typer.echo(version("parley"))
        except PackageNotFoundError:
            typer.echo("unknown: not installed as a package")
        raise typer.Exit


@app.callback()
def parley(
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Spoken job interviews as Kubernetes resources.

    Works on the kubeconfig that kubectl uses; as `kubectl parley`, too.
    """


def main() -> None:
    """Run a command; every refusal is one line on standard error and an exit code of `Exit`."""
    name = "kubectl parley" if Path(sys.argv[0]).name == PLUGIN else "parley"
    try:
        app(prog_name=name)
    except CliError as error:
        say(f"{name}: {error}")
        sys.exit(error.code)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # The reader has gone, as `head` does; Python would complain at its end when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.FAILURE)
