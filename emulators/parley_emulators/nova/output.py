"""What Nova sends: each content is a contentStart, its parts and a contentEnd.

AWS's guide does not say how long a completion lasts. By what others saw (LiveKit's plugin: "Nova Sonic uses one
completion for entire session"; livekit/agents#7327: usage comes before any completionStart) it begins with the first
content of a session and ends with its prompt, and a turn's end is the stopReason END_TURN of a content.
"""

import asyncio
import base64
import json
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, Literal

from parley_emulators.nova.framing import encode_event

OUTPUT_RATE = 24_000

type Stage = Literal["SPECULATIVE", "FINAL"]
type StopReason = Literal["PARTIAL_TURN", "END_TURN", "INTERRUPTED", "TOOL_USE"]
type Send = Callable[[bytes], Awaitable[None]]

_INTERRUPTED_TEXT = '{ "interrupted" : true }'
# Nova's own rates are not published for speech; these keep the figures in a plausible range.
_SPEECH_TOKENS_A_SECOND = 25
_CHARACTERS_A_TOKEN = 4


class Output:
    """Writes one session's completion to the stream, one content at a time: none begins before another has ended."""

    def __init__(self, send: Send, session_id: str) -> None:
        self._send = send
        self._session_id = session_id
        self._prompt_name = ""
        self._completion_id = str(uuid.uuid4())
        self._begun = False
        self._one_content = asyncio.Lock()
        self._totals = {"input": {"speechTokens": 0, "textTokens": 0}, "output": {"speechTokens": 0, "textTokens": 0}}
        self._delta = json.loads(json.dumps(self._totals))
        self.audio_rate = OUTPUT_RATE

    def start_prompt(self, name: str, audio_rate: int) -> None:
        """The prompt whose name every event carries, and the rate in Hz in which it wants to hear."""
        self._prompt_name = name
        self.audio_rate = audio_rate

    def heard(self, *, seconds: float = 0, text: str = "") -> None:
        """Count what came in towards the next usage event."""
        self._count("input", seconds, text)

    async def end_completion(self) -> None:
        """The completion is over, where one has begun; what it used is reported first."""
        await self.usage()
        if self._begun:
            self._begun = False
            await self._event("completionEnd", self._base() | {"stopReason": "END_TURN"})

    async def usage(self) -> None:
        """Report what was used since the last report, if anything was."""
        if not self._prompt_name or not any(any(kinds.values()) for kinds in self._delta.values()):
            return
        delta, self._delta = (
            self._delta,
            {direction: dict.fromkeys(kinds, 0) for direction, kinds in self._delta.items()},
        )
        for direction, kinds in delta.items():
            for kind, count in kinds.items():
                self._totals[direction][kind] += count
        total_in, total_out = (sum(self._totals[direction].values()) for direction in ("input", "output"))
        usage = {
            "totalInputTokens": total_in, "totalOutputTokens": total_out, "totalTokens": total_in + total_out,
            "details": {"delta": delta, "total": self._totals},
        }  # fmt: skip
        await self._event("usageEvent", self._base() | usage)

    async def text(self, role: str, stage: Stage, text: str, stop: StopReason) -> None:
        """A whole content of text."""
        configuration = {
            "additionalModelFields": json.dumps({"generationStage": stage}),
            "textOutputConfiguration": {"mediaType": "text/plain"},
        }
        async with self._one_content:
            content = await self._content()
            await self._event("contentStart", content | {"type": "TEXT", "role": role} | configuration)
            await self._event("textOutput", content | {"content": text, "role": role})
            await self._event("contentEnd", content | {"type": "TEXT", "stopReason": stop})
        if role == "ASSISTANT" and stage == "SPECULATIVE":
            self._count("output", 0, text)

    async def interruption(self) -> None:
        """Tell the client that the user has cut in, so that it drops what it has not played."""
        await self.text("ASSISTANT", "FINAL", _INTERRUPTED_TEXT, "INTERRUPTED")

    async def start_audio(self) -> dict[str, Any]:
        """A content of sound begins; the answer names it to the two calls below."""
        configuration = {
            "mediaType": "audio/lpcm", "sampleRateHertz": self.audio_rate, "sampleSizeBits": 16, "channelCount": 1,
            "encoding": "base64",
        }  # fmt: skip
        start = {"type": "AUDIO", "role": "ASSISTANT", "audioOutputConfiguration": configuration}
        await self._one_content.acquire()
        content = await self._content()
        await self._event("contentStart", content | start)
        return content

    async def audio(self, content: dict[str, Any], pcm: bytes, seconds: float) -> None:
        """A part of the sound."""
        await self._event("audioOutput", content | {"content": base64.b64encode(pcm).decode(), "role": "ASSISTANT"})
        self._count("output", seconds, "")

    async def end_audio(self, content: dict[str, Any], stop: StopReason) -> None:
        """The content of sound is over."""
        await self._event("contentEnd", content | {"type": "AUDIO", "stopReason": stop})
        self._one_content.release()

    async def tool_use(self, tool_use_id: str, name: str, arguments: dict[str, Any]) -> None:
        """A whole content that calls a tool."""
        start = {"type": "TOOL", "role": "TOOL", "toolUseOutputConfiguration": {"mediaType": "application/json"}}
        use = {"toolName": name, "toolUseId": tool_use_id, "content": json.dumps(arguments)}
        async with self._one_content:
            content = await self._content()
            await self._event("contentStart", content | start)
            await self._event("toolUse", content | use)
            await self._event("contentEnd", content | {"type": "TOOL", "stopReason": "TOOL_USE"})

    def _base(self) -> dict[str, Any]:
        return {
            "sessionId": self._session_id, "promptName": self._prompt_name, "completionId": self._completion_id
        }  # fmt: skip

    async def _content(self) -> dict[str, Any]:
        if not self._begun:
            self._begun = True
            await self._event("completionStart", self._base())
        return self._base() | {"contentId": str(uuid.uuid4())}

    def _count(self, direction: str, seconds: float, text: str) -> None:
        self._delta[direction]["speechTokens"] += round(seconds * _SPEECH_TOKENS_A_SECOND)
        self._delta[direction]["textTokens"] += -(-len(text) // _CHARACTERS_A_TOKEN)

    async def _event(self, kind: str, event: dict[str, Any]) -> None:
        await self._send(encode_event({kind: event}))
