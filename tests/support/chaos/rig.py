"""One operator behind the proxy, in an installation of its own, with everybody else's hands and the peers."""

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import yaml

from support.chaos.hands import QuickSite
from support.chaos.kubelet import Kubelet
from support.control_plane import ControlPlane, start_control_plane
from support.fault_proxy import FaultProxy, Server
from support.operator_install import installed
from support.operator_site import Daily, Orders
from support.processes import Program
from support.wait import until

logger = logging.getLogger(__name__)

START_SECONDS = 180.0
"""Several operators start at once, on a machine that may be busy."""
LEAD_SECONDS = 2
"""How long before the window opens an Immediate bot starts here, so that a path sees both within seconds."""
START_DEADLINE_SECONDS = 180
"""How long a bot may take to its room: no path waits for it, and no fault lasts so long."""
QUIET_SECONDS = 0.5
LOOK_SECONDS, LOOK_ANYWAY_SECONDS = 0.02, 0.5
"""How often is looked whether the operator did something, and how often is asked though it did nothing."""
GRACE_SECONDS = 5
"""What a server has that is told to end."""


@dataclass
class Stage:
    """A real control plane with the CRDs, and the operator's peers. `hand` starts what has to outlive a case.

    The kernel ends a program with the thread that started it, so all are started by that one.
    """

    plane: ControlPlane
    orders: Orders
    daily: Daily
    folder: Path
    hand: ThreadPoolExecutor

    @classmethod
    @contextlib.contextmanager
    def built(cls, folder: Path, crds: str) -> Iterator[Self]:
        """A stage with its files in `folder`; `crds` is a list of them, as JSON."""
        (folder / "orders").mkdir(parents=True)
        with ThreadPoolExecutor(1) as hand:
            plane = hand.submit(start_control_plane, folder).result()
            try:
                # Once, before several operators start at once.
                compiling = [sys.executable, "-c", "import parley_operator.shell.run"]
                subprocess.run(compiling, env=os.environ | _keeping_bytecode(folder), check=True)
                plane.kubectl("apply", "--server-side", "-f", "-", stdin=crds)
                plane.kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")
                hand.submit(plane.start_collectors).result()
                daily = hand.submit(Daily, folder / "daily.log").result()
                orders = Orders(folder / "orders")
                try:
                    yield cls(plane, orders, daily, folder, hand)
                finally:
                    orders.stop()
                    daily.stop()
            finally:
                plane.stop()

    def revive(self, server: Program, away_seconds: float) -> None:
        """Starts etcd or the API server, which was told to end, again after a while.

        Told to end in order, an API server takes no more connections and waits a minute for those that watch; a machine
        that is shut down does not.
        """
        try:
            server.exit_code(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
        threading.Event().wait(away_seconds)
        self.hand.submit(server.start_again).result()
        self.plane.await_ready()

    def await_back(self) -> None:
        """Waits until what a case that went wrong has ended is there again."""
        until("the servers run", lambda: all(program.running for program in self.plane.programs), 120)
        self.plane.await_ready()


def _keeping_bytecode(folder: Path) -> dict[str, str]:
    """The operator starts some hundred times: what Python compiles is kept, also where it was told not to keep it."""
    return {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}


class Rig:
    """One operator and its proxy. Whoever uses it does so alone; an operator that ends is started again."""

    def __init__(self, stage: Stage, site: QuickSite) -> None:
        self.stage = stage
        self.site = site
        self.kills = 0
        self.exits = 0
        """How often the operator ended by itself."""
        self._up_since: float | None = None
        servers = {
            "kube": Server(stage.plane.url, stage.plane.ca_file),
            "daily": Server(stage.daily.url.removesuffix("/v1")),
            "api": Server(stage.orders.url, stage.orders.ca_file),
        }
        self.proxy = FaultProxy(servers, self._kill)
        self._point_to_proxy()
        self._closing = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)
        self._killed: int | None = None
        self.kubelet = Kubelet(site)

    @classmethod
    @contextlib.contextmanager
    def built(cls, stage: Stage, name: str, limit: int | None = None) -> Iterator[Self]:
        """An installation of its own, with its operator running; `limit` is how many bots it lets be at once."""
        folder = stage.folder / name
        folder.mkdir()
        settings = {
            "PARLEY_LEAD_SECONDS": str(LEAD_SECONDS),
            "PARLEY_START_DEADLINE_SECONDS": str(START_DEADLINE_SECONDS),
            "PARLEY_CAPACITY": json.dumps({"total": limit}),
        }
        settings |= _keeping_bytecode(stage.folder)
        with installed(stage.plane, stage.orders, stage.daily, folder, **settings) as site:
            rig = cls(stage, QuickSite.of(site))
            rig._keeper.start()
            try:
                until("the operator is up and has nothing to do", rig.quiet, START_SECONDS)
                yield rig
            finally:
                rig._close()

    def _point_to_proxy(self) -> None:
        environment, urls = self.site.environment, self.proxy.urls
        path = Path(environment["KUBECONFIG"])
        config = yaml.safe_load(path.read_text())
        config["clusters"][0]["cluster"] = {"server": urls["kube"]}
        path.write_text(json.dumps(config))
        environment["PARLEY_DAILY_API_URL"] = f"{urls['daily']}/v1"
        environment["PARLEY_API_INTERNAL_URL"] = urls["api"]

    def _kill(self) -> None:
        program = self.site.program
        if program is None or not program.running or self._killed == program.pid:
            return
        self._killed = program.pid
        self._up_since = None
        self.kills += 1
        os.kill(program.pid, signal.SIGKILL)

    def _keep(self) -> None:
        """Starts the operator, and again each time that it has ended, as its Deployment does."""
        while not self._closing.is_set():
            program = self.site.program
            if program is None or not program.running:
                self._start(program)
            self._closing.wait(0.02)

    def until[T](self, what: str, condition: Callable[[], T | None], seconds: float) -> T:
        """`support.wait.until` for what the operator brings about: asked when it did something, else now and then.

        A case asks for seconds while its operator starts, six of them side by side, and each question is a core's work.

        Raises:
            TimeoutError: the deadline has passed.
        """
        asked_after, asked_at = -1, 0.0

        def look() -> T | None:
            nonlocal asked_after, asked_at
            steps, now = self.proxy.steps, time.monotonic()
            if steps == asked_after and now - asked_at < LOOK_ANYWAY_SECONDS:
                return None
            asked_after, asked_at = steps, now
            return condition()

        return until(what, look, seconds, LOOK_SECONDS)

    def quiet(self) -> bool:
        """Whether the operator is up, and has asked for nothing for a while."""
        up_since, calls = self._up_since, self.proxy.calls
        last = max((call.at for call in calls[-20:] if call.kind in ("action", "read")), default=0.0)
        return up_since is not None and time.monotonic() - max(last, up_since) > QUIET_SECONDS

    def _start(self, former: Program | None) -> None:
        self._up_since = None
        if former is not None:
            if former.pid != self._killed:
                self.exits += 1
                logger.warning("the operator ended by itself: %s", former.output[-1000:])
            self.site.crash()
        try:
            self.site.start()
            self._up_since = time.monotonic()
        except (TimeoutError, RuntimeError) as error:
            # It is ended and started anew, as a probe would have it.
            logger.warning("the operator did not start: %s", error)
            if self.site.program is not None:
                self._killed = self.site.program.pid
                self.site.program.kill()

    def _close(self) -> None:
        self._closing.set()
        self._keeper.join(30)
        if self.site.program is not None:
            self.site.program.kill()
        self.kubelet.stop()
        self.proxy.stop()
