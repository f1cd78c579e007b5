"""Read what the doctor judges; nothing is changed, and of Secrets their presence alone is asked for."""

from collections.abc import Iterable

from parley_crds import GROUP, INTERVIEW_PLURAL, TEMPLATE_PLURAL
from parley_crds.crd import all_crds

from parley_cli.cluster.kube import METADATA_ONLY, PARLEY, Kube, core_path, path_of
from parley_cli.cluster.token import ServiceAccount, account_of, caller, parse_account
from parley_cli.doctor.facts import (
    BOT_ACCOUNT,
    CA_CONFIG_MAP,
    CLAIM,
    DEFAULT_BOTS_NAMESPACE,
    DEPLOYMENTS,
    SECRETS,
    Facts,
    Reading,
    Right,
    State,
    environment,
)
from parley_cli.errors import ClusterError

_CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


def gather(kube: Kube, installation: str, namespace: str, named_account: str | None) -> Facts:
    """Look at everything.

    Raises:
        CliError: the API server can't be reached, or takes no credentials of this kubeconfig.
    """
    username = caller(kube)
    account = parse_account(named_account) if named_account else account_of(username)
    deployments = {
        name: look(kube, path_of("/apis/apps/v1", "deployments", installation, name)) for name in DEPLOYMENTS
    }
    bots = _bots_namespace(deployments.values())
    needed = needed_rights(namespace, installation, bots, account)
    return Facts(
        installation=installation,
        namespace=namespace,
        bots_namespace=bots,
        username=username,
        account=str(account) if account else None,
        crds={name: look(kube, f"{_CRDS}/{name}") for name in all_crds()},
        served=look(kube, PARLEY),
        deployments=deployments,
        secrets={name: look(kube, core_path("secrets", installation, name), METADATA_ONLY) for name in SECRETS},
        config_maps={
            where: look(kube, core_path("configmaps", where, CA_CONFIG_MAP), METADATA_ONLY)
            for where in (installation, bots)
        },
        bot_account=look(kube, core_path("serviceaccounts", bots, BOT_ACCOUNT)),
        claim=look(kube, core_path("persistentvolumeclaims", installation, CLAIM)),
        storage_classes=look(kube, "/apis/storage.k8s.io/v1/storageclasses"),
        rights={right: may(kube, right) for right in needed},
    )


def look(kube: Kube, path: str, accept: str = "application/json") -> Reading:
    """The object at this path, or why it is not to be seen."""
    try:
        return Reading(State.FOUND, kube.get(path, accept=accept))
    except ClusterError as error:
        if error.status == 404:
            return Reading(State.ABSENT, why=error.message)
        return Reading(State.UNKNOWN, why=error.message)


def may(kube: Kube, right: Right) -> bool | None:
    """Whether the caller has the right; None where the API server does not say."""
    attributes = {
        "verb": right.verb,
        "group": right.group,
        "resource": right.resource,
        "subresource": right.subresource,
        "namespace": right.namespace,
        "name": right.name,
    }
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    try:
        return bool(kube.review(_REVIEWS, body).get("status", {}).get("allowed"))
    except ClusterError:
        return None


def needed_rights(namespace: str, installation: str, bots: str, account: ServiceAccount | None) -> list[Right]:
    """What the commands need the kubeconfig's user to be granted."""
    interviews = {"resource": INTERVIEW_PLURAL, "namespace": namespace, "group": GROUP}
    rights = [
        Right("list", purpose="parley list", **interviews),
        Right("get", purpose="parley watch, link, logs, cancel", **interviews),
        Right("create", purpose="parley create", **interviews),
        Right("patch", purpose="parley cancel", **interviews),
        Right("create", TEMPLATE_PLURAL, namespace, "parley create -f with templates", GROUP),
        Right("get", "secrets", namespace, "parley link"),
        Right("get", "pods", bots, "parley logs", subresource="log"),
        Right("list", "pods", installation, "reaching Parley's API without --api-url"),
        Right("create", "pods", installation, "reaching Parley's API without --api-url", subresource="portforward"),
    ]
    if account is not None:
        purpose = "parley transcript, and the turns of parley watch"
        token = Right("create", "serviceaccounts", account.namespace, purpose, subresource="token", name=account.name)
        rights.append(token)
    return rights


def _bots_namespace(deployments: Iterable[Reading]) -> str:
    """Where bots run, as the installation says itself."""
    for deployment in deployments:
        found = environment(deployment).get("PARLEY_BOTS_NAMESPACE")
        if found:
            return found
    return DEFAULT_BOTS_NAMESPACE
