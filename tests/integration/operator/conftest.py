"""The operator as a process of its own on a real API server, with the rights that the chart gives it and no more."""

from collections.abc import Iterator

import pytest
from support.control_plane import ControlPlane
from support.operator_install import installed
from support.operator_site import Daily, Orders, Site


@pytest.fixture(scope="package")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orders]:
    taken = Orders(tmp_path_factory.mktemp("orders"))
    yield taken
    taken.stop()


@pytest.fixture(scope="package")
def daily(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daily]:
    emulator = Daily(tmp_path_factory.mktemp("daily") / "daily.log")
    yield emulator
    emulator.stop()


@pytest.fixture(scope="package")
def site(
    control_plane: ControlPlane,
    crds: None,
    collectors: None,
    orders: Orders,
    daily: Daily,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    """An installation in namespaces of its own, with its operator running."""
    with installed(control_plane, orders, daily, tmp_path_factory.mktemp("operator")) as made:
        made.start()
        yield made
