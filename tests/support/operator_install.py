"""An installation of the operator on a real API server, with the rights that the chart gives it and no more."""

import contextlib
import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from support.chart import render, rights
from support.control_plane import ControlPlane
from support.operator_site import TEMPLATE, Daily, Orders, Site
from support.processes import free_ports


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
    namespace, bots, home = f"hiring-{mark}", f"bots-{mark}", f"home-{mark}"
    for name in (namespace, bots, home):
        plane.kubectl("create", "namespace", name)
    plane.kubectl("-n", bots, "create", "serviceaccount", "parley-bot")
    chart = render(home, f"bots.namespace={bots}", f"operator.watchNamespaces={{{namespace}}}", *values)
    granted = {"apiVersion": "v1", "kind": "List", "items": rights(chart, "parley-operator")}
    plane.kubectl("apply", "-f", "-", stdin=json.dumps(granted))
    token = plane.kubectl("-n", home, "create", "token", "parley-operator").stdout.strip()
    (folder / "token").write_text("the-operators-token\n")
    (folder / "DAILY_API_KEY").write_text(f"{daily.KEY}\n")
    (folder / "bot.json").write_text(json.dumps({"image": "parley/bot:test"} | (bot or {})))
    (port,) = free_ports(1)
    variables = {
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
        "PARLEY_DAILY_API_KEY_FILE": str(folder / "DAILY_API_KEY"),
        "PARLEY_DAILY_SECRET": f"{home}/daily",
        "PARLEY_DAILY_API_URL": daily.url,
        "PARLEY_LOG_LEVEL": "DEBUG",
    } | environment
    made = Site(plane, folder, orders, daily, namespace, bots, variables, f"http://127.0.0.1:{port}/healthz")
    made.create("InterviewTemplate", "backend", TEMPLATE)
    try:
        yield made
    finally:
        if made.program is not None:
            made.program.stop()
