"""The emulator as a whole: models, the model's port and the control port."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass

from parley_emulators.nova.control import control_app
from parley_emulators.nova.faults import FaultBook
from parley_emulators.nova.http2 import Connection
from parley_emulators.nova.manners import MannersBook
from parley_emulators.nova.record import SessionBook
from parley_emulators.nova.service import NovaService
from parley_emulators.nova.session import Senses
from parley_emulators.nova.settings import NovaSettings
from parley_emulators.serving import StartupError, bind, serving
from parley_emulators.speech import vad
from parley_emulators.speech.recogniser import Recogniser
from parley_emulators.speech.synthesiser import Synthesiser


@dataclass
class RunningNova:
    """An emulator that serves."""

    port: int
    control_port: int
    service: NovaService
    models_loaded: asyncio.Event
    loading: asyncio.Task[None]

    async def until(self, stop: asyncio.Event) -> None:
        """Go on until told to stop.

        Raises:
            StartupError: The speech models cannot be loaded.
        """
        stopped = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait((stopped, self.loading), return_when=asyncio.FIRST_COMPLETED)
            if self.loading.done() and (error := self.loading.exception()):
                raise StartupError(f"the speech models cannot be loaded: {error}") from error
            await stopped
        finally:
            stopped.cancel()


@contextlib.asynccontextmanager
async def running(settings: NovaSettings) -> AsyncIterator[RunningNova]:
    """Serve while the block runs. The ports open at once; streams wait for the models, which load meanwhile.

    Raises:
        StartupError: A port, the certificate or its key cannot be used.
    """
    tls = _tls(settings)
    loaded = asyncio.Event()
    senses = Senses(Recogniser(), Synthesiser())
    service = NovaService(settings, senses, FaultBook(), SessionBook(), MannersBook())
    connections: set[Connection] = set()
    control = control_app(service.faults, service.sessions, service.manners, loaded.is_set)
    listener = bind(settings.host, settings.port)
    async with serving(control, settings.host, settings.control_port) as control_port:
        loading = asyncio.create_task(_load(senses, loaded))
        server = await asyncio.get_running_loop().create_server(
            lambda: Connection(service.handle, connections), sock=listener, ssl=tls
        )
        try:
            yield RunningNova(listener.getsockname()[1], control_port.port, service, loaded, loading)
        finally:
            server.close()
            await asyncio.gather(*(connection.close() for connection in connections))
            loading.cancel()
            await asyncio.gather(loading, return_exceptions=True)
            await senses.synthesiser.close()
            senses.recogniser.close()


async def _load(senses: Senses, loaded: asyncio.Event) -> None:
    await asyncio.gather(senses.recogniser.load(), senses.synthesiser.start(), asyncio.to_thread(vad.load))
    loaded.set()


def _tls(settings: NovaSettings) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.cert_file, settings.key_file)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StartupError(f"cannot use {settings.cert_file} with {settings.key_file}: {reason}") from error
    context.set_alpn_protocols(["h2"])
    return context
