"""`parley cancel`."""

import sys
from typing import Annotated

import typer

from parley_cli.cluster.kube import interviews_path
from parley_cli.errors import CliError, ClusterError, Exit
from parley_cli.options import Context, DocumentForm, InterviewName, Kubeconfig, Namespace, open_cluster
from parley_cli.shown.interviews import is_over, phase_of
from parley_cli.shown.printing import document, printable, say


def cancel(
    name: InterviewName,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    output: DocumentForm = None,
    namespace: Namespace = None,
    context: Context = None,
    kubeconfig: Kubeconfig = None,
) -> None:
    """Call an interview off, for good.

    A conversation that is under way ends; what was said until then is kept. It can't be called on again. JSON and
    YAML are the Interview as it is then.
    """
    cluster = open_cluster(kubeconfig, context, namespace)
    path = interviews_path(cluster.namespace, name)
    interview = cluster.kube.get(path)
    phase = phase_of(interview)
    if is_over(interview):
        raise CliError(f"{name} is {phase} already: there is nothing to call off")
    if (interview.get("spec") or {}).get("cancel"):
        say(f"{name} was called off already.")
        if output is not None:
            typer.echo(document(interview, output))
        return
    if not yes:
        _ask(name, str((interview["spec"].get("candidate") or {}).get("name") or "the candidate"), phase)
    # The uid holds it to the interview that was looked at: one made anew by this name is another.
    body = {"metadata": {"uid": interview["metadata"]["uid"]}, "spec": {"cancel": True}}
    try:
        changed = cluster.kube.merge_patch(path, body)
    except ClusterError as error:
        # A uid can't be patched: with another one the API server takes it for a change of the field.
        if error.status == 422 and "metadata.uid: " in error.message:
            raise CliError(
                f"{name} was replaced by another Interview of this name meanwhile: nothing was done"
            ) from error
        raise
    typer.echo(f"{name} is called off" if output is None else document(changed, output))


def _ask(name: str, candidate: str, phase: str) -> None:
    if not sys.stdin.isatty():
        raise CliError(f"{name} is not called off: nobody can be asked here. Say --yes", Exit.USAGE)
    if not typer.confirm(printable(f"Call off {name} ({phase}) with {candidate}, for good?"), err=True):
        raise CliError(f"{name} is not called off")
