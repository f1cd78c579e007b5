"""Liveness, readiness and metrics, served by a thread of their own: a main loop that is blocked can't say so."""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future

from aiohttp import web

from parley_operator.liveness import Pulse, fault, role
from parley_operator.shell.telemetry.metrics import CONTENT_TYPE, Meter

logger = logging.getLogger(__name__)

START_SECONDS = 10.0
STOP_SECONDS = 5.0


@contextlib.contextmanager
def serving_health(
    port: int, pulse: Callable[[], Pulse], meter: Meter, clock: Callable[[], float] = time.monotonic
) -> Iterator[int]:
    """Serves `/healthz`, `/readyz` and `/metrics` while it is open, and gives the port that it listens on.

    The first two are 200 where nothing is wrong, for a standby too: a rollout waits for the new replica while the old
    one holds the Lease. `pulse` and `meter` are asked in the server's thread.

    Raises:
        OSError: the port can't be had.
    """

    async def judge(_: web.Request) -> web.Response:
        last = pulse()
        wrong = fault(last, clock())
        return web.Response(status=200 if wrong is None else 503, text=wrong or f"ok: {role(last)}")

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=meter.render(), headers={"Content-Type": CONTENT_TYPE})

    app = web.Application()
    app.router.add_get("/healthz", judge)
    app.router.add_get("/readyz", judge)
    app.router.add_get("/metrics", metrics)
    listening: Future[int] = Future()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    def run() -> None:
        try:
            loop.run_until_complete(_serve(app, port, listening, stop))
        finally:
            loop.close()

    thread = threading.Thread(target=run, name="health", daemon=True)
    thread.start()
    try:
        yield listening.result(START_SECONDS)
    finally:
        with contextlib.suppress(RuntimeError):  # the loop is closed where the port could not be had
            loop.call_soon_threadsafe(stop.set)
        thread.join(STOP_SECONDS)


async def _serve(app: web.Application, port: int, listening: Future[int], stop: asyncio.Event) -> None:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    try:
        await runner.setup()
        # In a pod, the kubelet comes from outside.
        site = web.TCPSite(runner, "0.0.0.0", port)  # noqa: S104 - the kubelet asks at the pod's address
        await site.start()
        listening.set_result(runner.addresses[0][1])
        await stop.wait()
    except Exception as error:
        if listening.done():
            raise
        listening.set_exception(error)
    finally:
        await runner.cleanup()
