"""The interview's time: how much is used (absences do not count), and how long it has been quiet."""

from dataclasses import dataclass


@dataclass(slots=True)
class InterviewClock:
    """Counts from the candidate's first joining; stands still while the candidate is away. Times in seconds.

    `used_before` is what former attempts have used.
    """

    used_before: float = 0.0
    _running_since: float | None = None
    left_at: float | None = None
    quiet_since: float | None = None
    candidate_speaking: bool = False
    interviewer_speaking: bool = False
    floor_is_candidates: bool = False
    """Whether the interviewer has spoken last, so that it is the candidate who is awaited."""

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
        self.quiet_since = now

    def left(self, now: float) -> None:
        """The candidate's connection is gone."""
        self.used_before = self.used(now)
        self._running_since = None
        self.left_at = now if self.left_at is None else self.left_at
        self.candidate_speaking = self.interviewer_speaking = False

    def candidate(self, *, speaking: bool, now: float) -> None:
        """The candidate began or ceased to speak."""
        self.candidate_speaking = speaking
        self.quiet_since = now
        self.floor_is_candidates = speaking

    def interviewer(self, *, speaking: bool, now: float, resets_quiet: bool = True) -> None:
        """The interviewer began or ceased to speak; a nudge must not reset the silence that it is about."""
        self.interviewer_speaking = speaking
        self.floor_is_candidates = not speaking
        if resets_quiet or self.quiet_since is None:
            self.quiet_since = now

    def quiet(self, now: float) -> float:
        """For how many seconds nobody has spoken; 0 while somebody does or nobody is there to."""
        if self.candidate_speaking or self.interviewer_speaking or not self.candidate_present:
            return 0.0
        return now - self.quiet_since if self.quiet_since is not None else 0.0
