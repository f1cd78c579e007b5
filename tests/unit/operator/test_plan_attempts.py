"""How attempts are counted, paused and told apart: what Kubernetes does to bots, and how often it is tried again."""

import pytest
from support.operator_world import World, in_progress, window


def test_bots_that_were_lost_together_do_not_come_back_together() -> None:
    pauses = set()
    for number in range(20):
        world = World()
        metadata = world.require_interview().metadata.model_copy(update={"uid": f"uid-{number}"})
        world.interview = world.require_interview().model_copy(update={"metadata": metadata})
        world.reconcile()
        world.kill_pod(world.pod, 10)
        world.reconcile()
        assert world.wake_at is not None
        first = world.wake_at
        world.reconcile()
        assert world.wake_at == first, "a plan that is asked twice answers alike"
        pauses.add((first - world.now).total_seconds())
    assert len(pauses) == 20
    assert all(2.5 <= pause <= 5 for pause in pauses)


@pytest.mark.parametrize("said", ["OutOfpods", "Evicted", "OOMKilled", "Preempting"])
def test_a_cluster_that_takes_no_bot_is_not_asked_for_all_of_them_at_once(said: str) -> None:
    world = World(spec={"backoffLimit": 4})
    world.reconcile()
    waits = []
    for number in range(4):
        world.kill_pod(world.pod, None, said)
        world.reconcile()
        wait = 0.0
        if not world.pods:
            assert world.wake_at is not None
            wait = (world.wake_at - world.now).total_seconds()
            world.advance(wait)
            world.reconcile()
        assert world.pod.endswith(f"-{number + 2}")
        waits.append(wait)
    assert waits[0] == 0, "the first may be chance"
    assert 5 <= waits[1] <= 10 <= waits[2] <= 20 <= waits[3] <= 40


def test_a_bot_that_was_in_its_room_has_its_successor_at_once_each_time() -> None:
    world = in_progress(World(spec={"backoffLimit": 4}))
    for number in range(3):
        world.kill_pod(world.pod, None, "Evicted")
        world.reconcile()
        assert world.pod.endswith(f"-{number + 2}")
        world.ready_pod(world.pod)
        world.reconcile()


def test_the_backoff_limit_is_how_often_it_is_tried_again() -> None:
    for limit in range(4):
        world = World(spec={"backoffLimit": limit})
        world.reconcile()
        for _ in range(limit + 1):
            world.kill_pod(world.pod, 1)
            world.reconcile()
            if world.wake_at is not None and not world.pods and world.phase != "Failed":
                world.advance((world.wake_at - world.now).total_seconds())
                world.reconcile()
        assert len(world.created_pods) == limit + 1
        assert world.condition("Failed") == ("True", "BackoffLimitExceeded")


@pytest.mark.parametrize(
    ("said", "type_", "reason"),
    [
        ("ErrImagePull", "Reconciling", "ImagePullFailed"),
        ("ImagePullBackOff", "Reconciling", "ImagePullFailed"),
        ("ErrImageNeverPull", "Stalled", "ImagePullFailed"),
        ("InvalidImageName", "Stalled", "ImageNotValid"),
        ("CreateContainerConfigError", "Stalled", "ContainerNotCreated"),
        ("CreateContainerError", "Reconciling", "ContainerNotCreated"),
    ],
)
def test_what_keeps_a_container_from_starting_is_told_at_once(said: str, type_: str, reason: str) -> None:
    world = World()
    world.reconcile()
    world.hinder_pod(world.pod, said, "parley/bot:test was not found")
    world.reconcile()
    assert world.condition(type_) == ("True", reason)
    assert world.message(type_) == f"{world.pod}: {said} parley/bot:test was not found"
    assert world.condition("Joinable") == ("True", reason), "what kubectl's column shows"
    assert world.message("Joinable").startswith("The link works. ")
    assert [event.reason for event in world.events if event.type == "Warning"] == [reason]
    world.advance(180)
    world.reconcile()
    assert world.last_attempt.reason == reason


def test_a_cause_whose_words_take_turns_is_told_once() -> None:
    world = World()
    world.reconcile()
    writes = [len(world.phases)]
    for said in ("ErrImagePull", "ImagePullBackOff", "ErrImagePull", "ImagePullBackOff"):
        world.hinder_pod(world.pod, said, f"{said} of the image")
        world.reconcile()
        writes.append(len(world.phases))
        world.advance(5)
    assert writes == [writes[0], *[writes[0] + 1] * 4]
    assert "ErrImagePull of the image" in world.message("Reconciling")
    world.ready_pod(world.pod)
    world.reconcile()
    assert world.condition("Reconciling") is None


def test_a_bot_that_is_kept_from_starting_before_the_window_opens_is_told_beside_when_it_does() -> None:
    world = World(spec=window(not_before=100))
    world.reconcile()
    assert world.condition("Joinable") == ("False", "NotOpenYet")
    world.hinder_pod(world.pod, "ImagePullBackOff")
    world.reconcile()
    assert world.condition("Joinable") == ("False", "ImagePullFailed")
    assert world.message("Joinable").startswith("The link opens at 2026-11-22T12:01:40Z. ")
    world.ready_pod(world.pod)
    world.reconcile()
    assert world.condition("Joinable") == ("False", "NotOpenYet")


def test_a_pod_that_no_node_takes_is_told_at_once_with_the_schedulers_words() -> None:
    world = World()
    world.reconcile()
    unscheduled = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": "0/3 nodes are available: 3 Insufficient cpu.",
    }
    world.set_pod(world.pod, phase="Pending", conditions=[unscheduled])
    world.reconcile()
    assert world.condition("Reconciling") == ("True", "Unschedulable")
    assert "3 Insufficient cpu" in world.message("Reconciling")
    world.advance(180)
    world.reconcile()
    assert world.last_attempt.reason == "Unschedulable"


def test_a_pod_that_says_nothing_within_its_time_is_told_apart() -> None:
    world = World()
    world.reconcile()
    world.advance(180)
    world.reconcile()
    assert world.last_attempt.reason == "StartDeadlineExceeded"


@pytest.mark.parametrize(
    ("disruption", "reason"),
    [
        ("EvictionByEvictionAPI", "Evicted"),
        ("PreemptionByScheduler", "Preempted"),
        ("DeletionByTaintManager", "NodeLost"),
        ("DeletionByPodGC", "NodeLost"),
    ],
)
def test_why_a_pod_was_deleted_is_known_when_it_is_gone(disruption: str, reason: str) -> None:
    world = in_progress(World())
    name = world.pod
    condition = {"type": "DisruptionTarget", "status": "True", "reason": disruption, "message": "it has to go"}
    world.set_pod(name, phase="Running", conditions=[condition])
    world.delete_pod(name, 30)
    world.reconcile()
    world.advance(31)
    assert name not in world.pods
    world.reconcile()
    attempts = world.status.attempts
    assert attempts is not None
    first = attempts.history[0]
    assert (first.reason, first.ended_at is not None) == (reason, True)
    assert "it has to go" in (first.message or "")
    assert world.pod.endswith("-2")
