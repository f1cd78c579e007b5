"""`parley transcript`."""

import json
import sys
from enum import StrEnum
from typing import Annotated

import typer

from parley_cli.errors import CliError, Exit
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
from parley_cli.shown.printing import document


class Format(StrEnum):
    """A form of the transcript."""

    JSON = "json"
    VTT = "vtt"
    TXT = "txt"


def show_transcript(
    name: InterviewName,
    form: Annotated[
        Format | None,
        typer.Option("--format", "-f", help="json: everything; vtt: captions (WebVTT); txt: to read; else txt."),
    ] = None,
    output: DocumentForm = None,
    namespace: Namespace = None,
    api_url: ApiUrl = None,
    service_account: Account = None,
    installation: Installation = DEFAULT_INSTALLATION,
    context: Context = None,
    kubeconfig: Kubeconfig = None,
) -> None:
    """Print the transcript of an interview that has ended.

    It comes from Parley's API; the service account needs `get` on interviews/transcript there.

    `-o json` is `--format json`, byte for byte as it is stored; `-o yaml` is the same document as YAML.
    """
    form = _form(form, output)
    cluster = open_cluster(kubeconfig, context, namespace)
    with ApiFlags(api_url, service_account, installation).open(cluster.kube) as api:
        data = api.transcript(cluster.namespace, name, form)
    if output is Document.YAML:
        typer.echo(_yaml(data))
        return
    # Byte for byte, since manifest.json has its hash.
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
    if sys.stdout.isatty() and not data.endswith(b"\n"):
        typer.echo()


def _form(form: Format | None, output: Document | None) -> Format:
    """The form to ask the API for. Raises CliError where the two flags name different ones."""
    if output is None:
        return form or Format.TXT
    if form in (None, Format.JSON):
        return Format.JSON
    raise CliError(f"--format {form} and -o {output} contradict each other: give one of them", Exit.USAGE)


def _yaml(data: bytes) -> str:
    """The transcript's document as YAML. Raises CliError where it is none."""
    try:
        return document(json.loads(data), Document.YAML)
    except ValueError as error:
        raise CliError("Parley's API answered with no JSON: look at --api-url, it may be a proxy's") from error
