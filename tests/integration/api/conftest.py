"""The API as a program of its own, with the rights that it says it needs and no more, against a real API server."""

import json
import secrets
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import httpx
import pytest
from support.api import (
    BOTS,
    DEADLINE,
    INSTALLATION,
    LINK_KEY,
    ORIGIN,
    PAGE,
    RELEASE,
    TEMPLATE_SPEC,
    Api,
    Cluster,
    Interviewed,
    api_token,
    grant,
    is_ready,
)
from support.certificates import Authority
from support.control_plane import ControlPlane
from support.processes import Program, free_ports
from support.wait import until


@pytest.fixture(scope="session")
def cluster(control_plane: ControlPlane, crds: None) -> Iterator[Cluster]:
    """The administrator's hand."""
    hand = Cluster(control_plane)
    for name in (RELEASE, BOTS):
        hand.create("/api/v1/namespaces", {"metadata": {"name": name}})
    # No controller makes it here, and a pod is not admitted without one.
    hand.create(f"/api/v1/namespaces/{BOTS}/serviceaccounts", {"metadata": {"name": "default"}})
    yield hand
    hand.close()


@pytest.fixture(scope="session")
def api(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """`python -m parley_api`, ready."""
    folder = tmp_path_factory.mktemp("api")
    certificate, key = Authority(folder).server("api", "127.0.0.1")
    port, inside = free_ports(2)
    (folder / "store").mkdir()
    env = {
        "KUBECONFIG": str(cluster.plane.kubeconfig_of(api_token(cluster))),
        "PARLEY_NAMESPACE": RELEASE,
        "PARLEY_BOTS_NAMESPACE": BOTS,
        "PARLEY_INSTALLATION": INSTALLATION,
        "PARLEY_LINK_KEY": LINK_KEY,
        "PARLEY_LINK_BASE_URL": PAGE,
        "PARLEY_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "PARLEY_CORS_ORIGINS": json.dumps([ORIGIN]),
        "PARLEY_STORE__PATH": str(folder / "store"),
        "PARLEY_HOST": "127.0.0.1",
        "PARLEY_PUBLIC_PORT": str(port),
        "PARLEY_INTERNAL_PORT": str(inside),
        "PARLEY_TLS_CERT_FILE": str(certificate),
        "PARLEY_TLS_KEY_FILE": str(key),
        "PARLEY_LOG_LEVEL": "DEBUG",
    }
    program = Program([sys.executable, "-m", "parley_api"], folder / "api.log", env)
    running = Api(
        f"http://127.0.0.1:{port}",
        f"https://127.0.0.1:{inside}",
        folder / "ca.crt",
        folder / "store",
        folder / "api.log",
    )
    until("the API is ready", lambda: is_ready(running, program), DEADLINE)
    yield running
    program.stop()


@pytest.fixture
async def http(api: Api) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the public port."""
    async with httpx.AsyncClient(base_url=api.url, trust_env=False, timeout=15) as client:
        yield client


@pytest.fixture
def interview(cluster: Cluster, namespace: str) -> Callable[..., Interviewed]:
    """Make an Interview (and its template's snapshot), with the phase that the operator would have written."""
    revision = {
        "metadata": {"name": "data-engineer-abc"},
        "revision": 1,
        "data": TEMPLATE_SPEC,
    }
    cluster.create(f"/apis/apps/v1/namespaces/{namespace}/controllerrevisions", revision)

    def make(phase: str | None = "Open", attempt: int = 0, **spec: Any) -> Interviewed:
        name = f"ada.{secrets.token_hex(3)}"
        document = {
            "apiVersion": "parley.dev/v1alpha1",
            "kind": "Interview",
            "metadata": {"name": name},
            "spec": {"templateRef": {"name": "data-engineer"}, "candidate": {"name": "Ada"}, **spec},
        }
        created = cluster.create(f"/apis/parley.dev/v1alpha1/namespaces/{namespace}/interviews", document)
        made = Interviewed(cluster, namespace, name, created["metadata"]["uid"])
        if phase is not None:
            made.operator_status(phase, attempt)
        return made

    return make


@pytest.fixture
def person(cluster: Cluster, namespace: str, service_account_token: Any) -> Callable[..., Awaitable[dict[str, str]]]:
    """Headers of somebody with these rights in the test's namespace, e.g. `interviews/link: get`."""

    async def make(rights: dict[str, list[str]], audiences: tuple[str, ...] = ("parley",)) -> dict[str, str]:
        name = f"person-{secrets.token_hex(3)}"
        rules = [
            {"apiGroups": ["parley.dev"], "resources": [resource], "verbs": verbs} for resource, verbs in rights.items()
        ]
        if rules:
            grant(cluster, name, rules, {"kind": "ServiceAccount", "name": name, "namespace": namespace}, namespace)
        token = await service_account_token(namespace, name, audiences=list(audiences) or None)
        return {"Authorization": f"Bearer {token}"}

    return make
