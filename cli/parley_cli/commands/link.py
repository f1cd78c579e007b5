"""`parley link`."""

import base64
import binascii
from typing import Any

import typer
from parley_crds.names import LINK_URL_KEY

from parley_cli.cluster.kube import core_path, interviews_path
from parley_cli.errors import CliError, ClusterError
from parley_cli.options import Context, DocumentForm, InterviewName, Kubeconfig, Namespace, open_cluster
from parley_cli.shown.interviews import condition, is_over, phase_of
from parley_cli.shown.printing import document

_AGAIN = (
    "the operator puts the same link back within some ten minutes. Raise spec.linkEpoch for another at once; the former"
    " opens nothing any more then"
)
"""Nobody watches links' Secrets: the operator sees that one is gone when it looks at its interview again."""


def show_link(
    name: InterviewName,
    output: DocumentForm = None,
    namespace: Namespace = None,
    context: Context = None,
    kubeconfig: Kubeconfig = None,
) -> None:
    """Print the candidate's link, and nothing else.

    Who has the link is the candidate: send it to nobody else. It takes the right to read Secrets in the namespace. JSON
    and YAML have it as url, beside the Interview's namespace and name and the Secret's secretName.
    """
    cluster = open_cluster(kubeconfig, context, namespace)
    interview = cluster.kube.get(interviews_path(cluster.namespace, name))
    secret_name = link_secret(interview)
    try:
        secret = cluster.kube.get(core_path("secrets", cluster.namespace, secret_name))
    except ClusterError as error:
        if error.status == 404:
            raise CliError(f"the link of {name} is gone ({secret_name} is no more): {_AGAIN}") from error
        raise
    url = url_of(secret)
    if output is None:
        typer.echo(url)
        return
    fields = {"namespace": cluster.namespace, "name": name, "secretName": secret_name, "url": url}
    typer.echo(document(fields, output))


def link_secret(interview: dict[str, Any]) -> str:
    """The name of the Secret that holds the link.

    Raises:
        CliError: the interview is over, or has no link yet; the message says why.
    """
    name = interview["metadata"]["name"]
    if is_over(interview):
        raise CliError(f"{name} is {phase_of(interview)}: its link is gone. Create another Interview")
    found = (interview.get("status") or {}).get("linkSecretName")
    if found:
        return str(found)
    why = condition(interview, "Stalled") or {}
    if why.get("status") != "True":
        why = condition(interview, "Accepted") or {}
    words = f"{why.get('reason')}: {why.get('message')}" if why.get("reason") else "the operator has not seen it"
    raise CliError(
        f"{name} has no link yet ({words}). Wait for it by `parley watch {name}`; `parley doctor` looks deeper"
    )


def url_of(secret: dict[str, Any]) -> str:
    """The link in the Secret. Raises CliError where there is none."""
    try:
        return base64.b64decode((secret.get("data") or {})[LINK_URL_KEY], validate=True).decode()
    except (KeyError, TypeError, binascii.Error, UnicodeDecodeError) as error:
        raise CliError(f"the Secret {secret['metadata']['name']} holds no {LINK_URL_KEY}: {_AGAIN}") from error
