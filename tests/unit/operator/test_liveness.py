"""What the main loop's last pulse says of the operator."""

import pytest
from parley_operator.liveness import SILENT_SECONDS, STUCK_SECONDS, Pulse, fault, progressed, role


def test_a_pulse_is_good_for_a_while() -> None:
    pulse = Pulse(100, progress=100)
    assert fault(pulse, 100 + SILENT_SECONDS) is None
    assert fault(pulse, 116) == "the main loop has been blocked for 16 s"


def test_a_watch_that_ended() -> None:
    assert fault(Pulse(100, progress=100, ended_watches=("bots",)), 100) == "the watch of bots ended"


@pytest.mark.parametrize(
    ("queued", "ended", "progress"),
    [(0, 7, 200), (3, 8, 200), (3, 7, 50)],
    ids=["nothing is queued", "one has ended", "queued, and none has ended"],
)
def test_progress(queued: int, ended: int, progress: float) -> None:
    assert progressed(Pulse(100, ended=7, progress=50), queued, ended, 200) == progress


def test_no_progress_is_a_fault_after_a_while() -> None:
    now = 1000.0
    assert fault(Pulse(now, queued=3, progress=now - STUCK_SECONDS), now) is None
    stuck = Pulse(now, queued=3, progress=now - STUCK_SECONDS - 1)
    assert fault(stuck, now) == "3 interviews wait, and no reconcile ended for 301 s"


def test_the_role() -> None:
    assert role(Pulse(0, active=True, holder="me")) == "active"
    assert role(Pulse(0, holder="other")) == "standby, other is active"
    assert role(Pulse(0)) == "standby, nobody is active"
