"""`parley transcript`."""

import sys
from enum import StrEnum
from typing import Annotated

import typer

from parley_cli.options import (
    DEFAULT_INSTALLATION,
    Account,
    ApiFlags,
    ApiUrl,
    Context,
    Installation,
    InterviewName,
    Kubeconfig,
    Namespace,
    open_cluster,
)


class Format(StrEnum):
    """A form of the transcript."""

    JSON = "json"
    VTT = "vtt"
    TXT = "txt"


def show_transcript(
    name: InterviewName,
    form: Annotated[
        Format, typer.Option("--format", "-f", help="json: everything; vtt: captions (WebVTT); txt: to read.")
    ] = Format.TXT,
    namespace: Namespace = None,
    api_url: ApiUrl = None,
    service_account: Account = None,
    installation: Installation = DEFAULT_INSTALLATION,
    context: Context = None,
    kubeconfig: Kubeconfig = None,
) -> None:
    """Print the transcript of an interview that has ended.

    It comes from Parley's API; the service account needs `get` on interviews/transcript there.
    """
    cluster = open_cluster(kubeconfig, context, namespace)
    with ApiFlags(api_url, service_account, installation).open(cluster.kube) as api:
        data = api.transcript(cluster.namespace, name, form)
    # Byte for byte, since manifest.json has its hash.
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
    if sys.stdout.isatty() and not data.endswith(b"\n"):
        typer.echo()
