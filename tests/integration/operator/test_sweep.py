"""The sweep's lists, as a real API server answers them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from kubernetes.aio.client import ApiClient, Configuration
from kubernetes.aio.config import load_kube_config
from parley_operator.shell.client.kube import METADATA_ONLY, SECRETS, Kube
from support.control_plane import ControlPlane


@pytest.fixture
async def kube(control_plane: ControlPlane) -> AsyncIterator[Kube]:
    configuration = Configuration()
    load: Any = load_kube_config
    await load(config_file=str(control_plane.kubeconfig), client_configuration=configuration)
    client: Any = ApiClient(configuration=configuration)
    yield Kube(client)
    await client.close()


async def test_a_list_of_metadata_is_whole_and_may_be_empty(control_plane: ControlPlane, kube: Kube) -> None:
    control_plane.kubectl("create", "namespace", "swept")
    assert await kube.list(SECRETS, "swept", "app=parley", accept=METADATA_ONLY) == []
    control_plane.kubectl("-n", "swept", "create", "secret", "generic", "inputs", "--from-literal=cv=private")
    control_plane.kubectl("-n", "swept", "label", "secret", "inputs", "app=parley")
    (found,) = await kube.list(SECRETS, "swept", "app=parley", accept=METADATA_ONLY)
    assert found["metadata"]["name"] == "inputs"
    assert "data" not in found
