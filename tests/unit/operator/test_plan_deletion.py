"""An Interview that is deleted: everything of it goes, and what holds that up is told."""

from support.operator_watched import WatchedWorld
from support.operator_world import World, in_progress


def deleted(world: World) -> None:
    """Deletes the Interview and lets its bot end."""
    world.delete()
    world.reconcile()
    world.advance(5)
    world.reconcile()


def test_deletion_removes_everything() -> None:
    world = in_progress(World().daily())
    world.delete()
    world.reconcile()
    assert world.link is None
    assert world.interview is not None
    world.advance(5)
    world.reconcile()
    assert world.interview is None
    assert (world.pods, world.inputs, world.link, world.rooms, world.revisions) == ({}, None, None, set(), {})
    assert world.sealed == ["Cancelled"]
    assert not world.erased


def test_deletion_with_erase() -> None:
    world = in_progress(World(spec={"deletionPolicy": "Erase"}))
    world.finish("Completed")
    world.delete()
    world.reconcile()
    world.advance(5)
    world.reconcile()
    assert world.interview is None
    assert world.erased
    assert world.sealed == []


def without_inputs(world: World) -> World:
    """The world, in which the bot's inputs were deleted, its pod with them, and new ones are refused."""
    world.inputs = None
    world.down.add("inputs Secret")
    for _ in range(3):
        world.advance(30)
        world.reconcile()
    return world


def test_a_deletion_seals_what_was_said_though_the_inputs_are_lost() -> None:
    world = without_inputs(in_progress(WatchedWorld()))
    assert (world.inputs, world.pods) == (None, {})
    deleted(world)
    assert (world.interview, world.sealed) == (None, ["Cancelled"])


def test_a_deletion_without_inputs_has_nothing_to_seal_before_there_was_a_bot() -> None:
    world = World(spec={"start": "OnArrival"})
    world.reconcile()
    deleted(world)
    assert (world.interview, world.sealed) == (None, [])


def test_what_has_ended_was_sealed_and_is_not_again_when_it_is_deleted() -> None:
    world = World()
    world.reconcile()
    world.edit(cancel=True)
    for _ in range(3):
        world.reconcile()
        world.advance(5)
    assert (world.phase, world.sealed) == ("Cancelled", ["Cancelled"])
    status = world.status
    world.change_status(conditions=[item for item in status.conditions if item.type != "SessionFinished"])
    deleted(world)
    assert (world.interview, world.sealed) == (None, ["Cancelled"])


def test_deletion_never_hangs() -> None:
    world = in_progress(World().daily())
    world.down |= {"room's removal", "seal"}
    world.delete()
    world.reconcile()
    world.advance(5)
    world.reconcile()
    assert world.tried == ["room's removal"]
    world.advance(1)
    world.reconcile()
    assert world.tried == ["room's removal", "seal"], "a failing step holds up no other"
    world.advance(310)
    world.reconcile()
    world.reconcile()
    assert world.interview is None
    assert {event.reason for event in world.events if event.type == "Warning"} == {"CleanupAbandoned"}


def test_an_erasure_that_fails_is_never_let_go() -> None:
    world = in_progress(World(spec={"deletionPolicy": "Erase"}))
    world.down |= {"erasure"}
    world.delete()
    world.reconcile()
    for _ in range(4):
        world.advance(310)
        world.reconcile()
    assert world.interview is not None
    assert not world.erased
    world.down.clear()
    world.advance(310)
    world.reconcile()
    assert (world.interview, world.erased) == (None, True)


def test_a_deletion_that_is_held_up_says_by_what() -> None:
    world = in_progress(World(spec={"deletionPolicy": "Erase"}))
    world.down.add("erasure")
    told = len(world.phases)
    deleted(world)
    assert len(world.phases) == told, "what has not failed yet is not told of"
    world.reconcile()
    assert world.condition("Reconciling") == ("True", "Deleting")
    assert world.message("Reconciling").endswith("erasure is down")
    assert "deletionPolicy" in world.message("Reconciling"), "it says what lets go of it"
    assert world.condition("Joinable") == ("False", "Deleting")
    assert (world.phase, world.status.link_secret_name) == ("InProgress", None)
    assert world.status.observed_generation == world.require_interview().metadata.generation
    for _ in range(3):
        world.advance(310)
        world.reconcile()
    assert len(world.phases) == told + 1, "the same is told once"
    world.down.clear()
    world.reconcile()
    assert (world.interview, world.erased, len(world.phases)) == (None, True, told + 1)


def kept(world: World) -> World:
    """The world, in which somebody else's finalizer keeps the bot's pod."""
    world.pods[world.pod]["metadata"]["finalizers"] = ["example.com/keeps-it"]
    return world


def test_a_deletion_that_its_pod_holds_up_says_by_what() -> None:
    world = kept(in_progress(World()))
    told = len(world.phases)
    world.delete()
    for _ in range(8):
        world.reconcile()
        world.advance(5)
    assert world.condition("Reconciling") == ("True", "Deleting")
    assert f"{world.pod}: only its finalizers keep it: example.com/keeps-it" in world.message("Reconciling")
    assert world.condition("Joinable") == ("False", "Deleting")
    for _ in range(3):
        world.advance(60)
        world.reconcile()
    assert len(world.phases) == told + 1, "the same is told once"
    assert world.interview is not None


def test_a_pod_that_only_a_finalizer_keeps_is_left_to_it_after_five_minutes() -> None:
    for policy, erased, sealed in (("Retain", False, ["Cancelled"]), ("Erase", True, [])):
        world = kept(in_progress(World(spec={"deletionPolicy": policy}).daily()))
        deleted(world)
        for _ in range(12):
            world.advance(30)
            world.reconcile()
        assert (world.interview, world.inputs, world.rooms) == (None, None, set())
        assert (world.erased, world.sealed) == (erased, sealed)
        assert [event.reason for event in world.events if event.type == "Warning"] == ["CleanupAbandoned"]
        assert world.pod in world.events[-1].message
        assert world.plan().actions == []


def test_what_an_interview_without_finalizer_left_does_not_wait_for_such_a_pod_either() -> None:
    world = kept(in_progress(World().daily()))
    world.interview = None
    for _ in range(12):
        world.reconcile()
        world.advance(30)
    assert (world.inputs, world.rooms) == (None, set())


def test_a_deletion_whose_key_is_refused_is_stalled() -> None:
    world = in_progress(World(down_kind="RoomAuthError").daily())
    world.down.add("room's removal")
    deleted(world)
    world.reconcile()
    assert world.condition("Stalled") == ("True", "RoomKeyRefused")
    assert world.condition("Reconciling") is None
    world.down.clear()
    world.reconcile()
    assert world.interview is None


def test_a_deletion_that_meets_no_trouble_writes_no_status() -> None:
    for spec in ({}, {"deletionPolicy": "Erase"}, {"suspend": True}, {"start": "OnArrival"}):
        world = World(spec=spec).daily()
        world.reconcile()
        told = len(world.phases)
        deleted(world)
        assert (world.interview, len(world.phases)) == (None, told)


def test_an_end_stays_the_end_while_its_deletion_is_held_up() -> None:
    world = World(spec={"cancel": True, "deletionPolicy": "Erase"})
    world.reconcile()
    world.down.add("erasure")
    deleted(world)
    world.reconcile()
    assert (world.phase, world.condition("Failed")) == ("Cancelled", ("True", "Cancelled"))
    assert world.condition("Reconciling") == ("True", "Deleting")


def test_what_an_interview_without_finalizer_left_is_removed() -> None:
    world = in_progress(World().daily())
    world.interview = None
    world.reconcile()
    world.advance(5)
    world.reconcile()
    assert (world.pods, world.inputs, world.rooms) == ({}, None, set())


def test_what_fails_is_tried_in_turn() -> None:
    world = in_progress(World().daily())
    world.down |= {"room's removal", "seal"}
    world.delete()
    world.reconcile()
    for _ in range(5):
        world.advance(5)
        world.reconcile()
    assert world.tried == ["room's removal", "seal"] * 2 + ["room's removal"]
    world.down.remove("seal")
    world.reconcile()
    assert world.sealed == ["Cancelled"], "the room that fails does not hold the transcript up"


def test_nothing_is_let_go_after_one_failure_of_an_operator_that_was_away() -> None:
    world = in_progress(World().daily())
    world.down |= {"room's removal", "seal"}
    world.delete()
    world.pods.clear()
    world.advance(3600)
    for _ in range(4):
        world.reconcile()
        world.advance(1)
    assert world.interview is not None
    world.down.clear()
    world.reconcile()
    assert (world.interview, world.sealed, world.rooms) == (None, ["Cancelled"], set())
