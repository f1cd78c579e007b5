"""Make what is missing, renew what is due, and leave alone what is good.

Two Jobs at once agree: what one creates first, the other finds (409) and reads. The CA's Secret may hold several
certificates, for the time in which the CA is changed: the first one issues, all of them are to be trusted.
"""

import base64
import binascii
import logging
import secrets
from collections.abc import Mapping
from datetime import datetime

from parley_crds.names import LABEL_MANAGED_BY, MANAGED_BY

from parley_api.certificates.issue import MalformedPairError, Pair, make_ca, make_leaf, trusted_pem, why_renew
from parley_api.certificates.settings import Settings, WantedCertificate
from parley_api.kube import Document, Kube, KubeError, core_path

log = logging.getLogger(__name__)

MANAGER = "parley-certificates"
CA_CERT, CA_KEY = "ca.crt", "ca.key"
TLS_CERT, TLS_KEY = "tls.crt", "tls.key"
LINK_KEY = "key"
CONFLICT = 409
LABELS = {LABEL_MANAGED_BY: MANAGED_BY, "app.kubernetes.io/component": "certificates"}


class UnusableSecretError(Exception):
    """A Secret is there whose content is none of ours; a person must look at it, for overwriting it loses keys."""


async def ensure_all(kube: Kube, settings: Settings, now: datetime) -> None:
    """Make the CA, its ConfigMaps, every certificate and, where it is ours to make, the link key true.

    Raises:
        UnusableSecretError: a Secret of ours holds something else.
        KubeError: the API server refused.
    """
    ca, trusted = await _ensure_ca(kube, settings, now)
    for namespace in (settings.namespace, settings.bots_namespace):
        await _ensure_config_map(kube, namespace, settings.ca_name, {CA_CERT: trusted})
    for wanted in settings.certificates:
        await _ensure_leaf(kube, settings.namespace, wanted, ca, now)
    if settings.link_key_secret is not None:
        await _ensure_link_key(kube, settings.namespace, settings.link_key_secret)


async def _ensure_ca(kube: Kube, settings: Settings, now: datetime) -> tuple[Pair, str]:
    """The pair that issues, and all that is to be trusted as PEM."""

    async def make() -> Document:
        ca = make_ca(f"Parley internal CA of {settings.namespace}"[:64], now)
        data = {CA_CERT: ca.certificate_pem, CA_KEY: ca.key_pem}
        return _secret(settings.namespace, settings.ca_name, "Opaque", data)

    path = core_path("secrets", settings.namespace)
    found = await kube.find(f"{path}/{settings.ca_name}")
    if found is None:
        found = await _create_or_read(kube, path, await make())
    try:
        certificates, key = _data(found, CA_CERT, CA_KEY)
        return Pair.parse(certificates, key), trusted_pem(certificates)
    except MalformedPairError as error:
        raise UnusableSecretError(f"Secret {settings.namespace}/{settings.ca_name}: {error}") from error


async def _ensure_leaf(kube: Kube, namespace: str, wanted: WantedCertificate, ca: Pair, now: datetime) -> None:
    def make() -> Document:
        leaf = make_leaf(ca, wanted.dns_names, now)
        data = {TLS_CERT: leaf.certificate_pem, TLS_KEY: leaf.key_pem, CA_CERT: ca.certificate_pem}
        return _secret(namespace, wanted.secret, "kubernetes.io/tls", data)

    path = core_path("secrets", namespace)
    found = await kube.find(f"{path}/{wanted.secret}")
    if found is None:
        found = await _create_or_read(kube, path, make())
    if found.get("type") != "kubernetes.io/tls":
        raise UnusableSecretError(f"Secret {namespace}/{wanted.secret}: its type is {found.get('type')}")
    try:
        reason = why_renew(Pair.parse(*_data(found, TLS_CERT, TLS_KEY)), ca, wanted.dns_names, now)
    except MalformedPairError as error:
        reason = str(error)
    if reason is None:
        return
    log.info("Renewing the certificate in Secret %s/%s: %s", namespace, wanted.secret, reason)
    await _replace_data(kube, f"{path}/{wanted.secret}", found, make()["data"])


async def _ensure_config_map(kube: Kube, namespace: str, name: str, data: Mapping[str, str]) -> None:
    path = core_path("configmaps", namespace)
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _metadata(namespace, name), "data": dict(data)}
    found = await kube.find(f"{path}/{name}")
    if found is None:
        found = await _create_or_read(kube, path, body)
    if found.get("data") != data:
        log.info("Writing the CA's certificate into ConfigMap %s/%s", namespace, name)
        await _replace_data(kube, f"{path}/{name}", found, dict(data))


async def _ensure_link_key(kube: Kube, namespace: str, name: str) -> None:
    path = core_path("secrets", namespace)
    found = await kube.find(f"{path}/{name}")
    if found is None:
        key = secrets.token_urlsafe(32).encode()
        found = await _create_or_read(kube, path, _secret(namespace, name, "Opaque", {LINK_KEY: key}))
    if not (found.get("data") or {}).get(LINK_KEY):
        raise UnusableSecretError(f"Secret {namespace}/{name}: it has no {LINK_KEY!r}")


async def _create_or_read(kube: Kube, path: str, body: Document) -> Document:
    name = body["metadata"]["name"]
    try:
        created = await kube.create(path, body, {"fieldManager": MANAGER})
    except KubeError as error:
        if error.status != CONFLICT or error.reason != "AlreadyExists":
            raise
        return await kube.get(f"{path}/{name}")
    log.info("Made %s %s/%s", body["kind"], body["metadata"]["namespace"], name)
    return created


async def _replace_data(kube: Kube, path: str, found: Document, data: Mapping[str, str]) -> None:
    """Write exactly this data, unless somebody changed the object since it was read (KubeError 409)."""
    gone: dict[str, str | None] = dict.fromkeys(found.get("data") or {})
    version = {"resourceVersion": found["metadata"]["resourceVersion"]}
    await kube.merge_patch(path, {"metadata": version, "data": {**gone, **data}}, manager=MANAGER)


def _metadata(namespace: str, name: str) -> Document:
    return {"namespace": namespace, "name": name, "labels": LABELS}


def _secret(namespace: str, name: str, kind: str, data: Mapping[str, bytes]) -> Document:
    encoded = {key: base64.b64encode(value).decode() for key, value in data.items()}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": kind,
        "metadata": _metadata(namespace, name),
        "data": encoded,
    }


def _data(secret: Document, *keys: str) -> list[bytes]:
    data = secret.get("data") or {}
    try:
        return [base64.b64decode(data[key], validate=True) for key in keys]
    except (KeyError, binascii.Error) as error:
        raise MalformedPairError(f"it lacks {' or '.join(keys)}") from error
