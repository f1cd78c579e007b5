"""`parley logs`."""

import sys
from typing import Annotated, Any

import typer
import urllib3
from parley_crds.names import child_name, pod_name

from parley_cli.cluster.kube import core_path, interviews_path
from parley_cli.errors import CliError, ClusterError
from parley_cli.options import Context, InterviewName, Kubeconfig, Namespace, open_cluster
from parley_cli.shown.interviews import phase_of

CONTAINER = "bot"


def show_logs(
    name: InterviewName,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the bot ends.")] = False,
    attempt: Annotated[int | None, typer.Option(min=1, help="Which bot, from 1; else the latest.")] = None,
    tail: Annotated[int | None, typer.Option(min=0, help="The last lines only.")] = None,
    bots_namespace: Annotated[
        str, typer.Option(envvar="PARLEY_BOTS_NAMESPACE", metavar="NAMESPACE", help="Where bots run.")
    ] = "parley-bots",
    namespace: Namespace = None,
    context: Context = None,
    kubeconfig: Kubeconfig = None,
) -> None:
    """Print the log of an interview's bot.

    It takes the right to read pods/log where bots run. The log goes with the bot's pod. It is passed on as the
    bot wrote it, which is a JSON object on each line.
    """
    cluster = open_cluster(kubeconfig, context, namespace)
    interview = cluster.kube.get(interviews_path(cluster.namespace, name))
    pod = bot_pod(interview, attempt)
    query = {"container": CONTAINER, "follow": "true" if follow else None, "tailLines": tail}
    try:
        response = cluster.kube.lines(core_path("pods", bots_namespace, pod, "log"), query)
    except ClusterError as error:
        if error.status == 404:
            raise CliError(
                f"the bot {pod} is not in namespace {bots_namespace}: its pod and its log are gone, or bots run"
                " elsewhere (--bots-namespace)"
            ) from error
        raise
    _copy(response)


def bot_pod(interview: dict[str, Any], attempt: int | None) -> str:
    """The name of the pod of this attempt, of the latest without one. Raises CliError where there was no such bot."""
    metadata = interview["metadata"]
    latest = int(((interview.get("status") or {}).get("attempts") or {}).get("current") or 0)
    if latest == 0:
        raise CliError(f"{metadata['name']} is {phase_of(interview)} and had no bot yet, so there is no log")
    if attempt is not None and attempt > latest:
        raise CliError(f"--attempt: {metadata['name']} had {latest} bots only")
    return pod_name(child_name(metadata["name"], metadata["uid"]), attempt or latest)


def _copy(response: Any) -> None:
    """Write the log as it comes."""
    try:
        for piece in response.stream(8192):
            sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
    except (urllib3.exceptions.HTTPError, OSError) as error:
        if isinstance(error, BrokenPipeError):
            raise
        raise CliError(f"the log broke off ({type(error).__name__}): ask for it again") from error
    finally:
        response.release_conn()
