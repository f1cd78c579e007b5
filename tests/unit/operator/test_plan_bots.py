"""What becomes of a bot, and who follows it: each end has its reason, and none is repeated without bound."""

import base64
from datetime import timedelta

import pytest
from parley_operator.snapshot import StepName, troubled
from support.operator_world import START, World, in_progress


@pytest.mark.parametrize(
    ("exit_code", "said", "reason"),
    [
        (10, "", "ModelRefused"),
        (11, "", "RoomJoinFailed"),
        (12, "", "ApiRefused"),
        (14, "", "RoomLost"),
        (1, "", "BotCrashed"),
        (137, "OOMKilled", "OutOfMemory"),
        (None, "Evicted", "Evicted"),
        (None, "NodeShutdown", "NodeShutdown"),
        (None, "NodeLost", "NodeLost"),
        (None, "Preempting", "Preempted"),
        (None, "OutOfpods", "NotAdmitted"),
        (137, "ContainerStatusUnknown", "NodeLost"),
        (128, "StartError", "ContainerNotCreated"),
        (None, "", "PodFailed"),
    ],
)
def test_a_dead_bot_is_replaced_and_its_end_recorded(exit_code: int | None, said: str, reason: str) -> None:
    world = in_progress(World())
    first = world.pod
    world.kill_pod(first, exit_code, said)
    world.reconcile()
    if world.wake_at is not None and not world.pods:
        world.advance((world.wake_at - world.now).total_seconds())
        world.reconcile()
    assert world.pod != first
    assert world.pod.endswith("-2")
    assert world.phase == "InProgress"
    assert world.condition("Joinable") == ("True", "BotStarting")
    attempts = world.status.attempts
    assert attempts is not None
    assert (attempts.current, attempts.failures) == (2, 1)
    assert attempts.history[0].reason == reason
    ledger = world.children().inputs
    assert ledger is not None
    assert ledger.inputs is not None
    assert ledger.inputs.attempt == 2


def test_a_pod_that_vanished_is_replaced() -> None:
    world = in_progress(World())
    del world.pods[world.pod]
    world.reconcile()
    assert world.pod.endswith("-2")
    assert world.status.attempts is not None
    assert world.status.attempts.history[0].reason == "PodLost"


def test_a_deleted_bot_that_ends_well_has_not_finished() -> None:
    world = in_progress(World())
    world.delete_pod(world.pod, 30)
    world.kill_pod(world.pod, 0)
    world.reconcile()
    assert len(world.created_pods) == 2
    assert world.phase == "InProgress"


def test_no_successor_while_the_former_pod_may_run() -> None:
    world = in_progress(World())
    world.delete_pod(world.pod, 30)
    world.reconcile()
    assert world.pod.endswith("-1")
    world.advance(31)
    world.reconcile()
    assert world.pod.endswith("-2")


def test_a_pod_on_a_lost_node_is_removed_by_force() -> None:
    world = in_progress(World())
    world.set_pod(world.pod, phase="Running", reason="NodeLost")
    world.delete_pod(world.pod, 30)
    world.advance(30)
    world.reconcile()
    assert world.wake_at == world.now + timedelta(seconds=30)
    world.advance(30)
    world.reconcile()
    assert world.pod.endswith("-2")


def test_too_many_lost_bots_fail_the_interview() -> None:
    world = in_progress(World(spec={"backoffLimit": 1}))
    world.kill_pod(world.pod, 1)
    world.reconcile()
    world.kill_pod(world.pod, None, "Evicted")
    world.reconcile()
    assert world.phase == "Failed"
    assert world.condition("Failed") == ("True", "BackoffLimitExceeded")
    failed = next(item for item in world.status.conditions if item.type == "Failed")
    assert "Evicted" in failed.message
    assert world.sealed == ["TechnicalFault"]
    assert len(world.created_pods) == 2
    assert (world.pods, world.inputs, world.link) == ({}, None, None)


def test_a_bot_that_never_becomes_ready_is_replaced() -> None:
    world = World()
    world.reconcile()
    first = world.pod
    waiting = {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}
    world.set_pod(first, phase="Pending", containerStatuses=[{"name": "bot", "state": waiting}])
    world.reconcile()
    assert world.wake_at == START + timedelta(seconds=180)
    world.advance(180)
    world.reconcile()
    world.advance(6)
    world.reconcile()
    assert world.pod != first
    assert world.status.attempts is not None
    assert world.status.attempts.history[0].reason == "ImagePullFailed"
    assert "no such image" in (world.status.attempts.history[0].message or "")


def test_a_refused_bot_waits_longer_each_time() -> None:
    world = World()
    world.reconcile()
    pauses = []
    for _ in range(2):
        world.kill_pod(world.pod, 10)
        world.reconcile()
        assert world.pods == {}
        assert world.wake_at is not None
        pauses.append((world.wake_at - world.now).total_seconds())
        world.advance(pauses[-1])
        world.reconcile()
    assert 2.5 <= pauses[0] <= 5 < pauses[1] <= 10


def test_daily_room_is_made_before_the_bot_and_removed_after_it() -> None:
    world = World().daily()
    world.reconcile()
    assert len(world.rooms) == 1
    ledger = world.children().inputs
    assert ledger is not None
    assert ledger.inputs is not None
    assert ledger.inputs.room.url is not None
    world.ready_pod(world.pod)
    world.arrive()
    world.join()
    world.reconcile()
    world.kill_pod(world.pod, 1)
    world.reconcile()
    assert world.ejected == [1]
    world.finish("Completed")
    world.kill_pod(world.pod, 0)
    world.reconcile()
    assert world.rooms == set()


def test_a_room_that_does_not_let_go_holds_a_successor_up_for_half_a_minute() -> None:
    world = in_progress(World().daily())
    world.down.add("ejection")
    world.kill_pod(world.pod, None, "Evicted")
    world.reconcile()
    assert len(world.created_pods) == 1
    world.advance(30)
    world.reconcile()
    assert len(world.created_pods) == 2


def test_removed_inputs_start_a_bot_with_a_new_number() -> None:
    world = in_progress(World())
    world.inputs = None
    world.collect()
    world.reconcile()
    world.advance(31)
    world.reconcile()
    assert world.pod.endswith("-2")


def test_damaged_inputs_are_made_anew() -> None:
    world = in_progress(World())
    assert world.inputs is not None
    world.inputs["data"] = {}
    world.reconcile()
    world.advance(31)
    world.reconcile()
    ledger = world.children().inputs
    assert ledger is not None
    assert ledger.inputs is not None
    assert world.pod.endswith("-2")


def test_lost_inputs_count_as_a_lost_bot() -> None:
    world = in_progress(World(spec={"backoffLimit": 0}))
    world.inputs = None
    world.collect()
    world.reconcile()
    world.advance(31)
    world.reconcile()
    assert world.condition("Failed") == ("True", "BackoffLimitExceeded")
    assert len(world.created_pods) == 1


def test_inputs_that_are_lost_just_as_a_bot_was_counted_count_it_once() -> None:
    world = in_progress(World(spec={"backoffLimit": 2}))
    world.down.add("pod")
    world.kill_pod(world.pod, 1)
    world.reconcile()
    world.inputs = None
    world.down.clear()
    world.collect()
    world.reconcile()
    ledger = world.children().inputs
    assert ledger is not None
    assert ledger.failures == 1


def test_a_silent_node_under_a_conversation_is_not_waited_for_long() -> None:
    world = in_progress(World())
    world.unready_pod(world.pod, node_is_silent=True)
    world.reconcile()
    assert world.wake_at == world.now + timedelta(seconds=30)
    world.advance(30)
    world.reconcile()
    assert world.last_attempt.reason == "NodeLost"


def test_a_bot_that_left_its_room_has_time_for_its_last_words_and_a_reason_of_its_own() -> None:
    world = in_progress(World())
    world.unready_pod(world.pod)
    world.reconcile()
    world.advance(600)
    world.reconcile()
    assert world.last_attempt.ended_at is None
    world.advance(60)
    world.reconcile()
    assert world.last_attempt.reason == "NotReady"


def test_a_room_that_vanished_is_made_again_for_the_next_bot() -> None:
    world = in_progress(World().daily())
    world.rooms.clear()
    world.kill_pod(world.pod, 11)
    world.reconcile()
    assert world.wake_at is not None
    world.advance(5)
    world.reconcile()
    assert world.pod.endswith("-2")
    assert world.rooms == {world.bot_inputs.room.name}


def test_each_bot_is_put_out_of_the_room_though_the_one_before_could_not_be() -> None:
    world = in_progress(World().daily())
    world.down.add("ejection")
    world.kill_pod(world.pod, None, "Evicted")
    world.reconcile()
    world.advance(30)
    world.reconcile()
    world.ready_pod(world.pod)
    world.reconcile()
    world.down.clear()
    world.advance(3600)
    world.kill_pod(world.pod, None, "Evicted")
    world.reconcile()
    assert world.ejected == [2]


@pytest.mark.parametrize(
    ("step", "reason"), [("room", "RoomNotMade"), ("pod", "PodNotCreated"), ("inputs Secret", "InputsNotCreated")]
)
def test_what_can_not_be_had_is_told_and_waited_for_while_nobody_waits(step: StepName, reason: str) -> None:
    world = World(spec={"backoffLimit": 0}).daily()
    world.down.add(step)
    world.reconcile()
    world.reconcile()
    assert world.phase == "Provisioning"
    assert world.condition("Reconciling") == ("True", reason)
    assert f"{step} is down" in world.message("Reconciling")
    world.advance(3600)
    world.reconcile()
    assert world.condition("Stalled") == ("True", reason)
    assert world.condition("Reconciling") is None
    world.down.clear()
    world.reconcile()
    assert world.condition("Stalled") is None
    assert world.pod.endswith("-1")


def test_a_key_that_is_refused_is_told_at_once_and_waited_for() -> None:
    world = World(spec={"backoffLimit": 0}).daily()
    world.down.add("room")
    world.down_kind = "RoomAuthError"
    world.reconcile()
    world.reconcile()
    assert world.condition("Stalled") == ("True", "RoomKeyRefused")
    assert world.condition("Reconciling") is None
    world.advance(86_400)
    world.reconcile()
    world.down.clear()
    world.reconcile()
    assert world.condition("Stalled") is None
    assert world.pod.endswith("-1")


def test_a_key_that_is_refused_at_the_end_is_told_and_holds_it_up_for_five_minutes() -> None:
    world = in_progress(World().daily())
    world.down.add("room's removal")
    world.down_kind = "RoomAuthError"
    world.finish("Completed")
    world.kill_pod(world.pod, 0)
    world.reconcile()
    world.reconcile()
    assert world.condition("Stalled") == ("True", "RoomKeyRefused")
    assert world.phase == "InProgress"
    world.advance(300)
    world.reconcile()
    assert world.phase == "Completed"
    assert world.condition("Stalled") is None
    assert any(event.reason == "CleanupAbandoned" for event in world.events)


@pytest.mark.parametrize(
    ("step", "reason"), [("room", "RoomNotMade"), ("pod", "PodNotCreated"), ("inputs Secret", "InputsNotCreated")]
)
def test_a_candidate_does_not_wait_for_ever_for_what_can_not_be_had(step: StepName, reason: str) -> None:
    world = World(spec={"start": "OnArrival", "backoffLimit": 1}).daily()
    world.reconcile()
    world.down.add(step)
    world.arrive()
    world.reconcile()
    for _ in range(2):
        world.advance(179)
        world.reconcile()
        assert world.phase == "Provisioning"
        world.advance(1)
        world.reconcile()
        world.reconcile()
    assert world.condition("Failed") == ("True", "BackoffLimitExceeded")
    assert reason in world.message("Failed")
    assert world.created_pods == []


def test_a_conversation_whose_inputs_are_lost_and_not_to_be_had_again_ends_and_is_sealed() -> None:
    world = in_progress(World(spec={"backoffLimit": 1}))
    world.down.add("inputs Secret")
    world.inputs = None
    world.collect()
    for _ in range(6):
        world.reconcile()
        world.advance(31)
    assert world.phase == "InProgress"
    assert [(record.attempt, record.reason) for record in world.history] == [(1, "InputsLost")]
    world.reconcile()
    world.reconcile()
    assert [(record.attempt, record.reason) for record in world.history] == [(1, "InputsLost"), (2, "InputsNotCreated")]
    assert world.condition("Failed") == ("True", "BackoffLimitExceeded")
    assert world.sealed == ["TechnicalFault"]


def test_inputs_that_can_be_had_again_have_the_next_number_and_all_that_were_lost_count() -> None:
    world = World(spec={"start": "OnArrival", "backoffLimit": 2})
    world.reconcile()
    world.down.add("inputs Secret")
    world.arrive()
    for _ in range(3):
        world.reconcile()
        world.advance(90)
    world.reconcile()
    world.down.clear()
    world.reconcile()
    ledger = world.children().inputs
    assert ledger is not None
    assert (world.bot_inputs.attempt, ledger.failures) == (2, 1)
    assert world.pod.endswith("-2")


def test_a_trouble_whose_words_change_is_one_trouble() -> None:
    first = troubled(None, START, "RoomUnavailableError", "it took 1.2 s")
    again = troubled(first, START + timedelta(seconds=9), "RoomUnavailableError", "it took 3.4 s")
    assert (again.since, again.last, again.message) == (START, START + timedelta(seconds=9), "it took 1.2 s")
    other = troubled(again, START, "RoomAuthError", "the key is wrong")
    assert (other.since, other.message) == (START, "the key is wrong")


def test_a_placement_that_can_not_be_read_costs_nobody_the_bot() -> None:
    world = in_progress(World())
    assert world.inputs is not None
    world.inputs["data"]["placement.json"] = base64.b64encode(b'{"bot": {"fromALaterVersion": 1}}').decode()
    world.kill_pod(world.pod, None, "Evicted")
    world.reconcile()
    assert world.pod.endswith("-2")
