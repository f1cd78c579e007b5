"""Liveness: the main loop answers, and the watches run."""

from collections.abc import Callable

from aiohttp import web


async def serve_health(port: int, healthy: Callable[[], str | None]) -> web.AppRunner:
    """Serves `/healthz`: 200 while `healthy()` gives None, else 503 with what it gives. The caller cleans up."""

    async def healthz(_: web.Request) -> web.Response:
        fault = healthy()
        return web.Response(status=200 if fault is None else 503, text=fault or "ok")

    app = web.Application()
    app.router.add_get("/healthz", healthz)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    # In a pod, the kubelet comes from outside.
    await web.TCPSite(runner, "0.0.0.0", port).start()  # noqa: S104 - the kubelet asks at the pod's address
    return runner
