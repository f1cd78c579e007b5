"""A candidate's client that plays a script: a microphone with noise and echo in it, and an ear with a clock."""

import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from parley_emulators.speech.synthesiser import Synthesiser

from support.guest import CHUNK, Guest
from support.voices import sounds
from support.voices.echo import HEARD_RATE, EchoPath
from support.voices.recordings import recording
from support.voices.script import Clip, Pause, Say, Script, words_of

_CHUNK_SECONDS = CHUNK / sounds.BYTES_PER_SECOND
_LEAD_SECONDS = 0.5  # between the interviewer's end and the candidate's answer
_NOISE_SECONDS = 20.0
# Sound that comes this long after the former has been played is another utterance.
_SAME_UTTERANCE_SECONDS = 0.35
_TALKERS = (
    "The train to the coast leaves from the other platform this morning, they say.",
    "I have put the boxes in the kitchen, next to the window, as you wanted it.",
    "She told him about the garden, and he went on and on about his new bicycle.",
    "We could meet on Thursday after lunch, if the weather stays as it is now.",
)


@dataclass(frozen=True)
class Spoken:
    """Sound, and the words in it."""

    words: str
    sound: bytes


type Parts = list[Spoken]


@dataclass(frozen=True)
class Sound:
    """A script in sound."""

    answers: list[Parts]
    spare: Parts = field(default_factory=list)
    over: bytes = b""
    noise: bytes = b""


async def rendered(script: Script, voice: Synthesiser) -> Sound:
    """Make all the sound that a script needs."""
    answers = [[await _part(part, voice) for part in answer] for answer in script.answers]
    # Who has nothing to say at all has nothing to add either.
    spare = [await _part(part, voice) for part in script.spare] if answers else []
    over = await voice.say(script.over.text, sounds.RATE) if script.over else b""
    return Sound(answers, spare, over, await _noise(script, answers, voice))


async def _part(part: Say | Clip | Pause, voice: Synthesiser) -> Spoken:
    match part:
        case Say(text):
            sound = await voice.say(text, sounds.RATE)
        case Clip(number):
            sound = recording(number)
        case Pause(seconds):
            sound = sounds.silence(seconds)
    return Spoken(words_of(part), sound)


async def _noise(script: Script, answers: list[Parts], voice: Synthesiser) -> bytes:
    if script.noise is None:
        return b""
    if script.noise.kind == "pink":
        noise = sounds.pink(_NOISE_SECONDS)
    else:
        noise = sounds.babble([await voice.say(text, sounds.RATE) for text in _TALKERS], _NOISE_SECONDS)
    # A candidate who says nothing sits in noise that would lie so far below the voice.
    voices = [part.sound for answer in answers for part in answer if part.words]
    return sounds.at_ratio(
        noise, voices[0] if voices else await voice.say(_TALKERS[0], sounds.RATE), script.noise.below
    )


@dataclass
class Span:
    """A stretch of sound at the ear or from the mouth, in seconds of the monotonic clock."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.end - self.start


@dataclass
class Ear:
    """What the candidate hears, and when: sound is played as it comes, one piece after the other."""

    utterances: list[Span] = field(default_factory=list)
    seconds: float = 0.0

    def hear(self, sound: bytes, now: float) -> None:
        """A piece of sound has come."""
        lasts = len(sound) / 2 / HEARD_RATE
        self.seconds += lasts
        last = self.utterances[-1] if self.utterances else None
        if last is None or now > last.end + _SAME_UTTERANCE_SECONDS:
            self.utterances.append(Span(now, now + lasts))
        else:
            last.end = max(last.end, now) + lasts

    def fall_silent(self, now: float) -> None:
        """What was not played yet never is."""
        if self.utterances:
            self.utterances[-1].end = min(self.utterances[-1].end, now)


class ScriptedGuest(Guest):
    """Plays a script. Answers come when the interviewer has come to an end and the candidate has not begun already.

    Args:
        script: Who they are.
        sound: The same in sound.
        endless: Begin with the answers anew when they are used up.
    """

    def __init__(self, script: Script, sound: Sound, *, endless: bool = False) -> None:
        super().__init__([])
        self._to_say = list(sound.answers)
        self._parts: deque[Spoken] = deque()
        self.said: list[str] = []
        self._script, self._sound, self._endless = script, sound, endless
        self._noise_at = 0
        self._due_over: float | None = None
        self._over_left = None if script.over is None or script.over.always else 1
        self.mouth: list[Span] = []
        self.ear = Ear()
        self._echo = EchoPath(script.echo) if script.echo is not None else None

    @property
    def words(self) -> str:
        """What they have said to its end, in order; a nod is no word."""
        return " ".join(part for part in self.said if part)

    @property
    def waits(self) -> list[Span]:
        """From the end of each of the candidate's words to the interviewer's next sound at the ear."""
        waits = []
        for number, own in enumerate(self.mouth):
            after = self.mouth[number + 1].start if number + 1 < len(self.mouth) else float("inf")
            heard = next((u.start for u in self.ear.utterances if own.end < u.start < after), None)
            if heard is not None:
                waits.append(Span(own.end, heard))
        return waits

    @property
    def replies(self) -> list[float]:
        """How long each of these waits was, in seconds."""
        return [wait.seconds for wait in self.waits]

    @property
    def barge_ins(self) -> list[float]:
        """Seconds from each beginning to speak over the interviewer until that is silent at the ear."""
        pairs = ((own, u) for own in self.mouth for u in self.ear.utterances if u.start < own.start < u.end)
        return [utterance.end - own.start for own, utterance in pairs]

    def hear(self, sound: bytes) -> None:
        """Take the times down; the sound itself is not kept: half an hour of it is 80 MB."""
        self.ear.hear(sound, time.monotonic())
        if self._echo is not None:
            self._echo.play(sound)

    def fall_silent(self) -> None:
        """As a page's player does: what was not played yet is dropped."""
        self.ear.fall_silent(time.monotonic())
        if self._echo is not None:
            self._echo.fall_silent()

    def chunk(self) -> bytes:
        """Speech, noise and echo, together."""
        now = time.monotonic()
        if self._due_over is not None and now >= self._due_over:
            self._due_over = None
            self._say(
                Spoken("" if self._script.over and self._script.over.always else _text(self._script), self._sound.over)
            )
        if not self._speech and self._parts:
            self._speech = self._parts[0].sound
        speech = super().chunk()
        if not self._speech and self._parts:
            self.said.append(self._parts.popleft().words)
        if any(speech):
            self._spoke(now)
        beside = [part for part in (self._next_noise(), self._echo.chunk() if self._echo else b"") if part]
        return sounds.mixed(speech, *beside) if beside else speech

    def _spoke(self, now: float) -> None:
        if not self.mouth or now > self.mouth[-1].end + 10 * _CHUNK_SECONDS:
            self.mouth.append(Span(now, now))
        self.mouth[-1].end = now + _CHUNK_SECONDS

    def _next_noise(self) -> bytes:
        noise, at = self._sound.noise, self._noise_at
        if not noise:
            return b""
        self._noise_at = (at + CHUNK) % (len(noise) - CHUNK)
        return noise[at : at + CHUNK]

    def _take(self, message: dict[str, Any]) -> None:
        self.messages.append(message)
        if message.get("type") == "bot-started-speaking":
            self._interviewer_began()
        elif message.get("type") == "bot-stopped-speaking":
            self._due_over = None
            self._answer()

    def _interviewer_began(self) -> None:
        over = self._script.over
        if over is None or self._over_left == 0:
            return
        self._over_left = None if self._over_left is None else self._over_left - 1
        self._due_over = time.monotonic() + over.after

    def _answer(self) -> None:
        if self._parts:
            return  # they are speaking still, and will hear about it
        if not self._to_say and self._endless:
            self._to_say = list(self._sound.answers)
        answer = self._to_say.pop(0) if self._to_say else self._sound.spare
        if answer:
            self._say(Spoken("", sounds.silence(_LEAD_SECONDS)), *answer)

    def _say(self, *parts: Spoken) -> None:
        self._parts.extend(part for part in parts if part.sound)


def _text(script: Script) -> str:
    return script.over.text if script.over is not None else ""
