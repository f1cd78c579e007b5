"""The interview's time: how much is used (absences do not count), and how long it has been quiet."""

from dataclasses import dataclass

# How long after the candidate's voice its words may come, at least; without any it was a cough, or another room.
WORDLESS_SECONDS = 6


@dataclass(slots=True)
class InterviewClock:
    """Counts from the candidate's first joining; stands still while the candidate is away. Times in seconds.

    `used_before` is what former attempts have used; `words_within` how long after the candidate's voice its words may
    come.
    """

    used_before: float = 0.0
    words_within: float = WORDLESS_SECONDS
    _running_since: float | None = None
    left_at: float | None = None
    quiet_since: float | None = None
    candidate_speaking: bool = False
    interviewer_speaking: bool = False
    floor_is_candidates: bool = False
    """Whether the interviewer has spoken last, so that it is the candidate who is awaited."""
    interviewer_ceased_at: float | None = None
    _floor_before: bool = False
    _wordless_since: float | None = None

    @property
    def candidate_present(self) -> bool:
        """Whether the candidate is in the room."""
        return self._running_since is not None

    def used(self, now: float) -> float:
        """Seconds of the interview that are gone."""
        running = now - self._running_since if self._running_since is not None else 0.0
        return self.used_before + running

    def joined(self, now: float) -> None:
        """The candidate came, or came back."""
        if self._running_since is None:
            self._running_since = now
        self.left_at = None
        self.candidate_speaking = self.interviewer_speaking = self.floor_is_candidates = False
        self.quiet_since, self._wordless_since = now, None

    def left(self, now: float) -> None:
        """The candidate's connection is gone."""
        self.used_before = self.used(now)
        self._running_since = None
        self.left_at = now if self.left_at is None else self.left_at
        self.candidate_speaking = self.interviewer_speaking = False

    def candidate(self, *, speaking: bool, now: float) -> None:
        """The candidate began or ceased to speak, by the voice activity: the floor is theirs until words tell."""
        if speaking and not self.candidate_speaking and self._wordless_since is None:
            self._floor_before = self.floor_is_candidates
        self._wordless_since = None if speaking else now
        self.candidate_speaking = speaking
        self.quiet_since = now
        self.floor_is_candidates = speaking

    def words(self) -> None:
        """What the candidate said was understood: it is the interviewer's turn."""
        self._wordless_since = None
        self.floor_is_candidates = self._floor_before = self.candidate_speaking

    def settle(self, now: float) -> None:
        """Sound of the candidate's that no words have followed leaves the floor to whom it belonged."""
        if self._wordless_since is not None and now - self._wordless_since >= self.words_within:
            self._wordless_since = None
            self.floor_is_candidates = self._floor_before

    def interviewer(self, *, speaking: bool, now: float, resets_quiet: bool = True) -> None:
        """The interviewer began or ceased to speak; a nudge must not reset the silence that it is about."""
        self.interviewer_speaking = speaking
        self.interviewer_ceased_at = None if speaking else now
        self.floor_is_candidates = self._floor_before = not speaking
        self._wordless_since = None
        if resets_quiet or self.quiet_since is None:
            self.quiet_since = now

    def interviewer_silent(self, now: float) -> float:
        """For how many seconds the interviewer has said nothing; 0 while it speaks, and where it has not spoken."""
        return now - self.interviewer_ceased_at if self.interviewer_ceased_at is not None else 0.0

    def quiet(self, now: float) -> float:
        """For how many seconds nobody has spoken; 0 while somebody does or nobody is there to."""
        if self.candidate_speaking or self.interviewer_speaking or not self.candidate_present:
            return 0.0
        return now - self.quiet_since if self.quiet_since is not None else 0.0
