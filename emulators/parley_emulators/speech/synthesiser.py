"""Text to speech by a Piper process of its own (see `piper_worker`), with a bounded cache of what was said before."""

import asyncio
import contextlib
import json
import struct
import sys
from collections import OrderedDict
from pathlib import Path
from typing import cast

from parley_emulators.speech.audio import resample

_REQUEST = struct.Struct(">I")
_ANSWER = struct.Struct(">II")
_WORKER = Path(__file__).with_name("piper_worker.py")
_CACHE_BYTES = 32 * 1024 * 1024
_PATIENCE_SECONDS = 30.0
_READY = 0
"""The id of the answer with which the process says that its voice is loaded."""


class SynthesisError(Exception):
    """The speaking process could not say a text, or died."""


class _WorkerDiedError(SynthesisError):
    """The process is gone; another one can be started."""


class Synthesiser:
    """The voice. Safe to use from many tasks of one event loop; texts are spoken in the order of the asking.

    Args:
        cache_bytes: How much of what was said before is kept.
        patience_seconds: A process that takes longer to start, or over what was asked for at a time, is ended.
    """

    def __init__(self, cache_bytes: int = _CACHE_BYTES, patience_seconds: float = _PATIENCE_SECONDS) -> None:
        self._patience = patience_seconds
        self._worker: _Worker | None = None
        self._starting = asyncio.Lock()
        self._cache = _Cache(cache_bytes)

    async def start(self) -> None:
        """Start the process and wait until its voice is loaded (about 0.6 s).

        Raises:
            SynthesisError: It ended before that, or took too long.
        """
        await self._running()

    async def say(self, text: str, rate: int) -> bytes:
        """PCM of the spoken text at the rate in Hz. Costs about 8 % of the sound's length in CPU, of the process.

        Raises:
            SynthesisError: The text could not be spoken.
        """
        key = (text, rate)
        if (cached := self._cache.get(key)) is not None:
            return cached
        try:
            pcm, from_rate = await (await self._running()).ask(text)
        except _WorkerDiedError:
            # It may have died long ago, unasked: its successor gets the text once more.
            pcm, from_rate = await (await self._running()).ask(text)
        spoken = await asyncio.to_thread(resample, pcm, from_rate, rate)
        self._cache.put(key, spoken)
        return spoken

    async def close(self) -> None:
        """End the process and wait for it."""
        if self._worker is not None:
            await self._worker.close()

    async def _running(self) -> "_Worker":
        async with self._starting:
            if self._worker is None or self._worker.ended:
                self._worker = await _Worker.start(self._patience)
            return self._worker


class _Worker:
    """One speaking process, and who waits for its answers."""

    def __init__(self, process: asyncio.subprocess.Process, patience: float) -> None:
        self._process = process
        self._patience = patience
        self._waiting: dict[int, _Utterance] = {_READY: _Utterance()}
        self._next_id = _READY + 1
        # Both are pipes.
        self._requests = cast("asyncio.StreamWriter", process.stdin)
        self._reader = asyncio.create_task(self._read(cast("asyncio.StreamReader", process.stdout)))

    @classmethod
    async def start(cls, patience: float) -> "_Worker":
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(sys.executable, str(_WORKER), stdin=pipe, stdout=pipe)
        worker = cls(process, patience)
        try:
            await worker._in_time(worker._waiting[_READY])
        except BaseException:
            # Who waited may have been cancelled: nobody would ever end the process.
            await worker.close()
            raise
        return worker

    @property
    def ended(self) -> bool:
        return self._reader.done() or self._process.returncode is not None

    async def ask(self, text: str) -> tuple[bytes, int]:
        """PCM of the spoken text and its rate in Hz."""
        utterance = self._waiting[self._next_id] = _Utterance()
        request = json.dumps({"id": self._next_id, "text": text}).encode()
        self._next_id += 1
        try:
            self._requests.write(_REQUEST.pack(len(request)) + request)
            await self._requests.drain()
        except ConnectionError as error:
            raise _WorkerDiedError("the speaking process has ended") from error
        return await self._in_time(utterance)

    async def close(self) -> None:
        self._kill()
        await self._process.wait()
        await self._reader
        self._requests.close()

    async def _in_time(self, utterance: "_Utterance") -> tuple[bytes, int]:
        """What comes of the request; a process that does not bring it is stuck, and ended for all who wait."""
        try:
            async with asyncio.timeout(self._patience):
                return await utterance.done
        except TimeoutError as error:
            self._kill()
            raise SynthesisError(f"the speaking process has not answered within {self._patience:g} s") from error

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def _read(self, answers: asyncio.StreamReader) -> None:
        """Hand each answer to who waits for it, until the process ends or says what cannot be understood."""
        try:
            while True:
                header_size, pcm_size = _ANSWER.unpack(await answers.readexactly(_ANSWER.size))
                header = json.loads(await answers.readexactly(header_size))
                pcm = await answers.readexactly(pcm_size)
                self._waiting[header["id"]].add(pcm, header)
                if header["last"]:
                    del self._waiting[header["id"]]
        except asyncio.IncompleteReadError:
            reason = "ended"
        except (ValueError, KeyError, TypeError) as error:
            reason = f"was not understood ({error!r})"
            self._kill()
        code = await self._process.wait()
        for utterance in self._waiting.values():
            utterance.fail(f"the speaking process {reason} (exit code {code})")


class _Utterance:
    """What has come of one request, and a future for the whole: (PCM, its rate in Hz)."""

    def __init__(self) -> None:
        self.done: asyncio.Future[tuple[bytes, int]] = asyncio.get_running_loop().create_future()
        self._pcm = bytearray()

    def add(self, pcm: bytes, header: dict[str, object]) -> None:
        self._pcm += pcm
        if header["last"] and not self.done.done():
            if header.get("error"):
                self.done.set_exception(SynthesisError(str(header["error"])))
            else:
                self.done.set_result((bytes(self._pcm), int(str(header["rate"]))))

    def fail(self, reason: str) -> None:
        if not self.done.done():
            self.done.set_exception(_WorkerDiedError(reason))
            # Who asked may have been cancelled: then nobody looks at the exception, and that is no defect.
            self.done.exception()


class _Cache:
    """The texts spoken last, up to a number of bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._spoken: OrderedDict[tuple[str, int], bytes] = OrderedDict()

    def get(self, key: tuple[str, int]) -> bytes | None:
        if (spoken := self._spoken.get(key)) is not None:
            self._spoken.move_to_end(key)
        return spoken

    def put(self, key: tuple[str, int], spoken: bytes) -> None:
        self._size += len(spoken) - len(self._spoken.pop(key, b""))
        self._spoken[key] = spoken
        while self._size > self._limit:
            self._size -= len(self._spoken.popitem(last=False)[1])
