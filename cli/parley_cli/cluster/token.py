"""A token for Parley's API, made for it alone and for ten minutes: by TokenRequest, for a service account.

The API takes no credentials of the kubeconfig: it asks for the audience `parley`, so that what is sent to it opens
nothing else.
"""

from dataclasses import dataclass, field

from parley_cli.cluster.kube import Kube, core_path
from parley_cli.errors import CliError, ClusterError

AUDIENCE = "parley"
LIFETIME_SECONDS = 600
"""The shortest lifetime that the API server makes."""
VARIABLE = "PARLEY_SERVICE_ACCOUNT"
_PREFIX = "system:serviceaccount:"


@dataclass(frozen=True)
class ServiceAccount:
    """Who the token is for."""

    namespace: str
    name: str

    def __str__(self) -> str:
        """As the flag takes it."""
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True)
class Token:
    """The token; never shown."""

    account: ServiceAccount
    value: str = field(repr=False)


def parse_account(text: str) -> ServiceAccount:
    """The account of `NAMESPACE/NAME`. Raises CliError for anything else."""
    namespace, slash, name = text.partition("/")
    if not (slash and namespace and name) or "/" in name:
        raise CliError(f"--service-account: {text!r} is not NAMESPACE/NAME")
    return ServiceAccount(namespace, name)


def account_of(username: str) -> ServiceAccount | None:
    """The service account that the API server calls by this name, or None for a person or a node."""
    if not username.startswith(_PREFIX):
        return None
    namespace, _, name = username.removeprefix(_PREFIX).partition(":")
    return ServiceAccount(namespace, name) if namespace and name else None


def caller(kube: Kube) -> str:
    """The name that the API server knows the kubeconfig's user by. Raises ClusterError."""
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    review = kube.review("/apis/authentication.k8s.io/v1/selfsubjectreviews", body)
    return str(review.get("status", {}).get("userInfo", {}).get("username") or "")


def choose_account(named: str | None, username: str) -> ServiceAccount:
    """The account that was named, else the caller's own.

    Raises:
        CliError: none was named and the caller is none; the message says how to make one.
    """
    account = parse_account(named) if named else account_of(username)
    if account is None:
        raise CliError(
            f"{username or 'this user'} is no service account, and Parley's API takes the tokens of service accounts:"
            f" name one by --service-account NAMESPACE/NAME or {VARIABLE}. To make one: {recipe('NAMESPACE', 'USER')}"
        )
    return account


def recipe(namespace: str, user: str) -> str:
    """The commands that make an account with the rights to read interviews, and let somebody use it."""
    kubectl = f"kubectl -n {namespace} create"
    what = ("interviews", "interviews/transcript", "interviews/recording", "interviews/link")
    rights = ",".join(each.replace("interviews", "interviews.parley.dev", 1) for each in what)
    return "; ".join(
        (
            f"{kubectl} serviceaccount parley-reader",
            f"{kubectl} role parley-reader --verb=get,list --resource={rights}",
            f"{kubectl} rolebinding parley-reader --role=parley-reader --serviceaccount={namespace}:parley-reader",
            f"{kubectl} role parley-reader-token --verb=create --resource=serviceaccounts/token"
            " --resource-name=parley-reader",
            f"{kubectl} rolebinding parley-reader-token --role=parley-reader-token --user={user}",
        )
    )


def request_token(kube: Kube, account: ServiceAccount) -> Token:
    """A token of the account for Parley's API.

    Raises:
        CliError: the caller may not, or there is no such account; the message says what to make.
        ClusterError: any other refusal.
    """
    body = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"audiences": [AUDIENCE], "expirationSeconds": LIFETIME_SECONDS},
    }
    try:
        answer = kube.review(core_path("serviceaccounts", account.namespace, account.name, "token"), body)
    except ClusterError as error:
        if error.status == 404:
            raise CliError(
                f"there is no service account {account}. To make one: {recipe(account.namespace, 'USER')}"
            ) from error
        if error.status == 403:
            raise CliError(
                f"you may not make tokens of the service account {account} ({error.message}). A Role must grant it:"
                f" {_grant(account)}"
            ) from error
        raise
    return Token(account, str(answer["status"]["token"]))


def _grant(account: ServiceAccount) -> str:
    return (
        f"kubectl -n {account.namespace} create role {account.name}-token --verb=create"
        f" --resource=serviceaccounts/token --resource-name={account.name}, and bind it to yourself"
    )
