"""Read what the doctor judges; nothing is changed, and of Secrets their presence alone is asked for."""

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from parley_crds import GROUP, INTERVIEW_PLURAL, TEMPLATE_PLURAL
from parley_crds.crd import all_crds

from parley_cli.cluster.kube import METADATA_ONLY, PARLEY, Kube, core_path, interviews_path, path_of
from parley_cli.cluster.token import ServiceAccount, account_of, caller, parse_account
from parley_cli.doctor.daily import daily_secret
from parley_cli.doctor.facts import (
    BOT_ACCOUNT,
    CA_CONFIG_MAP,
    CLAIM,
    DEFAULT_BOTS_NAMESPACE,
    DEPLOYMENTS,
    LEASE,
    SECRETS,
    Document,
    Facts,
    Reading,
    Right,
    State,
    environment,
)
from parley_cli.doctor.lease import duration, fresh, holder, renewed
from parley_cli.errors import ClusterError

_CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"

EVERY_SECONDS = 1.0
LONGEST_LOOK = 30
"""How many times at most a Lease that seems not to be renewed is looked at."""


def gather(
    kube: Kube, installation: str, namespace: str, named_account: str | None, *, everywhere: bool = False
) -> Facts:
    """Look at everything; at Interviews and templates in this namespace, or `everywhere`.

    Raises:
        CliError: the API server can't be reached, or takes no credentials of this kubeconfig.
    """
    username = caller(kube)
    account = parse_account(named_account) if named_account else account_of(username)
    deployments = {
        name: look(kube, path_of("/apis/apps/v1", "deployments", installation, name)) for name in DEPLOYMENTS
    }
    bots = _bots_namespace(deployments.values())
    lease, lease_moves = watch_lease(kube, installation)
    named = daily_secret(deployments)
    daily = look(kube, core_path("secrets", *named), METADATA_ONLY) if named else Reading(State.ABSENT)
    where = None if everywhere else namespace
    needed = needed_rights(namespace, installation, bots, account)
    return Facts(
        installation=installation,
        namespace=namespace,
        everywhere=everywhere,
        bots_namespace=bots,
        username=username,
        account=str(account) if account else None,
        crds={name: look(kube, f"{_CRDS}/{name}") for name in all_crds()},
        served=look(kube, PARLEY),
        deployments=deployments,
        lease=lease,
        lease_moves=lease_moves,
        secrets={name: look(kube, core_path("secrets", installation, name), METADATA_ONLY) for name in SECRETS},
        daily=daily,
        config_maps={
            where: look(kube, core_path("configmaps", where, CA_CONFIG_MAP), METADATA_ONLY)
            for where in (installation, bots)
        },
        bot_account=look(kube, core_path("serviceaccounts", bots, BOT_ACCOUNT)),
        claim=look(kube, core_path("persistentvolumeclaims", installation, CLAIM)),
        storage_classes=look(kube, "/apis/storage.k8s.io/v1/storageclasses"),
        templates=look_through(kube, path_of(PARLEY, TEMPLATE_PLURAL, where)),
        interviews=look_through(kube, interviews_path(where)),
        rights={right: may(kube, right) for right in needed},
    )


def look(kube: Kube, path: str, accept: str = "application/json") -> Reading:
    """The object at this path, or why it is not to be seen."""
    return _read(lambda: kube.get(path, accept=accept))


def look_through(kube: Kube, path: str) -> Reading:
    """The list at this path, every page of it."""
    return _read(lambda: {"items": kube.items(path)})


def _read(ask: Callable[[], Document]) -> Reading:
    try:
        return Reading(State.FOUND, ask())
    except ClusterError as error:
        return Reading(State.ABSENT if error.status == 404 else State.UNKNOWN, why=error.message)


def watch_lease(kube: Kube, installation: str) -> tuple[Reading, bool]:
    """The operator's Lease, and whether it is renewed.

    One that seems old may only be of a machine with another clock, so it is watched for as long as a renewal counts.
    """
    path = path_of("/apis/coordination.k8s.io/v1", "leases", installation, LEASE)
    first = look(kube, path)
    if first.state is not State.FOUND or not holder(first.document):
        return first, False
    if fresh(first.document, datetime.now(UTC)):
        return first, True
    for _ in range(min(duration(first.document), LONGEST_LOOK)):
        time.sleep(EVERY_SECONDS)
        again = look(kube, path)
        if again.state is State.FOUND and renewed(again.document) != renewed(first.document):
            return again, bool(holder(again.document))
    return first, False


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
