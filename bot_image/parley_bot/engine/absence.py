"""How long a candidate who is gone is waited for. Times in seconds of one monotonic clock."""

from parley_protocol import LimitsPlan

# A bot that takes another's place waits at least so long: the page has to learn of it before it can return. So it has
# to learn that a way back is open again.
RETURN_SECONDS = 120
# A way back that is closed is waited for as long as a bot keeps what it has to tell at the end.
CLOSED_SECONDS = 600
# Whether the way is open is known by an answer of the API's: one that takes a moment tells of no way that was closed.
_A_MOMENT_SECONDS = 5


class Absence:
    """An absence of the candidate's, from its beginning to their return. Only time in which they could come counts."""

    def __init__(self, limits: LimitsPlan) -> None:
        self._grace, self._return = float(limits.reconnect_grace_seconds), limits.longer(RETURN_SECONDS)
        self._since: float | None = None
        self._lasts = 0.0
        self._closed_at: float | None = None

    def begin(self, now: float, *, of_a_former_bot: bool = False) -> None:
        """The candidate is gone; `of_a_former_bot`: they have to come to a new bot."""
        if self._since is None:
            self._since, self._closed_at = now, None
            self._lasts = max(self._grace, self._return) if of_a_former_bot else self._grace

    def end(self) -> None:
        """The candidate is back."""
        self._since = None

    def way_back(self, now: float, *, is_open: bool) -> None:
        """Whether a candidate who is gone can come back; one who is there needs no way."""
        if self._since is None or is_open is (self._closed_at is None):
            return
        if not is_open:
            self._closed_at = now
        elif self._closed_at is not None:
            closed, self._closed_at = now - self._closed_at, None
            self._lasts += closed
            if closed >= _A_MOMENT_SECONDS:
                self._lasts = max(self._lasts, now - self._since + self._return)

    def is_over(self, now: float) -> bool:
        """Whether they have had their time, or as much as there is."""
        if self._since is None:
            return False
        longest = CLOSED_SECONDS + max(self._grace, self._return)
        return now - self._since >= (longest if self._closed_at is not None else min(self._lasts, longest))
