"""A real kube-apiserver for the tests of this folder, with the CRDs on it and a fresh namespace for each test.

And a real S3 server.
"""

import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes.aio import client as untyped_client
from kubernetes.aio import config as untyped_config
from parley_crds.crd import all_crds
from support.control_plane import ControlPlane, start_control_plane
from support.peer_crds import peer_crds
from support.s3 import S3Server, running_s3
from support.wait import until

# The package claims to be typed, but takes plain documents that its annotations do not name.
client: Any = untyped_client
config: Any = untyped_config
TokenFactory = Callable[..., Awaitable[str]]


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A running etcd and kube-apiserver, without CRDs."""
    plane = start_control_plane(tmp_path_factory.mktemp("control-plane"))
    yield plane
    plane.stop()


@pytest.fixture(scope="session")
def collectors(control_plane: ControlPlane) -> None:
    """The garbage collector, the deletion of namespaces and the default service accounts work too."""
    control_plane.start_collectors()


@pytest.fixture(scope="session")
def crds(control_plane: ControlPlane) -> None:
    """Parley's CRDs are installed and served."""
    documents = {"apiVersion": "v1", "kind": "List", "items": list(all_crds().values())}
    control_plane.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(documents))
    _established(control_plane, [*all_crds()])
    # Discovery comes a moment later, and kubectl keeps what it found there before: `get` alone asks again.
    listing = ("get", ",".join(all_crds()), "--all-namespaces")
    until("the kinds are served", lambda: control_plane.kubectl(*listing, check=False).returncode == 0, 30)


@pytest.fixture(scope="session")
def peers(control_plane: ControlPlane, crds: None) -> None:
    """The CRDs of the peers that our manifests are written for are installed and served, beside ours."""
    found = peer_crds()
    documents = {"apiVersion": "v1", "kind": "List", "items": found}
    control_plane.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(documents))
    names = [crd["metadata"]["name"] for crd in found]
    _established(control_plane, names)
    kinds = ",".join(names)
    until("they are served", lambda: not control_plane.kubectl("get", kinds, "-A", check=False).returncode, 30)


def _established(plane: ControlPlane, names: list[str]) -> None:
    """Wait until the API server has taken on these CRDs."""
    # Of one that has no conditions yet `kubectl wait` says that it can't read them, and gives up.
    words = ("wait", "--for=condition=Established", "--timeout=30s", *(f"crd/{name}" for name in names))
    until("the CRDs are established", lambda: plane.kubectl(*words, check=False).returncode == 0, 60)


@pytest.fixture(scope="session")
def kubeconfig(control_plane: ControlPlane, crds: None) -> Path:
    """The administrator's kubeconfig, on an API server with the CRDs."""
    return control_plane.kubeconfig


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A running S3 server, without buckets."""
    with running_s3(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
async def api_client(kubeconfig: Path) -> AsyncIterator[Any]:
    """The administrator's `kubernetes.aio` client, on an API server with the CRDs."""
    api = await config.new_client_from_config(config_file=str(kubeconfig))
    yield api
    await api.close()


@pytest.fixture
async def namespace(api_client: Any) -> str:
    """A namespace that nobody used before. It is left behind: the whole API server goes away at the end."""
    name = f"test-{secrets.token_hex(4)}"
    await client.CoreV1Api(api_client).create_namespace({"metadata": {"name": name}})
    return name


@pytest.fixture
async def service_account_token(api_client: Any) -> TokenFactory:
    """Make a service-account token by TokenRequest; the account is made when it is not there.

    Call it as `await service_account_token(namespace, name, audiences=["parley"], pod=pod)`. Without `audiences` the
    API server itself accepts the token; `pod`, an existing V1Pod of that account, binds the token to it.
    """
    core = client.CoreV1Api(api_client)

    async def make(namespace: str, name: str, *, audiences: list[str] | None = None, pod: Any = None) -> str:
        try:
            await core.create_namespaced_service_account(namespace, {"metadata": {"name": name}})
        except client.ApiException as error:
            if error.status != 409:
                raise
        spec: dict[str, Any] = {"audiences": audiences or [], "expirationSeconds": 3600}
        if pod is not None:
            ref = {"apiVersion": "v1", "kind": "Pod", "name": pod.metadata.name, "uid": pod.metadata.uid}
            spec["boundObjectRef"] = ref
        request = await core.create_namespaced_service_account_token(name, namespace, {"spec": spec})
        return str(request.status.token)

    return make
