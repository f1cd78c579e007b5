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


class SynthesisError(Exception):
    """The speaking process could not say a text, or died."""


class Synthesiser:
    """The voice. Safe to use from many tasks of one event loop; texts are spoken in the order of the asking."""

    def __init__(self, cache_bytes: int = _CACHE_BYTES) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._waiting: dict[int, _Utterance] = {}
        self._reader: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._next_id = 1
        self._cache = _Cache(cache_bytes)

    async def start(self) -> None:
        """Start the process and wait until its voice is loaded (about 0.6 s).

        Raises:
            SynthesisError: It ended before that.
        """
        async with self._starting:
            if self._reader is not None and not self._reader.done():
                return
            pipe = asyncio.subprocess.PIPE
            process = await asyncio.create_subprocess_exec(sys.executable, str(_WORKER), stdin=pipe, stdout=pipe)
            answers = cast("asyncio.StreamReader", process.stdout)  # it is a pipe
            ready = self._waiting[0] = _Utterance()
            self._process, self._reader = process, asyncio.create_task(self._read(process, answers))
            await ready.done

    async def say(self, text: str, rate: int) -> bytes:
        """PCM of the spoken text at the rate in Hz. Costs about 8 % of the sound's length in CPU, of the process.

        Raises:
            SynthesisError: The text could not be spoken.
        """
        key = (text, rate)
        if (cached := self._cache.get(key)) is not None:
            return cached
        await self.start()
        process = self._process
        if process is None or process.stdin is None:
            raise SynthesisError("the speaking process is not running")
        utterance = self._waiting[self._next_id] = _Utterance()
        request = json.dumps({"id": self._next_id, "text": text}).encode()
        self._next_id += 1
        process.stdin.write(_REQUEST.pack(len(request)) + request)
        await process.stdin.drain()
        pcm, from_rate = await utterance.done
        spoken = await asyncio.to_thread(resample, pcm, from_rate, rate)
        self._cache.put(key, spoken)
        return spoken

    async def close(self) -> None:
        """End the process and wait for it."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        if self._reader is not None:
            await asyncio.gather(self._reader, return_exceptions=True)

    async def _read(self, process: asyncio.subprocess.Process, answers: asyncio.StreamReader) -> None:
        """Hand each answer to who waits for it, until the process ends."""
        try:
            while True:
                header_size, pcm_size = _ANSWER.unpack(await answers.readexactly(_ANSWER.size))
                header = json.loads(await answers.readexactly(header_size))
                utterance = self._waiting.get(header["id"])
                pcm = await answers.readexactly(pcm_size)
                if utterance is None:
                    continue
                utterance.add(pcm, header)
                if header["last"]:
                    del self._waiting[header["id"]]
        except asyncio.IncompleteReadError:
            await process.wait()
        finally:
            waiting, self._waiting = self._waiting, {}
            for utterance in waiting.values():
                utterance.fail(f"the speaking process ended (exit code {process.returncode})")


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
            self.done.set_exception(SynthesisError(reason))
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
