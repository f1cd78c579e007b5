"""The loop around the plan, with what it observes and does replaced: what it remembers from one run to the next."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest
from parley_operator.actions import (
    Action,
    ApplyLink,
    ApplyStatus,
    CreatePod,
    DeleteInputs,
    DeleteRoom,
    EnsureRoom,
    Erase,
)
from parley_operator.shell.client.kube import ConflictError, KubeError, NotFoundError
from parley_operator.shell.reconcile.act import Actor
from parley_operator.shell.reconcile.observe import Observer, inputs_of
from parley_operator.shell.reconcile.peers import PeerAwayError, PeerBusyError
from parley_operator.shell.reconcile.reconciler import Reconciler
from parley_operator.shell.turns.workers import RetryLaterError
from parley_operator.shell.watch.watching import at_rest
from parley_operator.snapshot import Children, InputsSecret, Step, Trouble
from parley_protocol import InterviewRef
from parley_rooms.errors import RoomUnavailableError
from support.operator_queue import unlimited
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
    reconciler = Reconciler(cast("Observer", around), cast("Actor", around), unlimited(), lambda: now)
    for _ in range(3):
        with pytest.raises(RetryLaterError, match="Daily answered 503"):
            await reconciler.reconcile(REF)
        now += timedelta(seconds=60)
    assert orphan.warnings == ["StepFailed"], "a fault that lasts is told once"
    now = START + timedelta(seconds=301)
    assert (await reconciler.reconcile(REF)).done
    assert orphan.done == [DeleteInputs(inputs_of(world.inputs).uid)]


class Cluster:
    """A world as observer and actor, in which one kind of action fails."""

    def __init__(self, world: World, fails: type | None = None, error: Exception | None = None) -> None:
        self.world, self.fails, self.error = world, fails, error
        self.done: list[Action] = []
        self.warnings: list[str] = []
        self.away = False

    async def interview(self, ref: InterviewRef) -> Any:
        if self.away:
            raise TimeoutError
        return self.world.interview

    async def snapshot(self, interview: Any, troubles: dict[Step, Trouble]) -> Any:
        return replace(self.world.observe(), children=replace(self.world.children(), troubles=dict(troubles)))

    async def perform(self, ref: InterviewRef, action: Action) -> None:
        if self.fails is not None and isinstance(action, self.fails) and self.error is not None:
            raise self.error
        self.done.append(action)
        if self.fails is None or not isinstance(action, self.fails):
            self.world.perform(action)

    async def warn(self, ref: InterviewRef, reason: str, message: str) -> None:
        self.warnings.append(reason)

    def reconciler(self) -> Reconciler:
        around: Any = self
        return Reconciler(cast("Observer", around), cast("Actor", around), unlimited(), lambda: self.world.now)


async def test_a_plan_that_does_not_come_to_rest_tells_no_secret() -> None:
    cluster = Cluster(World(), fails=ApplyLink)  # the link never reads back as it was written
    with pytest.raises(RetryLaterError, match="no rest after 25 passes") as raised:
        await cluster.reconciler().reconcile(REF)
    assert "ApplyLink" in str(raised.value)
    link = next(action for action in cluster.done if isinstance(action, ApplyLink))
    for told in (str(raised.value), repr(link), repr(cluster.done)):
        assert link.manifest["stringData"]["token"] not in told


@pytest.mark.parametrize(
    ("error", "warnings"),
    [
        (ConflictError(409, "Conflict", "changed"), []),
        (NotFoundError(404, "NotFound", "deleted"), []),
        (KubeError(503, "ServiceUnavailable", "away"), []),
        (TimeoutError(), []),
        (KubeError(422, "Invalid", "status.phase"), ["ReconcileFailed"]),
    ],
)
async def test_people_are_told_of_a_refusal_and_of_nothing_that_mends_itself(
    error: Exception, warnings: list[str]
) -> None:
    cluster = Cluster(World(), fails=ApplyStatus, error=error)
    with pytest.raises(RetryLaterError, match="ApplyStatus"):
        await cluster.reconciler().reconcile(REF)
    assert cluster.warnings == warnings


async def test_a_quotas_contention_is_no_trouble_of_the_bot() -> None:
    cluster = Cluster(World(), fails=CreatePod, error=ConflictError(409, "Conflict", "quota changed"))
    with pytest.raises(RetryLaterError, match="quota changed"):
        await cluster.reconciler().reconcile(REF)
    assert cluster.warnings == []
    assert cluster.world.status.attempts is None


async def test_what_a_step_has_said_itself_stays_while_its_peer_is_away() -> None:
    cluster = Cluster(World().daily(), fails=EnsureRoom, error=PeerAwayError("Daily is away and was not asked"))
    reconciler, world = cluster.reconciler(), cluster.world
    told = []
    for words in ("", "Daily answered 503", ""):
        if words:
            cluster.error = RoomUnavailableError(words)
        for _ in range(2):
            with pytest.raises(RetryLaterError):
                await reconciler.reconcile(REF)
        told.append(next(one.message for one in world.status.conditions if one.type == "Reconciling"))
        cluster.error = PeerAwayError("Daily is away and was not asked")
    assert told == ["Daily is away and was not asked", "Daily answered 503", "Daily answered 503"]
    assert cluster.warnings == ["StepFailed"]


async def test_what_failed_is_forgotten_with_what_it_was_for() -> None:
    """A pod that nobody can create, an hour on hold, and it goes on: it has not failed for an hour then."""
    refused = KubeError(403, "Forbidden", "exceeded quota")
    cluster = Cluster(World(spec={"backoffLimit": 0}), fails=CreatePod, error=refused)
    reconciler, world = cluster.reconciler(), cluster.world
    for _ in range(2):
        with pytest.raises(RetryLaterError, match="exceeded quota"):
            await reconciler.reconcile(REF)
    world.arrive()
    world.edit(suspend=True)
    await reconciler.reconcile(REF)
    assert world.inputs is None
    world.advance(3600)
    world.edit(suspend=False)
    for _ in range(2):
        with pytest.raises(RetryLaterError, match="exceeded quota"):
            await reconciler.reconcile(REF)
    assert world.condition("Reconciling") == ("True", "PodNotCreated")
    assert world.status.attempts is None
    assert cluster.warnings == ["StepFailed"] * 2


async def test_a_deletion_goes_on_where_its_status_is_refused() -> None:
    """One of an older schema may be refused whatever is written to it, and has to go all the same."""
    refused = KubeError(422, "Invalid", "spec.withdrawn")
    cluster = Cluster(World(spec={"deletionPolicy": "Erase"}), fails=Erase, error=refused)
    reconciler, world = cluster.reconciler(), cluster.world
    await reconciler.reconcile(REF)
    world.delete()
    world.pods.clear()
    with pytest.raises(RetryLaterError, match="Erase"):
        await reconciler.reconcile(REF)
    cluster.fails = ApplyStatus
    assert (await reconciler.reconcile(REF)).done
    assert (world.interview, world.erased) == (None, True)
    assert cluster.warnings == ["StepFailed", "ReconcileFailed"]


async def test_an_api_server_that_is_away_is_one_line() -> None:
    cluster = Cluster(World())
    cluster.away = True
    with pytest.raises(RetryLaterError, match="hiring/jane: TimeoutError"):
        await cluster.reconciler().reconcile(REF)


async def test_a_provider_that_asks_for_patience_gets_it() -> None:
    cluster = Cluster(World().daily(), fails=EnsureRoom, error=RoomUnavailableError("slow down", retry_after=60))
    with pytest.raises(RetryLaterError, match="slow down") as raised:
        await cluster.reconciler().reconcile(REF)
    assert raised.value.after == 60


async def test_an_api_server_that_asks_for_patience_gets_it() -> None:
    error = KubeError(429, "TooManyRequests", "slow down", retry_after=7)
    cluster = Cluster(World(), fails=CreatePod, error=error)
    with pytest.raises(RetryLaterError, match="slow down") as raised:
        await cluster.reconciler().reconcile(REF)
    assert raised.value.after == 7


async def test_that_others_are_served_first_is_no_trouble() -> None:
    cluster = Cluster(World().daily(), fails=EnsureRoom, error=PeerBusyError("too many calls to Daily"))
    with pytest.raises(RetryLaterError, match="too many calls to Daily"):
        await cluster.reconciler().reconcile(REF)
    assert cluster.warnings == []
    cluster.fails = None
    await cluster.reconciler().reconcile(REF)
    assert cluster.world.troubles == {}
    assert len(cluster.world.pods) == 1


async def test_what_is_over_needs_no_worker_and_is_not_read_at_a_start() -> None:
    cluster = Cluster(World(spec={"cancel": True}))
    reconciler = cluster.reconciler()
    assert (await reconciler.reconcile(REF)).done
    interview = cluster.world.require_interview()
    stored = interview.model_dump(mode="json", by_alias=True, exclude_none=True)
    assert at_rest(stored)
    assert not at_rest({**stored, "metadata": {**stored["metadata"], "generation": 7}})
    assert not at_rest({**stored, "metadata": {**stored["metadata"], "deletionTimestamp": "2026-11-22T12:00:00Z"}})
    assert not at_rest({**stored, "metadata": {**stored["metadata"], "finalizers": []}})
    assert not at_rest({**stored, "status": {}})
