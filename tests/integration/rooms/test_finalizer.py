"""No fault of Daily's keeps a deleted Interview for longer than five minutes and a little."""

from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
from parley_emulators.daily.app import RunningDaily, running
from parley_emulators.daily.faults import Fault
from parley_emulators.daily.settings import DailySettings
from parley_operator.actions import Action, DeleteRoom, EmitEvent, EnsureRoom
from parley_operator.shell.reconcile.act import Actor
from parley_operator.shell.reconcile.observe import Observer
from parley_operator.shell.reconcile.reconciler import Reconciler
from parley_operator.shell.turns.workers import LONGEST_BACKOFF_SECONDS, RetryLaterError
from parley_protocol import InterviewRef
from parley_rooms.daily import DailyRooms
from parley_rooms.provider import RoomPlan
from parley_rooms.retry import Retry
from pydantic import SecretStr
from support.daily_key import GivenKey
from support.operator_queue import unlimited
from support.operator_world import World

KEY = "the-domain's-key"
REF = InterviewRef(namespace="hiring", name="jane", uid="u")
FAULTS: dict[str, dict[str, Any]] = {
    "500": {"kind": "error", "status": 500},
    "503 for a day": {"kind": "error", "status": 503, "retry_after": 86_400},
    "503 until a date": {"kind": "error", "status": 503, "retry_after": "Fri, 01 Jan 2100 00:00:00 GMT"},
    "429": {"kind": "error", "status": 429, "error": "rate-limit-error", "retry_after": 30},
    "401": {"kind": "error", "status": 401, "error": "authentication-error"},
    "403": {"kind": "error", "status": 403, "error": "forbidden"},
    "400": {"kind": "error", "status": 400, "error": "invalid-request-error"},
    "no answer": {"kind": "delay", "delay_seconds": 30},
    "cut off": {"kind": "drop"},
}


class Around:
    """An interview's surroundings in memory, but for its room, which is at Daily's."""

    def __init__(self, rooms: DailyRooms) -> None:
        self.world, self.rooms = World().daily(), rooms

    async def interview(self, ref: InterviewRef) -> Any:
        return self.world.interview

    async def children(self, ref: InterviewRef, troubles: Any) -> Any:
        self.world.troubles = dict(troubles)
        return self.world.children()

    async def snapshot(self, interview: Any, troubles: Any) -> Any:
        self.world.troubles = dict(troubles)
        return self.world.observe()

    async def perform(self, ref: InterviewRef, action: Action) -> None:
        if isinstance(action, EnsureRoom):
            await self.rooms.ensure(RoomPlan(action.inputs.room.name, action.closes_at))
        elif isinstance(action, DeleteRoom):
            await self.rooms.delete(action.name)
        self.world.perform(action)

    async def warn(self, ref: InterviewRef, reason: str, message: str) -> None:
        self.world.events.append(EmitEvent("Warning", reason, message))


@pytest.fixture
async def daily() -> AsyncIterator[RunningDaily]:
    settings = DailySettings(host="127.0.0.1", port=0, control_port=0, api_key=SecretStr(KEY))
    async with running(settings) as server:
        yield server


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_finalizer_goes_whatever_daily_does(daily: RunningDaily, fault: str) -> None:
    async def no_pause(_: float) -> None:
        """The pauses between a call's repetitions are another test's."""

    rooms = DailyRooms(
        GivenKey(KEY), f"http://127.0.0.1:{daily.port}/v1", retry=Retry(sleep=no_pause), call_seconds=0.3
    )
    around = Around(rooms)
    world, untyped = around.world, cast("Any", around)
    reconciler = Reconciler(cast("Observer", untyped), cast("Actor", untyped), unlimited(), lambda: world.now)
    await reconciler.reconcile(REF)
    (name,) = daily.service.domain.rooms
    daily.faults.order([Fault.model_validate({**FAULTS[fault], "times": None})])
    world.delete()
    world.pods.clear()
    asked = world.now
    while world.interview is not None:
        with pytest.raises(RetryLaterError, match="DeleteRoom"):
            await reconciler.reconcile(REF)
        world.advance(LONGEST_BACKOFF_SECONDS)
        if (world.now - asked).total_seconds() >= 300:
            await reconciler.reconcile(REF)
            break
    assert world.interview is None
    assert world.inputs is None
    assert [event.reason for event in world.events if event.type == "Warning"] == ["StepFailed", "CleanupAbandoned"]
    assert name in daily.service.domain.rooms, "the sweep's, or its own end's"
    await rooms.aclose()


async def test_a_finalizer_waits_for_a_daily_that_recovers(daily: RunningDaily) -> None:
    rooms = DailyRooms(GivenKey(KEY), f"http://127.0.0.1:{daily.port}/v1", retry=Retry(attempts=1))
    around = Around(rooms)
    world, untyped = around.world, cast("Any", around)
    reconciler = Reconciler(cast("Observer", untyped), cast("Actor", untyped), unlimited(), lambda: world.now)
    await reconciler.reconcile(REF)
    daily.faults.order([Fault(kind="error", status=503)])
    world.delete()
    world.pods.clear()
    with pytest.raises(RetryLaterError, match="503"):
        await reconciler.reconcile(REF)
    assert world.interview is not None
    await reconciler.reconcile(REF)
    assert world.interview is None
    assert daily.service.domain.rooms == {}
    await rooms.aclose()
