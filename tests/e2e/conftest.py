"""The local cluster with the chart on it (`make install`), a namespace for each test, and what a failure leaves."""

from collections.abc import Iterator

import pytest
from support.cluster import Cluster, Hiring


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def hiring(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Hiring]:
    """A fresh namespace with the example's template in it; deleted at the end with all its interviews."""
    name = f"e2e-{request.node.name.removeprefix('test_').replace('_', '-').replace('[', '-').rstrip(']')}"[:50]
    name = name.lower().strip("-")
    cluster.kubectl("delete", "namespace", name, "--ignore-not-found", "--wait")
    cluster.kubectl("create", "namespace", name)
    team = Hiring(cluster, name)
    yield team
    if failed := getattr(request.node, "failed", False):
        print(cluster.kubectl("get", "interviews", "-n", name, "-o", "yaml"))
        print(cluster.kubectl("get", "pods,events", "-A"))
        for workload in ("parley-operator", "parley-api", "parley-nova"):
            print(cluster.kubectl("logs", "-n", "parley", f"deployment/{workload}", "--tail=80"))
        for pod in cluster.list("pod", "parley-bots"):
            log = ("logs", "-n", "parley-bots", pod["metadata"]["name"], "--tail=80")
            print(cluster.run("kubectl", *log, check=False).stdout)
    cluster.kubectl("delete", "namespace", name, f"--wait={'false' if failed else 'true'}", "--timeout=60s")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def] # pytest's own
    """Tell the fixtures whether the test failed, so that they print what the person on call would ask for."""
    report = yield
    if report.when == "call":
        item.failed = report.failed  # type: ignore[attr-defined] # a mark of our own on the item
    return report
