"""Who has the floor while the interviewer speaks: a nod does not take it, nor does an echo, and who speaks on does.

Nova Sonic stops at whatever it takes for speech ("when the user starts speaking during a response, the system
immediately stops": AWS's guide, "Barge-in"), and what it has stopped it does not take up again. So it is told of a
voice over the interviewer's only once that has lasted longer than an "mm-hm", and then of all of it at once. The
interviewer falls silent before, as soon as there is a voice at all, and speaks on where it was a nod.

A soft echo is no voice of the candidate's (level.py); a loud one is told by its likeness to what was played.

A model that has sent all its words already may take them for heard, and not stop: then they are dropped here.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from pipecat.frames.frames import (
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    Frame,
    InputAudioRawFrame,
    InterruptionFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from parley_bot.pipeline.echo import ECHO_SECONDS, Loudspeaker
from parley_bot.pipeline.gate import SAMPLE_RATE
from parley_bot.pipeline.level import Heard, OwnVoice

NOD_SECONDS = 0.72
"""A voice that ceases sooner is a nod ("okay" lasts 0.4 s, "I see" 0.5): counted from one of its being told of to the
other, which is a tenth of a second more than it lasts."""
# The begin of a voice as the model is to hear it: some 0.15 s until it is told of (assembly.py), and a little before.
_ONSET_SECONDS = 0.4
# A voice that comes again so soon after a nod goes on with it: "Sorry, may I …".
_LINGER_SECONDS = 0.8
# A voice that begins as the interviewer ends is told of within so long a time: till then its begin is kept.
_SETTLE_SECONDS = 0.2
# An echo that goes on as the interviewer ends, and ceases so soon, was of the last words: it comes late by the network,
# the player and the room, and that it has ceased is told after 0.3 s. The shortest answers take longer.
_TAIL_SECONDS = 0.6
# How long the model has to stop by itself: words that it sends after ours would have stopped it would be lost.
_STOP_SECONDS = 0.4
_BYTES_PER_SECOND = 2 * SAMPLE_RATE


@dataclass(slots=True)
class Floor:
    """What the model is to hear of the candidate now, and whether the interviewer is to be hushed.

    Pure; time is that of the candidate's sound.

    Args:
        loudspeaker: What is played of the interviewer.
        own: Knows the candidate's voice, and is told when the interviewer has the floor.
    """

    loudspeaker: Loudspeaker = field(default_factory=Loudspeaker)
    own: OwnVoice = field(default_factory=OwnVoice)
    hushed: bool = False
    cut: bool = False
    """Whether what is left of the interviewer's words is to be dropped now; who has done it says `interrupted`."""
    taken: bool = False
    """Whether the interviewer speaks over the candidate, of whom the model hears nothing more."""
    dropped: bool = False
    """Whether the model hears nothing of a voice that has ceased, a nod or an echo; who has told of it resets it."""
    begins: bool = False
    """Whether the voice that goes on was an echo until now, of which it hears nothing either; reset alike."""
    _guarding: bool = False
    _voice: bool = False
    _no_echo: bool = False
    # Whether a voice has begun under the guard that was neither heard nor dropped.
    _withheld: bool = False
    # For how long the voice that goes on was an echo alone, and since when it goes on without the guard.
    _echoed: int = 0
    _tail: int | None = None
    _voiced: int = 0
    _quiet: int = 0
    _claimed: int | None = None
    _settling: int | None = None
    _kept: deque[bytes] = field(default_factory=deque)

    def interviewer(self, *, speaking: bool) -> list[bytes]:
        """The interviewer began or ceased to be heard; the answer is what the model is to hear of what was kept."""
        if self.taken:
            return []
        if speaking:
            # Who speaks already has the floor.
            self._guarding = self.own.interviewer = self._guarding or not self._voice
            self._settling = None
            return []
        if self._guarding and not self._voice:
            self._settling, self.own.interviewer = 0, False
            return []
        if self._guarding and not self._no_echo:
            self._go_on_unguarded()
        kept = self._yield() if self._guarding else []
        self.interrupted()
        return kept

    def interrupted(self) -> None:
        """The interviewer was cut short, or has ended: there is nothing left to hush."""
        self.hushed = self.cut = False
        self._claimed = None

    def take_over(self) -> None:
        """From here on nothing hushes the interviewer, and the model hears that the candidate has ended."""
        self._yield()
        self.interrupted()
        self.taken = self.own.interviewer = True

    def voice(self, *, speaking: bool) -> list[bytes]:
        """The candidate's voice began or ceased, by the voice activity; the answer is its begin, if kept."""
        self._voice = speaking
        self._quiet = 0
        self._no_echo = False
        self._echoed = 0
        if not speaking:
            self._cease()
        if speaking and self._settling is not None:
            return self._settle()
        if self._guarding:
            self._withheld = self._withheld or speaking
            # By what was taken before: the next piece would tell no more, and comes later.
            self._no_echo = self.hushed = speaking and bool(self._kept) and self._is_candidate()
        return []

    def _cease(self) -> None:
        """The voice has ceased: an echo is dropped now, a nod only when nothing has come after it."""
        if self._guarding and not self._voiced:
            self._drop()
        self.dropped = self.dropped or (self._tail is not None and self._tail < _size(_TAIL_SECONDS))
        self._tail = None

    def _go_on_unguarded(self) -> None:
        """The voice was an echo up to here, and is heard from here on."""
        self.begins, self._tail = True, 0

    def _drop(self) -> None:
        """What has ceased under the guard is not heard any more."""
        self.dropped, self._withheld = self.dropped or self._withheld, self._withheld and self._voice

    def take(self, sound: bytes) -> list[bytes]:
        """The next sound of the candidate's; the answer is what the model is to hear now."""
        if self.taken:
            return [bytes(len(sound))]
        if not self._guarding:
            self._wait_for_the_model(len(sound))
            self._tail = None if self._tail is None else self._tail + len(sound)
            return [sound]
        self._kept.append(sound)
        if self._settling is not None:
            self._settling += len(sound)
            over = self._settling >= _size(_SETTLE_SECONDS)
            return self._settle() if over else [bytes(len(sound))]
        if self._voice and (self._no_echo or self._is_candidate()):
            # Sooner it is the begin of a voice, which takes some time to tell.
            self.begins = self.begins or (not self._no_echo and self._echoed > _size(_ONSET_SECONDS))
            self._no_echo = self.hushed = True
            self._voiced += len(sound)
            return self._yield() if self._voiced >= _size(NOD_SECONDS) else [bytes(len(sound))]
        self._quiet += len(sound)
        self._echoed += len(sound) if self._voice else 0
        if not self._voiced or self._quiet > _size(_LINGER_SECONDS):
            if self._voiced:
                self._drop()
            self._voiced = 0
            self._keep(_ONSET_SECONDS)
        return [bytes(len(sound))]

    def _settle(self) -> list[bytes]:
        """The interviewer has ended, and the guard with it: what came last is heard, where it is no echo."""
        echo = self.loudspeaker.echoes_in(b"".join(self._kept)[-_size(ECHO_SECONDS) :], SAMPLE_RATE)
        self._keep(_SETTLE_SECONDS)
        kept = [] if echo else list(self._kept)
        self._drop()
        self._yield()
        if echo and self._voice:
            self._go_on_unguarded()
        return kept

    def _keep(self, seconds: float) -> None:
        while sum(map(len, self._kept)) > _size(seconds):
            self._kept.popleft()

    def _yield(self) -> list[bytes]:
        """The guard is over: a voice is heard from its begin, and where there is none, nothing was said."""
        kept = list(self._kept) if self._no_echo else []
        self._withheld = False
        self._claimed = 0 if self._no_echo else None
        self._kept.clear()
        self._guarding = self.own.interviewer = False
        self._voiced, self._settling = 0, None
        return kept

    def _is_candidate(self) -> bool:
        """Whether what came last is as loud as the candidate's own voice, and not the interviewer's."""
        if self.own.heard is not Heard.CANDIDATE:
            return False
        return not self.loudspeaker.echoes_in(b"".join(self._kept)[-_size(ECHO_SECONDS) :], SAMPLE_RATE)

    def _wait_for_the_model(self, size: int) -> None:
        if self._claimed is not None:
            self._claimed += size
            self.cut = self._claimed >= _size(_STOP_SECONDS)


def _size(seconds: float) -> int:
    return round(seconds * _BYTES_PER_SECOND)


class FloorKeeper(FrameProcessor):
    """After the voice activity detection, before the model.

    Args:
        hush: Called when the interviewer is to fall silent (True), and when it may be heard again.
        drop: Called when the model hears nothing of a voice that the voice activity has told of: neither of any that
            has ceased, nor (True) of the one that goes on until now.
        loudspeaker: As the floor's.
        own: As the floor's.
    """

    def __init__(
        self,
        hush: Callable[[bool], None],
        drop: Callable[[bool], None],
        loudspeaker: Loudspeaker,
        own: OwnVoice,
    ) -> None:
        super().__init__()
        self._floor, self._hush, self._drop = Floor(loudspeaker, own), hush, drop

    def take_over(self) -> None:
        """Let the interviewer speak over the candidate."""
        if self._floor.hushed:
            self._hush(False)
        self._floor.take_over()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Keep back or replace the candidate's sound; every other frame passes."""
        await super().process_frame(frame, direction)
        hushed = self._floor.hushed
        if isinstance(frame, InputAudioRawFrame) and direction is FrameDirection.DOWNSTREAM:
            await self._hear(self._floor.take(frame.audio))
        else:
            await self._hear(self._follow(frame, direction))
            await self.push_frame(frame, direction)
        # The room ends its hush itself when the interruption gets there: before, it would be heard for a moment.
        if self._floor.hushed is not hushed and not isinstance(frame, InterruptionFrame):
            self._hush(self._floor.hushed)
        if self._floor.dropped or self._floor.begins:
            self._drop(self._floor.begins)
            self._floor.dropped = self._floor.begins = False
        if self._floor.cut:
            self._floor.interrupted()
            await self.broadcast_interruption()  # type: ignore[no-untyped-call]  # pipecat's methods are not annotated

    def _follow(self, frame: Frame, direction: FrameDirection) -> list[bytes]:
        if isinstance(frame, InterruptionFrame):
            self._floor.interrupted()
        elif direction is FrameDirection.UPSTREAM:
            if isinstance(frame, BotStartedSpeakingFrame | BotStoppedSpeakingFrame):
                return self._floor.interviewer(speaking=isinstance(frame, BotStartedSpeakingFrame))
        elif isinstance(frame, VADUserStartedSpeakingFrame | VADUserStoppedSpeakingFrame):
            return self._floor.voice(speaking=isinstance(frame, VADUserStartedSpeakingFrame))
        return []

    async def _hear(self, sounds: list[bytes]) -> None:
        for sound in sounds:
            await self.push_frame(InputAudioRawFrame(audio=sound, sample_rate=SAMPLE_RATE, num_channels=1))
