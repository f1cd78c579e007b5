"""A start that is put off after something was made for it, and before a bot was: what was made goes."""

from datetime import timedelta

import pytest
from parley_crds import Window
from parley_operator.actions import DeleteInputs
from support.operator_world import START, World, ready, window

LATER = Window(not_before=START + timedelta(hours=5))


def prepared(**spec: object) -> World:
    """Inputs and room are there, and no pod can be created."""
    world = World(spec=spec).daily()
    world.down.add("pod")
    world.reconcile()
    world.reconcile()
    assert (world.inputs is None, len(world.rooms), world.status.attempts) == (False, 1, None)
    return world


def test_a_window_that_is_postponed_gives_back_what_was_prepared() -> None:
    world = prepared()
    link = world.link
    world.edit(window=LATER)
    world.reconcile()
    assert (world.phase, world.condition("Joinable")) == ("Scheduled", ("False", "NotOpenYet"))
    assert (world.inputs, world.rooms, world.status.room) == (None, set(), None)
    assert (world.condition("Reconciling"), world.condition("Stalled")) == (None, None), "kstatus: Current"
    assert world.link == link
    assert world.plan().actions == []
    world.down.clear()
    world.advance(5 * 3600)
    world.reconcile()
    assert (world.phase, len(world.rooms), len(world.pods)) == ("Provisioning", 1, 1)


def test_a_start_that_is_left_to_the_candidate_gives_it_back_too() -> None:
    world = prepared(start="Immediate")
    world.edit(start="OnArrival")
    world.reconcile()
    assert (world.phase, world.inputs, world.rooms) == ("Open", None, set())
    world.down.clear()
    world.arrive()
    world.reconcile()
    assert len(world.pods) == 1


def test_a_candidate_who_came_before_it_was_postponed_has_no_bot_wait_until_then() -> None:
    world = World(spec={"start": "OnArrival"}).daily()
    world.down.add("pod")
    world.arrive()
    world.reconcile()
    assert world.inputs is not None
    world.edit(window=LATER)
    world.reconcile()
    assert (world.phase, world.inputs, world.rooms) == ("Scheduled", None, set())
    world.down.clear()
    assert world.wake_at is not None
    world.advance((world.wake_at - world.now).total_seconds())
    world.reconcile()
    assert len(world.pods) == 1
    assert world.now == START + timedelta(hours=5, seconds=-world.installation.lead_seconds)


@pytest.mark.parametrize(
    ("kind", "condition"),
    [("DownError", ("Reconciling", "Postponing")), ("RoomAuthError", ("Stalled", "RoomKeyRefused"))],
)
def test_a_room_that_can_not_be_removed_is_told_and_let_go_in_the_end(kind: str, condition: tuple[str, str]) -> None:
    world = prepared()
    world.down_kind = kind
    world.down.add("room's removal")
    world.edit(window=LATER)
    world.reconcile()
    world.reconcile()
    assert world.phase == "Scheduled"
    assert world.condition(condition[0]) == ("True", condition[1])
    world.advance(310)
    world.reconcile()
    assert world.inputs is None
    assert world.condition(condition[0]) is None
    assert [event.reason for event in world.events if event.type == "Warning"][-1] == "CleanupAbandoned"


def test_an_operator_that_dies_in_between_leaves_nothing() -> None:
    for crash_after in range(5):
        world = prepared()
        world.edit(window=LATER)
        world.reconcile(crash_after=crash_after)
        world.reconcile()
        assert (world.phase, world.inputs, world.rooms) == ("Scheduled", None, set())


def test_a_bot_that_was_started_stays() -> None:
    """Admission refuses the edit then; the pod may have been created just as it came."""
    for crash_after in range(1, 20):
        world = World()
        world.reconcile(crash_after=crash_after)
        if world.created_pods:
            break
    assert world.status.attempts is None
    world.edit(window=LATER)
    world.reconcile()
    assert len(world.pods) == 1
    assert world.inputs is not None
    assert world.phase == "Provisioning"


def test_what_has_waited_for_its_time_is_not_touched() -> None:
    world = ready(World(spec=window(not_before=100)))
    assert world.phase == "Ready"
    assert not any(isinstance(action, DeleteInputs) for action in world.plan().actions)
