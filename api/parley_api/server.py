"""Both listeners in one process: HTTP for people and candidates, TLS for bots and the operator."""

import asyncio
import contextlib
import logging
import signal
import ssl
from collections.abc import Iterator
from typing import Any

import uvicorn
from fastapi import FastAPI
from kubernetes.aio.config import ConfigException
from parley_protocol.socket import MAX_MESSAGE_BYTES
from sse_starlette.sse import AppStatus

from parley_api.app import internal_app, public_app, serve
from parley_api.kube import Kube
from parley_api.services import Services
from parley_api.settings import Settings
from parley_api.store import open_store

log = logging.getLogger(__name__)

CERTIFICATE_CHECK_SECONDS = 30.0
# Open connections of the public port, WebSockets and streams among them; beyond it, uvicorn answers 503. Uvicorn waits
# for a request's header for as long as it takes: what stands before this port on the Internet bounds that.
PUBLIC_CONNECTIONS = 2000
# Longer than a load balancer leaves an idle connection open (300 s, values-eks.yaml): where the target closes
# one first, what is sent into it just then is answered by 502. Idle ones count among PUBLIC_CONNECTIONS.
PUBLIC_KEEP_ALIVE_SECONDS = 310
BAD_SETTINGS = 2


class _Server(uvicorn.Server):
    """A server that leaves the signals to `run`, since two of them share one process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def run(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT, finish the open requests, and return the exit code."""
    try:
        context = _tls_context(settings)
        store = open_store(settings)
        services = Services.build(settings, await Kube.connect(), store)
    except (OSError, ConfigException, ValueError) as error:
        log.error("%s", _start_failure(settings, error))  # noqa: TRY400 - one line says it, a trace says no more
        return BAD_SETTINGS
    try:
        public = _Server(_public_config(settings, serve(public_app(settings), services)))
        inside = _Server(_internal_config(settings, serve(internal_app(settings), services), context))
        _stop_on_signals(public, inside)
        async with asyncio.TaskGroup() as group:
            background = [
                group.create_task(services.interviews.run()),
                group.create_task(_follow_certificate(settings, context)),
            ]
            log.info("serving on port %d (HTTP) and %d (TLS, inside)", settings.public_port, settings.internal_port)
            await asyncio.gather(public.serve(), inside.serve())
            for task in background:
                task.cancel()
    finally:
        await services.aclose()
    return 0


def _start_failure(settings: Settings, error: Exception) -> str:
    if isinstance(error, ConfigException):
        return f"no way to the Kubernetes API: {error}; run in a pod with a service account, or set KUBECONFIG"
    if isinstance(error, ValueError):
        return str(error)
    return f"PARLEY_TLS_CERT_FILE {settings.tls_cert_file}, PARLEY_TLS_KEY_FILE {settings.tls_key_file}: {error}"


def _tls_context(settings: Settings) -> ssl.SSLContext:
    """The internal port's TLS. Raises OSError (also ssl.SSLError) where certificate or key can't be used."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(settings.tls_cert_file, settings.tls_key_file)
    return context


async def _follow_certificate(settings: Settings, context: ssl.SSLContext) -> None:
    """Load the certificate again when its file changes: new connections get the new one."""
    known = settings.tls_cert_file.stat().st_mtime_ns
    while True:
        await asyncio.sleep(CERTIFICATE_CHECK_SECONDS)
        try:
            changed = settings.tls_cert_file.stat().st_mtime_ns
            if changed != known:
                # First into another one: a pair that does not match would leave the one in use broken.
                _tls_context(settings)
                context.load_cert_chain(settings.tls_cert_file, settings.tls_key_file)
                known = changed
                log.info("the certificate of the internal port was renewed")
        except OSError as error:
            # Certificate and key change one after the other: the next look finds both.
            log.warning("the certificate of the internal port can't be read now: %s", error)


def _public_config(settings: Settings, app: FastAPI) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        port=settings.public_port,
        ws="websockets-sansio",
        limit_concurrency=PUBLIC_CONNECTIONS,
        timeout_keep_alive=PUBLIC_KEEP_ALIVE_SECONDS,
        ws_max_size=MAX_MESSAGE_BYTES,
        # Sound does not compress, and to deflate each frame takes time.
        ws_per_message_deflate=False,
        **_common(settings),
    )


def _internal_config(settings: Settings, app: FastAPI, context: ssl.SSLContext) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        port=settings.internal_port,
        ws="none",
        ssl_context_factory=lambda _config, _default: context,
        timeout_keep_alive=65,
        **_common(settings),
    )


def _common(settings: Settings) -> dict[str, Any]:
    return {
        "host": settings.host,
        # Paths of rooms carry tickets: no line of uvicorn's own.
        "access_log": False,
        "log_config": None,
        "lifespan": "off",
        "server_header": False,
        "timeout_graceful_shutdown": settings.shutdown_seconds,
    }


def _stop_on_signals(*servers: uvicorn.Server) -> None:
    def stop() -> None:
        log.info("stopping: open requests have their time to finish")
        # Streams of events have no end of their own.
        AppStatus.should_exit = True
        for server in servers:
            server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
