"""What people are told by Events: ends by their own reasons, bots that were lost, what is stalled; nothing twice."""

from typing import Any

import pytest
from parley_operator.snapshot import ReferenceProblem
from support.operator_world import World, in_progress, ready, window


def told(world: World) -> list[tuple[str, str]]:
    return [(event.type, event.reason) for event in world.events]


def without_a_template(**spec: Any) -> World:
    world = World(template=None, spec=spec)
    world.reconcile()
    assert told(world) == [("Warning", "TemplateNotFound")]
    return world


def test_what_was_never_accepted_ends_by_its_own_reason() -> None:
    world = without_a_template()
    world.edit(cancel=True)
    world.reconcile()
    assert told(world)[1:] == [("Normal", "Cancelled")]


def test_a_window_that_closes_on_what_waits_for_its_template_says_so() -> None:
    world = without_a_template(**window(expires_at=3600))
    world.advance(3601)
    world.reconcile()
    assert told(world)[1:] == [("Normal", "WindowClosed")]


def test_what_is_put_on_hold_says_so_though_it_was_refused() -> None:
    world = without_a_template()
    world.edit(suspend=True)
    world.reconcile()
    assert told(world)[1:] == [("Normal", "Suspended")]


def test_a_candidate_who_came_in_vain_is_the_end_that_is_told() -> None:
    world = World(spec={"start": "OnArrival", **window(expires_at=3600)})
    world.reconcile()
    world.arrive()
    world.context = ReferenceProblem("ContextNotFound", "There is no Secret cv")
    world.reconcile()
    world.advance(7200)
    world.reconcile()
    assert told(world)[-1] == ("Warning", "NoBot")


def test_each_hold_is_told() -> None:
    world = World(spec={"start": "OnArrival"})
    world.reconcile()
    for suspend in (True, False, True):
        world.edit(suspend=suspend)
        world.reconcile()
    holds = [event for event in world.events if event.reason == "Suspended"]
    assert len(set(holds)) == 2, "an Event's name is made of all of it"


@pytest.mark.parametrize("begin", [ready, in_progress])
def test_a_bot_that_was_lost_is_told_with_the_reason(begin: Any) -> None:
    world = begin(World())
    before = len(world.events)
    world.kill_pod(world.pod, None, "Evicted")
    world.reconcile()
    (event,) = world.events[before:]
    assert (event.type, event.reason) == ("Warning", "BotLost")
    assert event.message.startswith("Attempt 1 is over: Evicted: ")


def test_a_bot_that_ends_as_it_should_or_is_deleted_is_none_that_was_lost() -> None:
    world = in_progress(World())
    world.finish("Completed")
    world.kill_pod(world.pod, 0)
    world.reconcile()
    assert ("Warning", "BotLost") not in told(world)
    world = in_progress(World())
    world.delete()
    world.reconcile()
    assert ("Warning", "BotLost") not in told(world)
    world = in_progress(World())
    world.edit(cancel=True)
    world.reconcile(crash_after=1)
    (pod,) = world.pods
    world.delete_pod(pod, 30)
    world.kill_pod(pod, 143)
    world.reconcile()
    assert ("Warning", "BotLost") not in told(world)


def test_what_stalls_in_mid_conversation_is_told_once() -> None:
    world = in_progress(World())
    before = len(world.events)
    world.revisions.clear()
    world.template = None
    for _ in range(3):
        world.reconcile()
        world.advance(60)
    assert told(world)[before:] == [("Warning", "SnapshotLost")]
