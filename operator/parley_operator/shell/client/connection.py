"""How the operator reaches the API server: its service account inside a cluster, a kubeconfig outside."""

import contextlib
import os
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import kopf
from kubernetes.aio.client import ApiClient, Configuration
from kubernetes.aio.config import load_incluster_config, load_kube_config

CREDENTIALS_LIFETIME = timedelta(minutes=5)
"""How long kopf uses what it was given at least; projected tokens are renewed on disk well before they end."""


async def load_configuration() -> Configuration:
    """Reads the connection anew: `KUBECONFIG` when it is set or no service account is there, else the pod's own.

    Raises:
        kubernetes.aio.config.ConfigException: neither is usable.
    """
    configuration = Configuration()
    load: Any
    if "KUBECONFIG" not in os.environ and "KUBERNETES_SERVICE_HOST" in os.environ:
        load = load_incluster_config
        load(client_configuration=configuration)
    else:
        load = load_kube_config
        await load(client_configuration=configuration)
    configuration.connection_pool_maxsize = 64
    configuration.proxy = configuration.proxy or _environments_proxy(configuration.host)
    # Left to itself the client looks for a proxy, and for a netrc in another thread, before each call.
    configuration.client_session_kwargs = {"trust_env": False}
    return configuration


def _environments_proxy(url: str) -> str | None:
    """The proxy that the environment (`HTTPS_PROXY`, `NO_PROXY`, …) has for this URL."""
    parts = urlsplit(url)
    if parts.hostname is None or proxy_bypass(parts.hostname):
        return None
    return getproxies().get(parts.scheme)


@contextlib.asynccontextmanager
async def open_client(make: Callable[[Configuration], ApiClient] = ApiClient) -> AsyncIterator[ApiClient]:
    """A client whose token follows the file it came from."""
    client = make(await load_configuration())
    try:
        yield client
    finally:
        close: Any = client.close
        await close()


async def kopf_credentials(**_: Any) -> kopf.ConnectionInfo:
    """Kopf's login handler. It reads the token file each time (kopf's own piggybacking keeps the first one).

    kopf drops credentials that were refused when it is given equal ones again, and ends. So the same token has to make
    equal ones: the expiration moves in steps.
    """
    configuration = await load_configuration()
    bearer = str(configuration.api_key.get("BearerToken", ""))
    return kopf.ConnectionInfo(
        server=configuration.host,
        ca_path=configuration.ssl_ca_cert,
        insecure=not configuration.verify_ssl,
        scheme="Bearer" if bearer else None,
        token=bearer.partition(" ")[2].strip() or None,
        certificate_path=configuration.cert_file,
        private_key_path=configuration.key_file,
        expiration=_expiration(datetime.now(UTC)),
    )


def _expiration(now: datetime) -> datetime:
    """The step of the clock after the next one, so between one and two lifetimes away."""
    step = CREDENTIALS_LIFETIME.total_seconds()
    return datetime.fromtimestamp((now.timestamp() // step + 2) * step, UTC)
