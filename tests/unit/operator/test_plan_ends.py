"""Every way an interview ends: by which reason, what is sealed, and what is left."""

from datetime import timedelta

import pytest
from support.operator_world import START, World, in_progress, ready, window


def test_a_finished_bot_that_lingers_is_dismissed() -> None:
    world = in_progress(World())
    world.finish("CandidateLeft")
    world.reconcile()
    assert world.wake_at is not None
    world.advance(20)
    world.reconcile()
    world.advance(6)
    world.reconcile()
    assert world.phase == "Completed"
    assert world.condition("Complete") == ("True", "CandidateLeft")


@pytest.mark.parametrize("crash_after", range(6))
def test_how_a_bot_ended_is_kept_by_an_operator_that_dies_in_between(crash_after: int) -> None:
    world = in_progress(World())
    world.finish("Completed")
    world.kill_pod(world.pod, 0)
    world.reconcile(crash_after=crash_after)
    world.reconcile()
    assert world.status.phase == "Completed"
    assert world.last_attempt.reason == "Exited"
    assert (world.pods, world.inputs) == ({}, None)


def test_a_window_that_is_past_expires_at_once() -> None:
    world = World(spec=window(expires_at=-1))
    world.reconcile()
    assert world.phase == "Expired"
    assert world.condition("Failed") == ("True", "WindowClosed")
    assert world.created_pods == []
    assert world.link is None


def test_the_window_closes_on_a_candidate_who_never_came() -> None:
    world = World(spec={"start": "OnArrival", **window(expires_at=100)})
    world.reconcile()
    assert world.wake_at == START + timedelta(seconds=100)
    world.advance(100)
    world.reconcile()
    assert world.phase == "Expired"


def test_a_candidate_who_came_in_time_is_let_through() -> None:
    world = World(spec={"start": "OnArrival", **window(expires_at=100)})
    world.reconcile()
    world.advance(99)
    world.arrive()
    world.reconcile()
    world.advance(10)
    world.ready_pod(world.pod)
    world.reconcile()
    assert world.phase == "Ready"


def test_no_show() -> None:
    world = ready(World(spec={"noShowSeconds": 60}))
    assert world.wake_at == START + timedelta(seconds=60)
    world.advance(60)
    world.reconcile()
    world.advance(6)
    world.reconcile()
    assert world.phase == "Expired"
    assert world.condition("Failed") == ("True", "NoShow")
    assert world.sealed == ["NoShow"]
    assert (world.pods, world.inputs, world.link) == ({}, None, None)


def test_extra_time_is_the_candidates_before_they_come_too() -> None:
    world = ready(World(spec={"noShowSeconds": 60, "candidate": {"extraTimePercent": 50}}))
    assert world.wake_at == START + timedelta(seconds=90)


def test_no_show_counts_from_the_opening() -> None:
    world = World(spec={"noShowSeconds": 60, **window(not_before=100)})
    ready(world)
    world.advance(100)
    world.reconcile()
    assert world.phase == "Ready"
    world.advance(60)
    world.reconcile()
    world.advance(6)
    world.reconcile()
    assert world.phase == "Expired"


def test_an_exit_without_an_end_is_sealed() -> None:
    world = in_progress(World())
    world.kill_pod(world.pod, 0)
    world.reconcile()
    assert world.phase == "InProgress"
    world.advance(15)
    world.reconcile()
    assert world.sealed == ["Completed"]
    assert world.phase == "Completed"


def test_cancel_before_a_bot() -> None:
    world = World(spec={"start": "OnArrival"})
    world.reconcile()
    world.edit(cancel=True)
    world.reconcile()
    assert world.phase == "Cancelled"
    assert world.condition("Failed") == ("True", "Cancelled")
    assert world.sealed == []
    assert world.link is None


def test_cancel_during_the_conversation_seals_what_was_said() -> None:
    world = in_progress(World().daily())
    world.edit(cancel=True)
    world.reconcile()
    assert world.condition("Joinable") == ("False", "Cancelled")
    assert world.sealed == [], "the bot still says what it has"
    world.advance(6)
    world.reconcile()
    assert world.phase == "Cancelled"
    assert world.sealed == ["Cancelled"]
    assert world.rooms == set()


def test_cancel_after_the_end_changes_nothing() -> None:
    world = in_progress(World())
    world.finish("Completed")
    world.edit(cancel=True)
    world.kill_pod(world.pod, 0)
    world.reconcile()
    assert world.phase == "Completed"


@pytest.mark.parametrize(
    ("said", "phase"),
    [("TechnicalFault", "Failed"), ("RecordingFailed", "Failed"), ("NoShow", "Expired"), ("Cancelled", "Cancelled")],
)
def test_what_the_session_ended_with(said: str, phase: str) -> None:
    world = in_progress(World())
    world.finish(said)
    world.kill_pod(world.pod, 0)
    world.reconcile()
    assert world.phase == phase
    assert world.condition("Failed") == ("True", said)


def test_an_end_that_is_held_up_says_by_what() -> None:
    world = in_progress(World(spec={"backoffLimit": 0}))
    world.down.add("seal")
    world.kill_pod(world.pod, 1)
    world.reconcile()
    world.reconcile()
    assert world.condition("Reconciling") == ("True", "Ending")
    assert "seal is down" in world.message("Reconciling")
    assert world.phase == "InProgress"
    world.down.clear()
    world.reconcile()
    assert world.phase == "Failed"


def test_a_pod_that_somebody_elses_finalizer_keeps_is_waited_for() -> None:
    world = in_progress(World())
    name = world.pod
    world.pods[name]["metadata"]["finalizers"] = ["example.com/keeps-it"]
    world.delete()
    world.reconcile()
    world.advance(36)
    world.reconcile()
    assert world.pods[name]["metadata"]["deletionGracePeriodSeconds"] == 0
    assert world.wake_at == world.now + timedelta(seconds=30)
    assert world.plan().actions == []
    del world.pods[name]
    world.reconcile()
    assert world.interview is None


def test_an_end_does_not_wait_for_ever_for_a_pod_that_somebody_elses_finalizer_keeps() -> None:
    world = in_progress(World())
    name = world.pod
    world.pods[name]["metadata"]["finalizers"] = ["example.com/keeps-it"]
    world.edit(cancel=True)
    for _ in range(9):
        world.reconcile()
        world.advance(30)
    assert world.condition("Reconciling") == ("True", "Ending")
    assert f"{name}: only its finalizers keep it" in world.message("Reconciling")
    world.advance(30)
    world.reconcile()
    assert (world.phase, world.sealed) == ("Cancelled", ["Cancelled"])
    world.reconcile()
    assert (world.inputs, world.link) == (None, None)


def test_the_time_without_a_bot_is_no_no_show() -> None:
    world = ready(World(spec={"noShowSeconds": 60}))
    world.advance(10)
    world.arrive()
    world.down.add("pod")
    world.kill_pod(world.pod, None, "Evicted")
    world.reconcile()
    world.advance(70)
    world.reconcile()
    world.down.clear()
    world.advance(10)
    world.reconcile()
    world.advance(100)
    world.reconcile()
    assert world.phase == "Provisioning"
    world.ready_pod(world.pod)
    world.reconcile()
    assert world.wake_at == world.now + timedelta(seconds=60)
    world.advance(60)
    world.reconcile()
    world.advance(6)
    world.reconcile()
    assert world.condition("Failed") == ("True", "NoShow")


def test_a_no_show_stays_one_whatever_the_clock_of_the_bots_node_says() -> None:
    world = ready(World(spec={"noShowSeconds": 60}))
    world.advance(60)
    world.reconcile()
    world.now -= timedelta(seconds=10)
    world.kill_pod(world.pod, 0)
    world.now += timedelta(seconds=10)
    world.reconcile()
    world.advance(6)
    world.reconcile()
    assert world.condition("Failed") == ("True", "NoShow")
    assert len(world.created_pods) == 1


def test_a_candidate_who_came_and_got_no_bot_is_told_apart_from_nobody() -> None:
    world = World(spec={"start": "OnArrival", "backoffLimit": 10, "noShowSeconds": 60, **window(expires_at=100)})
    world.reconcile()
    world.advance(99)
    world.arrive()
    world.reconcile()
    world.advance(1 + 60 + 180)
    world.reconcile()
    world.advance(6)
    world.reconcile()
    assert world.phase == "Failed"
    assert world.condition("Failed") == ("True", "NoBot")
    assert world.sealed == ["TechnicalFault"]


def test_a_room_that_was_not_to_be_had_is_removed_all_the_same() -> None:
    world = World().daily()
    world.down.add("room")
    world.reconcile()
    world.advance(400)
    world.reconcile()
    world.rooms.add(world.bot_inputs.room.name)  # it was made, and the answer was lost
    world.edit(cancel=True)
    world.reconcile()
    assert world.phase == "Cancelled"
    assert world.rooms == set()
