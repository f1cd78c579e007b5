"""A hiring team for the benchmarks; they run on the same cluster as the end-to-end tests."""

import json
from collections.abc import Iterator
from importlib.metadata import version

import pytest
from support.cluster import Cluster, Hiring
from support.figures import machine


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
    kubernetes = cluster.kubectl("version", "-o", "json")
    names = ("pipecat-ai", "kopf", "fastapi")
    return machine(
        {"Kubernetes": json.loads(kubernetes)["serverVersion"]["gitVersion"]} | {n: version(n) for n in names}
    )
