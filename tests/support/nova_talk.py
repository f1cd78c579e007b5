"""A conversation with Nova Sonic, as a client has it: the opening, a voice in real time, what comes back."""

import asyncio
import base64
import contextlib
from collections.abc import Callable, Sequence
from typing import Any

from support.nova_client import NovaStream

PROMPT = "prompt"
INPUT_RATE = 16_000
OUTPUT_RATE = 24_000
_FRAME = 640


def tool(name: str) -> dict[str, Any]:
    return {"toolSpec": {"name": name, "description": name, "inputSchema": {"json": '{"type": "object"}'}}}


def sound(rate: int) -> dict[str, Any]:
    """How sound is sent, in either direction."""
    form = {"mediaType": "audio/lpcm", "sampleRateHertz": rate, "sampleSizeBits": 16, "channelCount": 1}
    return form | {"encoding": "base64", "audioType": "SPEECH"}


class Talk:
    """Opens a session on a stream, streams a microphone and collects what the model sends."""

    def __init__(self, stream: NovaStream) -> None:
        self.stream = stream
        self.received: list[tuple[str, dict[str, Any]]] = []
        self.spoken = bytearray()
        self._to_say = bytearray()
        self._news = asyncio.Condition()
        self._tasks: list[asyncio.Task[None]] = []
        self._blocks = 0
        self._over = False
        # One lock for all that is sent: a microphone's frame within a text is a violation.
        self._sending = asyncio.Lock()

    async def begin(
        self, *tools: str, sensitivity: str | None = None, microphone: bool = True, history: Sequence[str] = ()
    ) -> None:
        """Set a session up; `history` is of the user's messages."""
        turns = {"turnDetectionConfiguration": {"endpointingSensitivity": sensitivity}} if sensitivity else {}
        inference = {"maxTokens": 1024, "topP": 0.9, "temperature": 0.7}
        await self.stream.send(sessionStart={"inferenceConfiguration": inference} | turns)
        audio = sound(OUTPUT_RATE) | {"voiceId": "matthew"}
        offered = {"toolConfiguration": {"tools": [tool(name) for name in tools]}} if tools else {}
        await self.stream.send(promptStart={"promptName": PROMPT, "audioOutputConfiguration": audio} | offered)
        await self.text("Be kind.", role="SYSTEM")
        for message in history:
            await self.text(message)
        start = {"contentName": "mic", "type": "AUDIO", "role": "USER", "interactive": True}
        await self.stream.send(
            contentStart={"promptName": PROMPT, "audioInputConfiguration": sound(INPUT_RATE)} | start
        )
        self._tasks.append(asyncio.create_task(self._receive()))
        if microphone:
            self._tasks.append(asyncio.create_task(self._microphone()))

    async def text(self, text: str, role: str = "USER", *, interactive: bool = False) -> None:
        """A whole block of text."""
        self._blocks += 1
        block = {"promptName": PROMPT, "contentName": f"block-{self._blocks}"}
        start = {"type": "TEXT", "role": role, "interactive": interactive}
        async with self._sending:
            await self.stream.send(contentStart=block | start)
            await self.stream.send(textInput=block | {"content": text})
            await self.stream.send(contentEnd=block)

    async def result(self, tool_use_id: str, content: str) -> None:
        """Answer a tool call."""
        self._blocks += 1
        block = {"promptName": PROMPT, "contentName": f"block-{self._blocks}"}
        start = {"type": "TOOL", "role": "TOOL", "toolResultInputConfiguration": {"toolUseId": tool_use_id}}
        async with self._sending:
            await self.stream.send(contentStart=block | start)
            await self.stream.send(toolResult=block | {"content": content})
            await self.stream.send(contentEnd=block)

    def say(self, pcm: bytes) -> None:
        """Speak; the microphone goes on with silence afterwards."""
        self._to_say += pcm

    async def say_at_once(self, pcm: bytes) -> None:
        """Speak faster than in real time, without a microphone: what follows depends on the sound's clock alone."""
        for at in range(0, len(pcm), 10 * _FRAME):
            content = base64.b64encode(pcm[at : at + 10 * _FRAME]).decode()
            await self.stream.send(audioInput={"promptName": PROMPT, "contentName": "mic", "content": content})

    async def until(self, kind: str, count: int = 1, seconds: float = 30) -> dict[str, Any]:
        """Wait for the count-th event of a kind."""
        return await self._until(kind, lambda: self.all(kind), count, seconds)

    async def turn(self, count: int = 1, seconds: float = 30) -> str:
        """Wait until the model's count-th turn is over; the answer is whether by END_TURN or INTERRUPTED."""

        def ends() -> list[dict[str, Any]]:
            texts = [event for event in self.all("contentEnd") if event["type"] == "TEXT"]
            return [event for event in texts if event["stopReason"] in ("END_TURN", "INTERRUPTED")]

        return str((await self._until("the end of a turn", ends, count, seconds))["stopReason"])

    async def _until(
        self, what: str, found: Callable[[], list[dict[str, Any]]], count: int, seconds: float
    ) -> dict[str, Any]:
        async with asyncio.timeout(seconds), self._news:
            await self._news.wait_for(lambda: len(found()) >= count or self._over)
        assert len(found()) >= count, f"{what} did not come: {[name for name, _ in self.received]}"
        return found()[count - 1]

    async def over(self, seconds: float = 30) -> str:
        """Wait for the end of the response; the answer is how it ended."""
        async with asyncio.timeout(seconds), self._news:
            await self._news.wait_for(lambda: self._over)
        return self.stream.ended_by

    def all(self, kind: str) -> list[dict[str, Any]]:
        return [fields for name, fields in self.received if name == kind]

    def texts(self, role: str, stage: str) -> list[str]:
        """The texts of a role and stage, in order."""
        starts = {event["contentId"]: event for event in self.all("contentStart")}
        outputs = self.all("textOutput")
        return [
            output["content"]
            for output in outputs
            if output["role"] == role and f'"{stage}"' in starts[output["contentId"]]["additionalModelFields"]
        ]

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _receive(self) -> None:
        async for kind, fields in self.stream.received():
            if kind == "audioOutput":
                self.spoken += base64.b64decode(fields["content"])
            async with self._news:
                self.received.append((kind, fields))
                self._news.notify_all()
        async with self._news:
            self._over = True
            self._news.notify_all()

    async def _microphone(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        with contextlib.suppress(Exception):  # the stream may end under it
            while True:
                frame = bytes(self._to_say[:_FRAME]).ljust(_FRAME, b"\0")
                del self._to_say[:_FRAME]
                content = base64.b64encode(frame).decode()
                async with self._sending:
                    await self.stream.send(audioInput={"promptName": PROMPT, "contentName": "mic", "content": content})
                due += 0.02
                await asyncio.sleep(max(0.0, due - loop.time()))
