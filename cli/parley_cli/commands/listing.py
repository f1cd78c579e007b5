"""`parley list`."""

from typing import Annotated, Any

import typer

from parley_cli.cluster.kube import interviews_path
from parley_cli.options import Context, Kubeconfig, Namespace, Output, OutputForm, open_cluster
from parley_cli.shown.interviews import STYLES, header, now, phase_of, row
from parley_cli.shown.printing import document, say, show_table

NAME_PREFIX = "interview.parley.dev/"


def list_interviews(
    namespace: Namespace = None,
    all_namespaces: Annotated[bool, typer.Option("--all-namespaces", "-A", help="Of every namespace.")] = False,
    selector: Annotated[str | None, typer.Option("--selector", "-l", help="By label, such as team=data.")] = None,
    output: OutputForm = None,
    context: Context = None,
    kubeconfig: Kubeconfig = None,
) -> None:
    """List Interviews.

    JSON and YAML are the Interviews as the API server has them, in a List.
    """
    cluster = open_cluster(kubeconfig, context, namespace)
    items = cluster.kube.items(interviews_path(None if all_namespaces else cluster.namespace), selector)
    if output in (Output.JSON, Output.YAML):
        typer.echo(document({"apiVersion": "v1", "kind": "List", "metadata": {}, "items": items}, output))
    elif output is Output.NAME:
        for item in items:
            typer.echo(f"{NAME_PREFIX}{item['metadata']['name']}")
    else:
        _show(items, wide=output is Output.WIDE, all_namespaces=all_namespaces, namespace=cluster.namespace)


def _show(items: list[dict[str, Any]], *, wide: bool, all_namespaces: bool, namespace: str) -> None:
    if not items:
        say("No interviews anywhere." if all_namespaces else f"No interviews in namespace {namespace}.")
        return
    moment = now()
    rows = [row(item, moment, wide=wide, all_namespaces=all_namespaces) for item in items]
    styles = [STYLES.get(phase_of(item), "") for item in items]
    show_table(header(wide=wide, all_namespaces=all_namespaces), rows, styles)
