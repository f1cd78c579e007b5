"""The flags that commands share, as kubectl names them, and what is opened by them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import typer

from parley_cli.cluster.connect import Connection, connect
from parley_cli.cluster.kube import Kube
from parley_cli.cluster.parley_api import URL_VARIABLE, ParleyApi
from parley_cli.cluster.token import VARIABLE, caller, choose_account, request_token

_CLUSTER = "Cluster"
_API = "Parley's API"

Kubeconfig = Annotated[
    str | None,
    typer.Option("--kubeconfig", metavar="FILE", help="The kubeconfig; else KUBECONFIG's.", rich_help_panel=_CLUSTER),
]
Context = Annotated[
    str | None,
    typer.Option("--context", help="The kubeconfig's context; else its current one.", rich_help_panel=_CLUSTER),
]
Namespace = Annotated[
    str | None,
    typer.Option("--namespace", "-n", help="The Interviews' namespace; else the context's.", rich_help_panel=_CLUSTER),
]
Installation = Annotated[
    str,
    typer.Option(
        "--installation",
        envvar="PARLEY_INSTALLATION_NAMESPACE",
        metavar="NAMESPACE",
        help="Where Parley is installed.",
        rich_help_panel=_CLUSTER,
    ),
]
ApiUrl = Annotated[
    str | None,
    typer.Option(
        "--api-url",
        envvar=URL_VARIABLE,
        metavar="URL",
        help="The API's address; else it is reached by a port-forward to its pod.",
        rich_help_panel=_API,
    ),
]
Account = Annotated[
    str | None,
    typer.Option(
        "--service-account",
        envvar=VARIABLE,
        metavar="NAMESPACE/NAME",
        help="Whose token of ten minutes is made for the API; else your own, where you are a service account.",
        rich_help_panel=_API,
    ),
]
InterviewName = Annotated[str, typer.Argument(metavar="NAME", help="The Interview's name.")]

DEFAULT_INSTALLATION = "parley"


class Output(StrEnum):
    """A form of printing."""

    JSON = "json"
    YAML = "yaml"
    NAME = "name"
    WIDE = "wide"


class Document(StrEnum):
    """A form of printing for programs."""

    JSON = "json"
    YAML = "yaml"


OutputForm = Annotated[Output | None, typer.Option("--output", "-o", help="How to print; else for people.")]
DocumentForm = Annotated[Document | None, typer.Option("--output", "-o", help="How to print; else for people.")]


def open_cluster(kubeconfig: str | None, context: str | None, namespace: str | None) -> Connection:
    """The cluster of the flags. Raises CliError."""
    return connect(kubeconfig, context, namespace)


@dataclass(frozen=True)
class ApiFlags:
    """The flags that say how Parley's API is reached, and as whom."""

    url: str | None
    account: str | None
    installation: str

    def open(self, kube: Kube) -> ParleyApi:
        """The API with a fresh token. Raises CliError."""
        account = choose_account(self.account, "" if self.account else caller(kube))
        token = request_token(kube, account)
        return ParleyApi.at(self.url, token) if self.url else ParleyApi.forwarded(kube, self.installation, token)
