"""Times of other clocks: a node's that is minutes ahead has no candidate wait, one that is behind ends no bot early."""

from datetime import timedelta

import pytest
from parley_crds import Attempts
from support.operator_world import World, in_progress

MINUTES = 300.0


def begun(ahead: float) -> World:
    """A world whose bot is on its way, on a node with another clock."""
    world = World(nodes_ahead=ahead)
    world.reconcile()
    return world


def conversing(ahead: float) -> World:
    """The same in the middle of the conversation."""
    return in_progress(World(nodes_ahead=ahead))


def wake_up(world: World) -> float:
    """Goes to the next look, and gives how many seconds that took."""
    assert world.wake_at is not None
    seconds = (world.wake_at - world.now).total_seconds()
    world.advance(seconds)
    world.reconcile()
    return seconds


@pytest.mark.parametrize("ahead", [-MINUTES, MINUTES])
def test_a_lost_bot_is_replaced_at_once_whatever_its_nodes_clock_says(ahead: float) -> None:
    world = conversing(ahead)
    world.kill_pod(world.pod, 137, "OOMKilled")
    world.reconcile()
    assert world.pod.endswith("-2")


@pytest.mark.parametrize("ahead", [-MINUTES, MINUTES])
def test_a_pause_counts_from_an_end_that_was_between_the_start_and_now(ahead: float) -> None:
    world = begun(ahead)
    world.advance(3)
    began = world.last_attempt.started_at
    world.kill_pod(world.pod, 11)
    world.reconcile()
    ended = world.last_attempt.ended_at
    assert began is not None
    assert ended is not None
    assert began <= ended <= world.now
    while not world.pods:
        wake_up(world)
    assert 2.5 <= (world.now - ended).total_seconds() <= 6


def test_a_goodbye_is_waited_for_as_long_as_ever() -> None:
    world = conversing(MINUTES)
    world.kill_pod(world.pod, 0)
    world.reconcile()
    world.advance(16)
    world.reconcile()
    assert world.condition("Complete") == ("True", "Sealed")


def test_a_start_deadline_passes_by_our_clock() -> None:
    world = begun(MINUTES)
    world.unready_pod(world.pod)
    world.advance(1)
    world.reconcile()
    world.advance(180)
    world.reconcile()
    assert world.last_attempt.reason == "StartDeadlineExceeded"


def test_a_bot_on_a_node_that_is_behind_has_its_time_to_start() -> None:
    world = begun(-MINUTES)
    world.advance(10)
    world.unready_pod(world.pod)
    world.reconcile()
    assert world.last_attempt.ended_at is None
    world.advance(171)
    world.reconcile()
    assert world.last_attempt.reason == "StartDeadlineExceeded"


def test_a_silent_node_is_waited_for_by_our_clock() -> None:
    world = conversing(MINUTES)
    world.advance(100)
    world.unready_pod(world.pod, node_is_silent=True)
    world.reconcile()
    assert world.last_attempt.ended_at is None, "the bot was ready a moment ago"
    world.advance(30)
    world.reconcile()
    assert world.last_attempt.reason == "NodeLost"


def test_a_bot_out_of_its_room_is_not_ended_before_its_time_by_a_clock_that_is_behind() -> None:
    world = conversing(-1000)
    world.advance(1)
    world.unready_pod(world.pod)
    world.reconcile()
    assert world.last_attempt.ended_at is None


def test_an_end_in_the_future_was_told_by_another_replica_and_holds_up_nothing() -> None:
    world = begun(0)
    world.advance(1)
    world.kill_pod(world.pod, 11)
    world.reconcile()
    later = world.last_attempt.model_copy(update={"ended_at": world.now + timedelta(seconds=MINUTES)})
    status = world.status.model_copy(update={"attempts": Attempts(current=1, failures=1, history=[later])})
    world.interview = world.require_interview().model_copy(update={"status": status})
    world.reconcile()
    assert world.pod.endswith("-2")
