"""What a drain may take: a bot that waits, never one that a candidate talks with.

The budget of the chart (`templates/bots/pdb.yaml`) selects by the mark that is held here.
"""

from parley_crds.names import LABEL_IN_INTERVIEW
from parley_operator.actions import ApplyStatus, EmitEvent, MarkPod
from support.operator_world import World, in_progress, ready


def marked(world: World) -> list[str]:
    """The pods that carry the mark."""
    return [name for name, pod in world.pods.items() if pod["metadata"]["labels"].get(LABEL_IN_INTERVIEW) == "true"]


def test_a_bot_that_waits_for_its_candidate_may_be_moved() -> None:
    world = ready(World())
    assert world.phase == "Ready"
    assert marked(world) == []
    world.arrive()
    world.reconcile()
    assert marked(world) == []


def test_a_bot_is_marked_once_when_its_conversation_begins() -> None:
    world = ready(World())
    world.arrive()
    world.join()
    assert [type(action) for action in world.plan().actions] == [ApplyStatus, EmitEvent, MarkPod]
    world.reconcile()
    assert marked(world) == [world.pod]
    assert world.plan().actions == []


def test_a_mark_that_fails_keeps_nobody_from_being_told() -> None:
    world = ready(World())
    world.arrive()
    world.join()
    world.reconcile(crash_after=2)
    assert (world.phase, marked(world)) == ("InProgress", [])
    world.reconcile()
    assert marked(world) == [world.pod]


def test_a_successor_under_a_conversation_is_marked_from_its_creation() -> None:
    world = in_progress(World())
    world.kill_pod(world.pod, 1)
    world.reconcile()
    assert world.pod.endswith("-2")
    assert marked(world) == [world.pod]
    world.ready_pod(world.pod)
    assert MarkPod not in {type(action) for action in world.plan().actions}


def test_a_successor_that_waits_for_its_candidate_is_not() -> None:
    world = ready(World())
    world.kill_pod(world.pod, None, "Evicted")
    world.reconcile()
    assert world.pod.endswith("-2")
    assert marked(world) == []


def test_what_is_over_is_not_marked_any_more() -> None:
    world = ready(World())
    world.arrive()
    world.join()
    world.finish("Completed")
    world.reconcile()
    assert marked(world) == []


def test_a_bot_on_its_way_out_is_not_marked() -> None:
    world = ready(World())
    world.arrive()
    world.join()
    world.delete_pod(world.pod, 30)
    world.reconcile()
    assert marked(world) == []
