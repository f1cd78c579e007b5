"""The main loop's heartbeat. Other threads read the last pulse, and so see when the loop is blocked."""

import asyncio
import time
from collections.abc import Callable, Sequence

from parley_operator.liveness import Pulse, progressed
from parley_operator.shell.service.lease import Lease
from parley_operator.shell.turns.rounds import Rounds
from parley_operator.shell.watch.watching import Watch

BEAT_SECONDS = 1.0


class Vitals:
    """Takes the pulse each second. What there is only while this replica acts is set and taken away by who runs it."""

    def __init__(self, lease: Lease, clock: Callable[[], float] = time.monotonic) -> None:
        self._lease = lease
        self._clock = clock
        self._pulse = Pulse(clock(), progress=clock())
        self.rounds: Rounds | None = None
        self.backlog: Callable[[], tuple[int, float]] = lambda: (0, 0.0)
        self.watches: Sequence[Watch] = ()

    @property
    def pulse(self) -> Pulse:
        """The last pulse. It may be read by any thread: it is replaced whole, never changed."""
        return self._pulse

    async def beat(self) -> None:
        """Takes the pulse until it is cancelled."""
        while True:
            self._pulse = self._take()
            await asyncio.sleep(BEAT_SECONDS)

    def _take(self) -> Pulse:
        now = self._clock()
        queued, oldest_wait = self.backlog()
        ended = 0 if self.rounds is None else self.rounds.ended
        return Pulse(
            at=now,
            active=self._lease.held,
            holder=self._lease.holder,
            queued=queued,
            oldest_wait=oldest_wait,
            running=0 if self.rounds is None else self.rounds.running,
            ended=ended,
            progress=progressed(self._pulse, queued, ended, now),
            ended_watches=tuple(watch.name for watch in self.watches if not watch.alive),
            heard={watch.name: watch.heard_at for watch in self.watches},
        )
