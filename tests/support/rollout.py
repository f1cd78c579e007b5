"""Replicas of the API behind a Service, replaced one by one as a rolling update does it."""

import asyncio
import itertools
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from support.api import Api, launch_api
from support.api import eventually as answered
from support.certificates import Authority
from support.wait import eventually

START_SECONDS = 60.0
_PIECE = 65536


class Service:
    """One port of a Service: a new connection goes to the first of `backends`, ports; those that are open stay.

    A real one chooses by chance. The first is the one that a rolling update replaces next: so nobody is spared. `used`
    are those that ever had a connection.
    """

    def __init__(self, scheme: str) -> None:
        self.backends: list[int] = []
        self.used: set[int] = set()
        self.url = ""
        self._scheme = scheme
        self._carried: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Service"]:
        """Take connections while the block runs."""
        server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.url = f"{self._scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()
            for task in self._carried:
                task.cancel()
            await asyncio.gather(*self._carried, return_exceptions=True)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._carried.add(task)
        task.add_done_callback(self._carried.discard)
        if not self.backends:
            writer.transport.abort()
            return
        port = self.backends[0]
        try:
            reader_there, writer_there = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            writer.transport.abort()
            return
        self.used.add(port)
        try:
            await asyncio.gather(_carry(reader, writer_there), _carry(reader_there, writer))
        except ConnectionError:
            pass  # of either end: both are cut below
        finally:
            writer.transport.abort()
            writer_there.transport.abort()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(_PIECE):
        writer.write(piece)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


class Deployment:
    """Replicas of the API, the one that was ready first before the others, with the two ports of their Service.

    Args:
        folder: Where each replica has a folder of its own.
        kubeconfig: The API's own way to the cluster.
        settings: What all have in common: the store.
        authority: Whose certificate all of them have, as they have one Secret.
    """

    def __init__(self, folder: Path, kubeconfig: Path, settings: dict[str, str], authority: Authority) -> None:
        self.replicas: list[Api] = []
        self.gone: list[Api] = []
        self.public, self.inside = Service("http"), Service("https")
        self._folder, self._kubeconfig, self._settings, self._ca = folder, kubeconfig, settings, authority.file
        self._certificate, self._key = authority.server("api", "127.0.0.1")
        self._numbers = itertools.count(1)

    @asynccontextmanager
    async def open(self, replicas: int) -> AsyncIterator["Deployment"]:
        """So many replicas begin, and at the end all are stopped."""
        async with self.public.open(), self.inside.open():
            for _ in range(replicas):
                self._launch()
            try:
                yield self
            finally:
                everyone = [*self.gone, *self.replicas]
                for replica in everyone:
                    replica.program.terminate()
                for replica in everyone:
                    replica.program.stop()

    async def ready(self) -> None:
        """Wait until all are, and their Service knows them."""
        for replica in self.replicas[len(self.public.backends) :]:
            await self._join(replica)

    async def surge(self) -> None:
        """One more than there are to be comes up (`maxSurge: 1`), and is ready."""
        self._launch()
        await self.ready()

    async def retire(self, grace_seconds: float) -> float:
        """The oldest one gets no new connections and is told to end; the answer is how many seconds it took.

        Raises:
            TimeoutError: the kubelet would have killed it.
        """
        oldest = self.replicas.pop(0)
        self.gone.append(oldest)
        self.public.backends.pop(0)
        self.inside.backends.pop(0)
        told = time.monotonic()
        oldest.program.terminate()
        await eventually("the replica has ended", lambda: not oldest.program.running, grace_seconds)
        return time.monotonic() - told

    def _launch(self) -> None:
        # Not in a thread: the kernel ends a program with the thread that started it.
        folder = self._folder / f"api-{next(self._numbers)}"
        folder.mkdir()
        own = {
            "PARLEY_PUBLIC_URL": self.public.url,
            "PARLEY_TLS_CERT_FILE": str(self._certificate),
            "PARLEY_TLS_KEY_FILE": str(self._key),
        }
        self.replicas.append(launch_api(folder, self._kubeconfig, self._settings | own, self._ca))

    async def _join(self, api: Api) -> None:
        """As the readiness probe has it."""
        trusted = ssl.create_default_context(cafile=str(self._ca))
        async with httpx.AsyncClient(base_url=api.inside_url, verify=trusted, trust_env=False) as http:

            async def ready() -> bool:
                api.program.require_alive()
                try:
                    return (await http.get("/readyz")).is_success
                except httpx.TransportError:
                    return False

            await answered("the replica is ready", ready, START_SECONDS)
        self.public.backends.append(httpx.URL(api.url).port or 0)
        self.inside.backends.append(httpx.URL(api.inside_url).port or 0)
