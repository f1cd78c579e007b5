"""What the candidate has said that no session of the model's has answered yet, kept for the session that follows.

A session that is lost takes with it what it has heard of a turn. So the turn's sound is kept until the model takes it
as ended and its words are in the transcript. Words that the lost session understood of it before are given up: they are
understood anew, from the same sound. Long pauses are not kept, so that a turn that is heard again is one turn.

Pure: told of sound and of what becomes of it, in the order in which the model would hear it; time is that of the sound.
"""

from collections import deque
from dataclasses import dataclass, field

KEPT_SECONDS = 60.0
"""So much of one turn is kept, its long pauses not counted: 1.9 MB of 16 kHz, 16 bit, one channel."""
BYTES_PER_SECOND = 2 * 16000
# The voice activity takes a moment to be sure, and its end is told of late by itself.
_LEAD_IN_SECONDS = 0.4
_LEAD_OUT_SECONDS = 0.1
# Less than this of a voice has no word in it.
_SHORTEST_SECONDS = 0.2
# The model may act on the turn before while the candidate adds to it: a voice so recent is not of what it acts on.
_RECENT_SECONDS = 3.0


@dataclass(slots=True)
class Unheard:
    """The candidate's turn, as far as nobody has answered it. Places are bytes of kept sound, from the first on.

    Args:
        seconds: How much of a turn is kept; beyond it the oldest goes.
    """

    seconds: float = KEPT_SECONDS
    behind: bool = False
    """Whether the session that is there, or comes, has to hear kept sound before what comes now."""
    tentative: str = ""
    """What sessions that were lost have understood of it: what there is to tell if no other one comes."""
    _pieces: list[bytes] = field(default_factory=list)
    _kept: int = 0
    _first: int = 0
    _next: int = 0
    """Which of the pieces is heard next."""
    _settled: int = 0
    """Up to here the words are in the transcript."""
    _lead_in: deque[bytes] = field(default_factory=deque)
    _speaking: bool = False
    _began: int = 0
    """Where the last voice began, with what led into it."""
    _quiet: int = 0
    _pauses: list[int] = field(default_factory=list)
    _cut: int | None = None
    _understood: list[tuple[str, int]] = field(default_factory=list)
    """Words that the session has told of before the turn's end, and up to where in the sound they reach."""

    @property
    def pending(self) -> bool:
        """Whether there is a voice in it that the model could hear: what is withheld from it is sent as zeros."""
        return sum(len(piece) for piece in self._pieces if any(piece)) >= _SHORTEST_SECONDS * BYTES_PER_SECOND

    @property
    def lost(self) -> bool:
        """Whether sound is gone whose words nobody has understood."""
        return self._first > self._settled

    # What is said, and what becomes of it

    def voice(self, *, speaking: bool) -> None:
        """The candidate began or ceased to speak, by the voice activity."""
        if speaking and not self._speaking:
            self._began = self._end
            self._keep(*self._lead_in)
            self._lead_in.clear()
        elif self._speaking and not speaking:
            self._pauses.append(self._end)
            self._quiet = 0
        self._speaking = speaking

    def hear(self, sound: bytes) -> None:
        """The candidate's next sound."""
        if self._speaking:
            self._keep(sound)
            return
        self._quiet += len(sound)
        if self._pieces and self._quiet <= _LEAD_OUT_SECONDS * BYTES_PER_SECOND:
            self._keep(sound)
            return
        self._lead_in.append(sound)
        while sum(map(len, self._lead_in)) > _LEAD_IN_SECONDS * BYTES_PER_SECOND:
            self._lead_in.popleft()

    def understood(self, words: str) -> None:
        """The session has told of words before the turn's end: they are taken to reach to the last pause before."""
        heard = self._place if self.behind else self._end
        so_far = self._understood[-1][1] if self._understood else self._settled
        pause = max((pause for pause in self._pauses if pause <= heard), default=heard)
        self._understood.append((words, pause if pause > so_far else heard))

    def cut(self) -> None:
        """What is said from here on is for another session than the one that has heard the turn so far."""
        self._cut = self._end

    def turn_over(self, *, told: bool) -> None:
        """The model takes the turn as ended, and acts on it; `told`: with words, which are in the transcript now.

        Whoever has begun to speak again by now has begun another turn; in noise, a voice seems never to have ceased.
        """
        cut, self._cut = self._cut, None
        just_now = round(_RECENT_SECONDS * BYTES_PER_SECOND)
        recent = self._speaking or self._quiet < just_now
        if not told and (recent or self.behind):
            return
        if self.behind:
            self._drop_to(self._place)
        elif cut is not None and (self._speaking or any(pause > cut for pause in self._pauses)):
            self._drop_to(cut)
        else:
            self._drop_to(max(self._began, self._end - just_now) if self._speaking else self._end)
        self._settled = self._first
        self._understood.clear()
        self.tentative = ""

    # The session that follows

    def lose(self) -> str:
        """The session is gone: the next one hears the turn from its beginning.

        Where the beginning is not kept any more, the answer is what was understood up to where sound is left: words
        that stand as they are.
        """
        before = list[str]()
        while self._understood and self.lost:
            words, reach = self._understood.pop(0)
            before.append(words)
            if reach >= self._first:
                self._drop_to(reach)
                self._settled = self._first
        rest = " ".join(words for words, _ in self._understood)
        self.tentative = max(self.tentative, rest, key=len)
        self._understood.clear()
        self._cut = None
        self.begin_again()
        return " ".join(before)

    def begin_again(self) -> None:
        """A session has been opened, which has heard nothing yet."""
        self.behind, self._next = True, 0

    def take(self, seconds: float) -> bytes:
        """The next sound for a session that is behind, about so long; no sound once it has caught up.

        With the last of it goes what may be a voice's first consonant.
        """
        taken = bytearray()
        while self._next < len(self._pieces) and len(taken) < seconds * BYTES_PER_SECOND:
            taken += self._pieces[self._next]
            self._next += 1
        if self._next == len(self._pieces):
            self.behind = False
            if not self._speaking:
                taken += b"".join(self._lead_in)
        return bytes(taken)

    # The sound

    @property
    def _end(self) -> int:
        return self._first + self._kept

    @property
    def _place(self) -> int:
        """Up to where a session that is behind has heard."""
        return self._first + sum(map(len, self._pieces[: self._next]))

    def _keep(self, *sounds: bytes) -> None:
        self._pieces.extend(sounds)
        self._kept += sum(map(len, sounds))
        self._drop_to(self._end - round(self.seconds * BYTES_PER_SECOND))

    def _drop_to(self, place: int) -> None:
        while self._pieces and self._first < place:
            piece = self._pieces.pop(0)
            self._first += len(piece)
            self._kept -= len(piece)
            self._next = max(0, self._next - 1)
        self._pauses = [pause for pause in self._pauses if pause > self._first]
