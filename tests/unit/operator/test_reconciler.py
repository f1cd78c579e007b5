"""The loop around the plan, with what it observes and does replaced: what it remembers from one run to the next."""

from datetime import timedelta
from typing import Any, cast

import pytest
from parley_operator.actions import Action, DeleteInputs, DeleteRoom
from parley_operator.shell.act import Actor
from parley_operator.shell.observe import Observer, inputs_of
from parley_operator.shell.reconciler import Reconciler
from parley_operator.shell.workers import RetryLaterError
from parley_operator.snapshot import Children, InputsSecret, Step, Trouble
from parley_protocol import InterviewRef
from parley_rooms.errors import RoomUnavailableError
from support.operator_world import START, World

REF = InterviewRef(namespace="hiring", name="jane", uid="u")


class Orphan:
    """The API server and Daily, of an Interview that is gone and whose Daily room can't be deleted."""

    def __init__(self, secret: InputsSecret) -> None:
        self.secret: InputsSecret | None = secret
        self.done: list[Action] = []
        self.warnings: list[str] = []

    async def interview(self, ref: InterviewRef) -> None:
        return None

    async def children(self, ref: InterviewRef, troubles: dict[Step, Trouble]) -> Children:
        return Children(inputs=self.secret, troubles=dict(troubles))

    async def perform(self, ref: InterviewRef, action: Action) -> None:
        if isinstance(action, DeleteRoom):
            raise RoomUnavailableError("Daily answered 503")
        if isinstance(action, DeleteInputs):
            self.secret = None
        self.done.append(action)

    async def warn(self, ref: InterviewRef, reason: str, message: str) -> None:
        self.warnings.append(reason)


async def test_what_an_interview_left_goes_though_its_room_never_does() -> None:
    world = World().daily()
    world.reconcile()
    assert world.inputs is not None
    orphan, now = Orphan(inputs_of(world.inputs)), START
    around: Any = orphan
    reconciler = Reconciler(cast("Observer", around), cast("Actor", around), lambda: now)
    for _ in range(3):
        with pytest.raises(RetryLaterError, match="Daily answered 503"):
            await reconciler.reconcile(REF)
        now += timedelta(seconds=60)
    assert orphan.warnings == ["StepFailed"], "a fault that lasts is told once"
    now = START + timedelta(seconds=301)
    assert (await reconciler.reconcile(REF)).done
    assert orphan.done == [DeleteInputs(inputs_of(world.inputs).uid)]
