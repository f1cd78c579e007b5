"""`parley recording`."""

from pathlib import Path
from typing import Annotated

import typer

from parley_cli.errors import CliError
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


def save_recording(
    name: InterviewName,
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write: Ogg Opus.")],
    namespace: Namespace = None,
    api_url: ApiUrl = None,
    service_account: Account = None,
    installation: Installation = DEFAULT_INSTALLATION,
    context: Context = None,
    kubeconfig: Kubeconfig = None,
) -> None:
    """Save the recording of an interview that has ended: the candidate on the left, the interviewer on the right.

    It comes from Parley's API; the service account needs `get` on interviews/recording there.
    """
    cluster = open_cluster(kubeconfig, context, namespace)
    # Beside its place first: what breaks off leaves no half a recording under the name.
    part = output.with_name(f"{output.name}.part")
    try:
        with (
            ApiFlags(api_url, service_account, installation).open(cluster.kube) as api,
            part.open("wb") as file,
        ):
            for piece in api.recording(cluster.namespace, name):
                file.write(piece)
        part.replace(output)
    except OSError as error:
        raise CliError(f"{output} can't be written: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)
