"""`spec.suspend`, and the interview's own deadline."""

from datetime import timedelta

import pytest
from support.operator_world import START, World, in_progress, ready, window


def held(world: World) -> World:
    world.edit(suspend=True)
    world.reconcile()
    return world


def test_a_suspended_interview_starts_nothing() -> None:
    world = World(spec={"suspend": True})
    world.reconcile()
    assert world.phase == "Suspended"
    assert world.condition("Suspended") == ("True", "Suspended")
    assert world.condition("Joinable") == ("False", "Suspended")
    assert (world.condition("Reconciling"), world.condition("Stalled")) == (None, None), "kstatus: Current"
    assert (world.pods, world.inputs, world.link, world.revisions) == ({}, None, None, {})
    world.advance(10_000)
    world.reconcile()
    assert world.created_pods == []


def test_it_goes_on_by_itself_when_it_is_resumed() -> None:
    world = World(spec={"suspend": True})
    world.reconcile()
    world.edit(suspend=False)
    world.reconcile()
    assert world.phase == "Provisioning"
    assert world.condition("Suspended") == ("False", "Resumed")
    in_progress(world)
    assert world.phase == "InProgress"
    assert world.condition("Suspended") == ("False", "Resumed")


def test_what_waits_for_its_candidate_is_held_and_keeps_its_link() -> None:
    world = World(spec={"start": "OnArrival"})
    world.reconcile()
    link = world.link
    held(world)
    assert world.phase == "Suspended"
    assert world.link == link
    world.arrive()
    world.reconcile()
    assert world.created_pods == []
    world.edit(link_epoch=1)
    world.reconcile()
    assert world.link != link, "a link can be revoked on hold, too"


def test_what_was_prepared_without_a_bot_is_taken_away() -> None:
    world = World().daily()
    world.down.add("pod")
    world.reconcile()
    assert (world.inputs is None, len(world.rooms)) == (False, 1)
    held(world)
    assert (world.inputs, world.rooms) == (None, set())
    assert world.status.room is None
    world.down.clear()
    world.edit(suspend=False)
    world.reconcile()
    assert len(world.rooms) == 1
    assert world.phase == "Provisioning"


def test_a_room_that_can_not_be_removed_is_told_and_let_go_in_the_end() -> None:
    world = World().daily()
    world.down |= {"pod", "room's removal"}
    world.reconcile()
    held(world)
    world.reconcile()
    assert world.condition("Reconciling") == ("True", "Suspending")
    world.advance(310)
    world.reconcile()
    assert world.inputs is None
    assert world.condition("Reconciling") is None
    assert [event.reason for event in world.events if event.type == "Warning"][-1] == "CleanupAbandoned"


def test_a_bot_that_was_started_is_not_held() -> None:
    world = World()
    world.reconcile()
    pods = dict(world.pods)
    held(world)
    assert world.condition("Suspended") == ("False", "AlreadyStarted")
    assert "spec.cancel" in world.message("Suspended")
    assert world.pods == pods
    in_progress(world)
    assert world.phase == "InProgress"
    assert [event.reason for event in world.events].count("AlreadyStarted") == 1
    world.edit(suspend=False)
    world.reconcile()
    assert world.condition("Suspended") is None, "it was never held"


def test_a_bot_that_no_status_tells_of_yet_was_started() -> None:
    for crash_after in range(1, 20):
        world = World()
        world.reconcile(crash_after=crash_after)
        if world.created_pods:
            break
    assert world.pods
    assert world.status.attempts is None
    held(world)
    assert world.condition("Suspended") == ("False", "AlreadyStarted")
    assert world.pods


def test_the_window_closes_on_a_suspended_interview() -> None:
    world = World(spec={"suspend": True, **window(expires_at=100)})
    world.reconcile()
    assert world.wake_at == START + timedelta(seconds=100)
    world.advance(100)
    world.reconcile()
    assert world.phase == "Expired"
    assert world.condition("Failed") == ("True", "WindowClosed")
    assert "on hold" in world.message("Failed")
    assert world.condition("Suspended") is None


def test_the_window_closes_on_a_candidate_who_came_and_was_put_off() -> None:
    world = World(spec={"start": "OnArrival", "suspend": False, **window(expires_at=100)})
    world.reconcile()
    world.edit(suspend=True)
    world.arrive()
    world.reconcile()
    world.advance(100)
    world.reconcile()
    assert world.condition("Failed") == ("True", "WindowClosed")


def test_a_suspended_interview_can_be_cancelled_and_deleted() -> None:
    world = held(World(spec={"start": "OnArrival"}))
    world.edit(cancel=True)
    world.reconcile()
    assert world.phase == "Cancelled"
    other = held(World(spec={"start": "OnArrival"}))
    other.delete()
    other.reconcile()
    assert other.interview is None


def test_a_suspended_interview_needs_no_template() -> None:
    world = World(template=None, spec={"suspend": True})
    world.reconcile()
    assert world.phase == "Suspended"
    world.edit(suspend=False)
    world.reconcile()
    assert world.condition("Accepted") == ("False", "TemplateNotFound")


def test_the_deadline_ends_a_conversation_and_keeps_it() -> None:
    world = in_progress(World(spec={"activeDeadlineSeconds": 600}).daily())
    assert world.status.started_at == START
    assert world.wake_at == START + timedelta(seconds=600)
    world.advance(599)
    world.reconcile()
    assert world.phase == "InProgress"
    world.advance(1)
    world.reconcile()
    assert world.sealed == [], "the bot still says what it has"
    world.advance(6)
    world.reconcile()
    assert world.phase == "Failed"
    assert world.condition("Failed") == ("True", "DeadlineExceeded")
    assert world.sealed == ["DeadlineExceeded"]
    assert (world.pods, world.inputs, world.rooms) == ({}, None, set())
    assert world.events[-1].reason == "DeadlineExceeded"


def test_the_deadline_has_the_candidates_extra_time() -> None:
    world = in_progress(World(spec={"activeDeadlineSeconds": 600, "candidate": {"extraTimePercent": 50}}))
    assert world.wake_at == START + timedelta(seconds=900)


def test_the_deadline_counts_from_the_first_bot_whatever_is_left_of_its_record() -> None:
    world = World(spec={"activeDeadlineSeconds": 3600, "backoffLimit": 10})
    world.edit(backoff_limit=10)
    for _ in range(10):
        ready(world)
        world.kill_pod(world.pod, None, "Evicted")
        world.advance(60)
    ready(world)
    assert world.status.attempts is not None
    assert world.status.attempts.history[0].attempt == 2
    assert world.status.started_at == START
    world.arrive()
    world.join()
    world.advance(3000)
    world.reconcile()
    world.advance(6)
    world.reconcile()
    assert world.condition("Failed") == ("True", "DeadlineExceeded")


def test_before_a_bot_no_deadline_runs() -> None:
    world = World(spec={"start": "OnArrival", "activeDeadlineSeconds": 60})
    world.reconcile()
    world.advance(10_000)
    world.reconcile()
    assert world.phase == "Open"
    assert world.status.started_at is None


def test_a_deadline_that_is_lowered_counts_at_once() -> None:
    world = in_progress(World(spec={"activeDeadlineSeconds": 600}))
    world.advance(100)
    world.edit(active_deadline_seconds=60)
    world.reconcile()
    world.advance(6)
    world.reconcile()
    assert world.condition("Failed") == ("True", "DeadlineExceeded")


def test_a_conversation_that_was_finished_in_time_has_met_its_deadline() -> None:
    world = in_progress(World(spec={"activeDeadlineSeconds": 600}))
    world.finish("Completed")
    world.advance(700)
    world.reconcile()
    world.advance(6)
    world.reconcile()
    assert world.phase == "Completed"


def test_an_operator_that_was_away_at_the_deadline_replaces_no_bot() -> None:
    world = in_progress(World(spec={"activeDeadlineSeconds": 600}))
    world.advance(1600)
    world.kill_pod(world.pod, None, "DeadlineExceeded")
    world.reconcile()
    assert world.condition("Failed") == ("True", "DeadlineExceeded")
    assert len(world.created_pods) == 1


@pytest.mark.parametrize(("seconds", "bound"), [(600, 600 + 900), (86_400, 2 * 900 + 1800 + 900)])
def test_the_pods_own_deadline_is_a_last_resort_behind_the_interviews(seconds: int, bound: int) -> None:
    world = World(spec={"activeDeadlineSeconds": seconds})
    world.reconcile()
    assert world.pods[world.pod]["spec"]["activeDeadlineSeconds"] == bound


def test_a_replacement_has_what_is_left() -> None:
    world = ready(World(spec={"activeDeadlineSeconds": 600}))
    world.advance(400)
    world.kill_pod(world.pod, None, "Evicted")
    world.reconcile()
    assert world.pods[world.created_pods[-1]]["spec"]["activeDeadlineSeconds"] == 200 + 900
