"""The voice of a session: sentences go out a little ahead of their playing, until someone cuts in."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from itertools import pairwise

from parley_emulators.nova.output import Output, StopReason
from parley_emulators.speech.audio import BYTES_PER_SAMPLE, duration
from parley_emulators.speech.sentences import split_first_clause, split_sentences
from parley_emulators.speech.synthesiser import Synthesiser

_CHUNK_SECONDS = 0.04


class Speaker:
    """Speaks for one session and knows what of it can still be heard at the client's."""

    def __init__(self, output: Output, synthesiser: Synthesiser, lead_seconds: float) -> None:
        self._output = output
        self._synthesiser = synthesiser
        self._lead = lead_seconds
        self._playing_until = 0.0
        self._saying = False
        self._cut_in = asyncio.Event()
        self.spoken: Callable[[str], str] = str
        """What is spoken of a sentence that is announced."""

    @property
    def audible(self) -> bool:
        """Whether something said is still playing at a client that plays as it receives."""
        return asyncio.get_running_loop().time() < self._playing_until

    @property
    def talking(self) -> bool:
        """Whether it is saying something, or something said is audible still."""
        return self._saying or self.audible

    def cut_in(self) -> None:
        """Stop: the user speaks. What is being said ends as interrupted."""
        # From the first word's making on: who speaks before it sounds is not talked over either.
        if self.talking:
            self._playing_until = 0.0
            self._cut_in.set()

    async def say(self, text: str) -> bool:
        """Speak a text as a turn, sentence by sentence; the answer is whether it was heard to its end.

        Raises:
            SynthesisError: The synthesiser could not speak them.
        """
        self._cut_in.clear()
        self._saying = True
        try:
            return await self._say(text)
        finally:
            self._saying = False

    async def _say(self, text: str) -> bool:
        sentences = split_sentences(text)
        spoken = [self.spoken(sentence) for sentence in sentences]
        pieces = [split_first_clause(spoken[0]), *([s] for s in spoken[1:])] if spoken else []
        sounds = self._synthesised([piece for sentence in pieces for piece in sentence])
        async with contextlib.aclosing(sounds):
            for number, (sentence, parts) in enumerate(zip(sentences, pieces, strict=True), start=1):
                stop: StopReason = "END_TURN" if number == len(sentences) else "PARTIAL_TURN"
                if not await self._sentence(sentence, len(parts), sounds, stop):
                    return False
        return True

    async def _sentence(self, sentence: str, parts: int, sounds: AsyncIterator[bytes], stop: StopReason) -> bool:
        await self._output.text("ASSISTANT", "SPECULATIVE", sentence, "PARTIAL_TURN")
        content = await self._output.start_audio()
        heard = True
        for _ in range(parts):
            heard = heard and await self._play(content, await anext(sounds))
        # Nova ends the sound of an interrupted turn with END_TURN, then tells of the interruption by a text.
        await self._output.end_audio(content, stop if heard else "END_TURN")
        if heard and stop == "END_TURN":
            heard = not await self._interrupted_within(self._playing_until - asyncio.get_running_loop().time())
        if heard:
            await self._output.text("ASSISTANT", "FINAL", self.spoken(sentence), stop)
        else:
            await self._output.interruption()
        return heard

    async def _play(self, content: dict[str, object], pcm: bytes) -> bool:
        """Send sound, never more than the lead ahead of its playing; the answer is whether nobody cut in."""
        rate, loop = self._output.audio_rate, asyncio.get_running_loop()
        size = round(_CHUNK_SECONDS * rate) * BYTES_PER_SAMPLE
        bounds = [*range(0, len(pcm), size), len(pcm)]
        for start, end in pairwise(bounds):
            if self._cut_in.is_set():
                return False
            seconds = duration(pcm[start:end], rate)
            self._playing_until = max(self._playing_until, loop.time()) + seconds
            await self._output.audio(content, pcm[start:end], seconds)
            if await self._interrupted_within(self._playing_until - loop.time() - self._lead):
                return False
        return True

    async def _interrupted_within(self, seconds: float) -> bool:
        if seconds > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._cut_in.wait(), seconds)
        return self._cut_in.is_set()

    async def _synthesised(self, pieces: list[str]) -> AsyncGenerator[bytes]:
        """The sound of each piece; the next one is made while one is being sent."""
        rate = self._output.audio_rate
        ahead: asyncio.Task[bytes] | None = None
        try:
            for number, piece in enumerate(pieces):
                current = ahead or asyncio.create_task(self._synthesiser.say(piece, rate))
                ahead = current
                pcm = await current
                following = pieces[number + 1 :]
                ahead = asyncio.create_task(self._synthesiser.say(following[0], rate)) if following else None
                yield pcm
        finally:
            if ahead is not None:
                ahead.cancel()
