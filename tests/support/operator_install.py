"""An installation of the operator on a real API server, with the rights that the chart gives it and no more."""

import contextlib
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.chart import render, rights
from support.control_plane import ControlPlane
from support.operator_site import TEMPLATE, Daily, Orders, Site
from support.processes import free_ports


@dataclass(frozen=True)
class Spaces:
    """An installation's namespaces: the interviews', the bots', and the release's."""

    hiring: str
    bots: str
    home: str


def granted(
    plane: ControlPlane,
    orders: Orders,
    folder: Path,
    spaces: Spaces,
    installation: str,
    *values: str,
    bot: dict[str, Any] | None = None,
) -> dict[str, str]:
    """Grants the operator what the chart does, and gives its environment; its files come into `folder`."""
    chart = render(
        spaces.home, f"bots.namespace={spaces.bots}", f"operator.watchNamespaces={{{spaces.hiring}}}", *values
    )
    items = {"apiVersion": "v1", "kind": "List", "items": rights(chart, "parley-operator")}
    plane.kubectl("apply", "-f", "-", stdin=json.dumps(items))
    account = ("-n", spaces.home, "create", "token", "parley-operator", "--duration=4h")
    token = plane.kubectl(*account).stdout.strip()
    (folder / "token").write_text("the-operators-token\n")
    (folder / "bot.json").write_text(json.dumps({"image": "parley/bot:test"} | (bot or {})))
    (port,) = free_ports(1)
    return {
        "KUBECONFIG": str(plane.kubeconfig_of(token)),
        "PARLEY_INSTALLATION": installation,
        "PARLEY_NAMESPACE": spaces.home,
        "PARLEY_BOTS_NAMESPACE": spaces.bots,
        "PARLEY_LINK_KEY": "k" * 43,
        "PARLEY_LINK_BASE_URL": "https://talk.example.com",
        "PARLEY_API_INTERNAL_URL": orders.url,
        "PARLEY_CA_FILE": str(orders.ca_file),
        "PARLEY_TOKEN_FILE": str(folder / "token"),
        "PARLEY_BOT_DEFAULTS_FILE": str(folder / "bot.json"),
        "PARLEY_WATCH_NAMESPACES": json.dumps([spaces.hiring]),
        "PARLEY_HEALTH_PORT": str(port),
    }


@contextlib.contextmanager
def installed(
    plane: ControlPlane,
    orders: Orders,
    daily: Daily,
    folder: Path,
    *values: str,
    bot: dict[str, Any] | None = None,
    **environment: str,
) -> Iterator[Site]:
    """An installation in namespaces of its own; its operator, which the test starts, is stopped at the end.

    `values` are the chart's beside the namespaces, `bot` more of the bots' defaults, `environment` more variables.
    """
    mark = secrets.token_hex(3)
    spaces = Spaces(f"hiring-{mark}", f"bots-{mark}", f"home-{mark}")
    for name in (spaces.hiring, spaces.bots, spaces.home):
        plane.kubectl("create", "namespace", name)
    plane.kubectl("-n", spaces.bots, "create", "serviceaccount", "parley-bot")
    (folder / "DAILY_API_KEY").write_text(f"{daily.KEY}\n")
    variables = granted(plane, orders, folder, spaces, f"test-{mark}", *values, bot=bot) | {
        "PARLEY_DAILY_API_KEY_FILE": str(folder / "DAILY_API_KEY"),
        "PARLEY_DAILY_SECRET": f"{spaces.home}/daily",
        "PARLEY_DAILY_API_URL": daily.url,
        "PARLEY_LOG_LEVEL": "DEBUG",
    }
    variables |= environment
    health = f"http://127.0.0.1:{variables['PARLEY_HEALTH_PORT']}/healthz"
    made = Site(plane, folder, orders, daily, spaces.hiring, spaces.bots, variables, health)
    made.create("InterviewTemplate", "backend", TEMPLATE)
    try:
        yield made
    finally:
        if made.program is not None:
            made.program.stop()
