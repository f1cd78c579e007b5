"""A hiring team for the benchmarks; they run on the same cluster as the end-to-end tests."""

from collections.abc import Iterator

import pytest
from support.cluster import Cluster, Hiring


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def hiring(cluster: Cluster) -> Iterator[Hiring]:
    cluster.delete("namespace", "bench", "default")
    cluster.kubectl("create", "namespace", "bench")
    yield Hiring(cluster, "bench")
    cluster.delete("namespace", "bench", "default")


@pytest.fixture
def measured_on(cluster: Cluster) -> str:
    """What the figures were measured on."""
    from importlib.metadata import version

    from support.figures import machine

    kubernetes = cluster.kubectl("version", "-o", "json")
    import json

    names = ("pipecat-ai", "kopf", "fastapi")
    return machine(
        {"Kubernetes": json.loads(kubernetes)["serverVersion"]["gitVersion"]} | {n: version(n) for n in names}
    )
