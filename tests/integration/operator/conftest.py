"""The operator as a process of its own on a real API server, with the rights that the chart gives it and no more."""

import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.chart import render, rights
from support.control_plane import ControlPlane
from support.operator_site import TEMPLATE, Daily, Orders, Site
from support.processes import free_ports


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
    made = installed(control_plane, orders, daily, tmp_path_factory.mktemp("operator"))
    made.start()
    yield made
    assert made.program is not None
    made.program.stop()


def installed(plane: ControlPlane, orders: Orders, daily: Daily, folder: Path) -> Site:
    """An installation whose operator was not started yet."""
    mark = secrets.token_hex(3)
    namespace, bots, home = f"hiring-{mark}", f"bots-{mark}", f"home-{mark}"
    for name in (namespace, bots, home):
        plane.kubectl("create", "namespace", name)
    plane.kubectl("-n", bots, "create", "serviceaccount", "parley-bot")
    chart = render(home, f"bots.namespace={bots}", f"operator.watchNamespaces={{{namespace}}}")
    granted = {"apiVersion": "v1", "kind": "List", "items": rights(chart, "parley-operator")}
    plane.kubectl("apply", "-f", "-", stdin=json.dumps(granted))
    token = plane.kubectl("-n", home, "create", "token", "parley-operator").stdout.strip()
    (folder / "token").write_text("the-operators-token\n")
    (folder / "bot.json").write_text(json.dumps({"image": "parley/bot:test"}))
    (port,) = free_ports(1)
    environment = {
        "KUBECONFIG": str(plane.kubeconfig_of(token)),
        "PARLEY_INSTALLATION": f"test-{mark}",
        "PARLEY_NAMESPACE": home,
        "PARLEY_BOTS_NAMESPACE": bots,
        "PARLEY_LINK_KEY": "k" * 43,
        "PARLEY_LINK_BASE_URL": "https://talk.example.com",
        "PARLEY_API_INTERNAL_URL": orders.url,
        "PARLEY_CA_FILE": str(orders.ca_file),
        "PARLEY_TOKEN_FILE": str(folder / "token"),
        "PARLEY_BOT_DEFAULTS_FILE": str(folder / "bot.json"),
        "PARLEY_WATCH_NAMESPACES": json.dumps([namespace]),
        "PARLEY_HEALTH_PORT": str(port),
        "PARLEY_DAILY_API_KEY": daily.KEY,
        "PARLEY_DAILY_API_URL": daily.url,
        "PARLEY_LOG_LEVEL": "DEBUG",
    }
    made = Site(plane, folder, orders, daily, namespace, bots, environment, f"http://127.0.0.1:{port}/healthz")
    made.create("InterviewTemplate", "backend", TEMPLATE)
    return made
