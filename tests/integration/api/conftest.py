"""The API as a program of its own, with the rights that it says it needs and no more, against a real API server."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import httpx
import pytest
from support.api import (
    BOT_ACCOUNT,
    BOTS,
    RELEASE,
    REVISION,
    TEMPLATE_SPEC,
    Api,
    Cluster,
    Interviewed,
    api_token,
    grant,
    run_api,
)
from support.control_plane import ControlPlane
from support.processes import Program

StartApi = Callable[..., Api]


@pytest.fixture(scope="session")
def cluster(control_plane: ControlPlane, crds: None) -> Iterator[Cluster]:
    """The administrator's hand."""
    hand = Cluster(control_plane)
    for name in (RELEASE, BOTS):
        hand.create("/api/v1/namespaces", {"metadata": {"name": name}})
    # No controller makes it here, and a pod is not admitted without one.
    hand.create(f"/api/v1/namespaces/{BOTS}/serviceaccounts", {"metadata": {"name": BOT_ACCOUNT}})
    yield hand
    hand.close()


@pytest.fixture(scope="session")
def start_api(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartApi]:
    """Start `python -m parley_api` with these further settings, and wait until it is ready."""
    kubeconfig = cluster.plane.kubeconfig_of(api_token(cluster))
    programs: list[Program] = []

    def start(**settings: str) -> Api:
        running, program = run_api(tmp_path_factory.mktemp("api"), kubeconfig, settings)
        programs.append(program)
        return running

    yield start
    for program in programs:
        program.stop()


@pytest.fixture(scope="session")
def api(start_api: StartApi) -> Api:
    """The API that most tests share."""
    return start_api()


@pytest.fixture
async def http(api: Api) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the public port."""
    async with httpx.AsyncClient(base_url=api.url, trust_env=False, timeout=15) as client:
        yield client


@pytest.fixture
def interview(cluster: Cluster, namespace: str) -> Callable[..., Interviewed]:
    """Make an Interview (and its template's snapshot), with the phase that the operator would have written."""
    snapshots: set[str] = set()

    def make(
        phase: str = "Open", attempt: int = 0, *, template: dict[str, Any] | None = None, **spec: Any
    ) -> Interviewed:
        revision = REVISION if template is None else f"other-{secrets.token_hex(3)}"
        if revision not in snapshots:
            snapshots.add(revision)
            body = {"metadata": {"name": revision}, "revision": 1, "data": {**TEMPLATE_SPEC, **(template or {})}}
            cluster.create(f"/apis/apps/v1/namespaces/{namespace}/controllerrevisions", body)
        name = f"ada.{secrets.token_hex(3)}"
        document = {
            "apiVersion": "parley.dev/v1alpha1",
            "kind": "Interview",
            "metadata": {"name": name},
            "spec": {"templateRef": {"name": "data-engineer"}, "candidate": {"name": "Ada"}, **spec},
        }
        created = cluster.create(f"/apis/parley.dev/v1alpha1/namespaces/{namespace}/interviews", document)
        made = Interviewed(cluster, namespace, name, created["metadata"]["uid"], revision)
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
