"""`parley doctor`."""

from dataclasses import asdict
from typing import Annotated

import typer

from parley_cli.doctor.finding import Finding, Level
from parley_cli.doctor.findings import evaluate
from parley_cli.doctor.gather import gather
from parley_cli.errors import Exit
from parley_cli.options import (
    DEFAULT_INSTALLATION,
    Account,
    Context,
    DocumentForm,
    Installation,
    Kubeconfig,
    Namespace,
    open_cluster,
)
from parley_cli.shown.printing import console, document, printable

_STYLES = {Level.OK: "green", Level.UNKNOWN: "dim", Level.WARNING: "yellow", Level.ERROR: "bold red"}


def doctor(
    everything: Annotated[bool, typer.Option("--all", help="Tell what is well, too.")] = False,
    output: DocumentForm = None,
    namespace: Namespace = None,
    all_namespaces: Annotated[
        bool, typer.Option("--all-namespaces", "-A", help="Look at the Interviews and templates of every namespace.")
    ] = False,
    service_account: Account = None,
    installation: Installation = DEFAULT_INSTALLATION,
    context: Context = None,
    kubeconfig: Kubeconfig = None,
) -> None:
    """Look for what is misconfigured, and tell how to mend it.

    It looks at the CRDs, the installation, its Lease, Secrets and storage, at Interviews and templates that are
    stalled, and at your own rights; it changes nothing, and reads no Secret's content. Exit code 1: an error was found;
    a warning is none.
    """
    cluster = open_cluster(kubeconfig, context, namespace)
    findings = evaluate(
        gather(cluster.kube, installation, cluster.namespace, service_account, everywhere=all_namespaces)
    )
    if output is not None:
        typer.echo(document([{**asdict(each), "level": str(each.level)} for each in findings], output))
    else:
        _show(findings, everything)
    if any(finding.level is Level.ERROR for finding in findings):
        raise typer.Exit(Exit.FAILURE)


def _show(findings: list[Finding], everything: bool) -> None:
    screen = console()
    for finding in findings:
        if finding.level is Level.OK and not everything:
            continue
        screen.print(f"{finding.level:<8}", style=_STYLES[finding.level], end="")
        screen.print(printable(f"{finding.check}: {finding.message}"), soft_wrap=True)
        if finding.remedy:
            screen.print(printable(f"        → {finding.remedy}"), soft_wrap=True)
    typer.echo(summary(findings))


def summary(findings: list[Finding]) -> str:
    """How many of each, in one line."""
    counts = {level: sum(finding.level is level for finding in findings) for level in Level}
    words = (
        f"{counts[Level.ERROR]} errors",
        f"{counts[Level.WARNING]} warnings",
        f"{counts[Level.UNKNOWN]} not to be seen",
        f"{counts[Level.OK]} well",
    )
    return ", ".join(words)
