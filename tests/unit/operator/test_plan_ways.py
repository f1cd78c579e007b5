"""The ways that interviews take, one by one: what the plan does at each step, and by which reason each ends."""

from dataclasses import replace
from datetime import timedelta

import pytest
from parley_operator.actions import EmitEvent
from parley_operator.snapshot import ContextProblem
from support.operator_world import START, World, template


def ready(world: World) -> World:
    """The world with its bot in the room."""
    world.reconcile()
    world.ready_pod(world.pod)
    world.reconcile()
    return world


def in_progress(world: World) -> World:
    """The world in the middle of the conversation."""
    ready(world)
    world.arrive()
    world.join()
    world.reconcile()
    return world


def window(not_before: float | None = None, expires_at: float | None = None) -> dict[str, dict[str, str]]:
    """A spec's window, in seconds from the start."""
    times = {"notBefore": not_before, "expiresAt": expires_at}
    return {
        "window": {
            key: (START + timedelta(seconds=value)).isoformat() for key, value in times.items() if value is not None
        }
    }


def test_immediate_start_has_link_and_pod_after_the_first_run() -> None:
    world = World()
    world.reconcile()
    assert world.phase == "Provisioning"
    assert world.link is not None
    assert world.link["url"].startswith("https://talk.example.com/join#v1.")
    assert len(world.pods) == 1
    assert world.condition("Accepted") == ("True", "Accepted")
    assert world.condition("Reconciling") == ("True", "BotStarting")
    assert world.status.attempts is not None
    assert world.status.attempts.current == 1
    assert world.status.link_secret_name is not None


def test_the_whole_way_to_completed() -> None:
    world = in_progress(World())
    assert world.phase == "InProgress"
    assert world.condition("Reconciling") is None
    world.finish("Completed")
    world.reconcile()
    assert world.phase == "InProgress", "the bot may say goodbye"
    world.kill_pod(world.pod, 0)
    world.reconcile()
    assert world.phase == "Completed"
    assert world.condition("Complete") == ("True", "Completed")
    assert world.sealed == [], "the bot's own end needs no seal"
    assert (world.pods, world.inputs, world.link) == ({}, None, None)
    assert world.phases[-1] == "Completed"


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


def test_on_arrival_waits_for_the_candidate() -> None:
    world = World(spec={"start": "OnArrival"})
    world.reconcile()
    assert world.phase == "Open"
    assert world.condition("Joinable") == ("True", "Open")
    assert world.pods == {}
    assert world.condition("Reconciling") is None, "an open interview is Current by kstatus"
    world.arrive()
    world.reconcile()
    assert world.phase == "Provisioning"
    assert len(world.pods) == 1


def test_the_template_says_when_to_start_where_the_interview_does_not() -> None:
    world = World(template=template(start="OnArrival"))
    world.reconcile()
    assert world.phase == "Open"


def test_not_before_schedules_and_the_bot_starts_ahead() -> None:
    world = World(spec=window(not_before=3600))
    world.reconcile()
    assert world.phase == "Scheduled"
    assert world.condition("Joinable") == ("False", "NotOpenYet")
    assert world.link is not None, "the link may be sent early"
    assert world.wake_at == START + timedelta(seconds=3600 - 120)
    world.advance(3600 - 120)
    world.reconcile()
    assert world.phase == "Provisioning"
    assert world.condition("Joinable") == ("False", "NotOpenYet")
    world.ready_pod(world.pod)
    world.reconcile()
    assert world.wake_at == START + timedelta(seconds=3600)
    world.advance(120)
    world.reconcile()
    assert world.condition("Joinable") == ("True", "BotReady")


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


def test_an_unknown_template_is_waited_for() -> None:
    world = World(template=None)
    world.reconcile()
    assert world.phase == "Pending"
    assert world.condition("Accepted") == ("False", "TemplateNotFound")
    assert world.condition("Stalled") == ("True", "TemplateNotFound")
    assert world.plan().awaits_template == "backend"
    assert [event.reason for event in world.events] == ["TemplateNotFound"]
    world.template = template()
    world.reconcile()
    assert world.phase == "Provisioning"
    assert world.condition("Stalled") is None
    assert world.plan().awaits_template is None


@pytest.mark.parametrize("reason", ["ContextNotReadable", "ContextNotFound"])
def test_context_that_cannot_be_read_is_waited_for(reason: str) -> None:
    world = World(context=ContextProblem(reason, "No."))
    world.reconcile()
    assert world.phase == "Pending"
    assert world.condition("Accepted") == ("False", reason)
    assert world.link is None
    assert world.inputs is None
    assert world.wake_at is not None
    world.context = "Ten years of Python."
    world.reconcile()
    inputs = world.children().inputs
    assert inputs is not None
    assert inputs.inputs is not None
    assert inputs.inputs.plan.context == "Ten years of Python."


def test_what_the_installation_does_not_allow_is_refused() -> None:
    world = World(template=template(bot={"priorityClassName": "system-node-critical"}))
    world.reconcile()
    assert world.condition("Accepted") == ("False", "TemplateNotAllowed")


def test_a_provider_without_an_account_is_refused() -> None:
    world = World(template=template(room={"provider": "daily"}))
    world.installation = replace(world.installation, room_providers=frozenset({"websocket"}))
    world.reconcile()
    assert world.condition("Accepted") == ("False", "RoomProviderNotConfigured")


def test_overrides_that_do_not_fit_the_template_are_refused() -> None:
    world = World(spec={"overrides": {"limits": {"durationSeconds": 60}}})
    world.reconcile()
    assert world.condition("Accepted") == ("False", "OverridesNotValid")


def test_an_accepted_interview_keeps_its_template() -> None:
    world = World(spec={"start": "OnArrival"})
    world.reconcile()
    world.template = template(title="Another title")
    world.arrive()
    world.reconcile()
    ledger = world.children().inputs
    assert ledger is not None
    assert ledger.inputs is not None
    assert ledger.inputs.plan.title == "Backend engineer"
    world.template = None
    world.reconcile()
    assert world.condition("Accepted") == ("True", "Accepted")


def test_a_lost_snapshot_is_made_again_or_told() -> None:
    world = World(spec={"start": "OnArrival"})
    world.reconcile()
    (name,) = world.revisions
    world.revisions.clear()
    world.reconcile()
    assert list(world.revisions) == [name]
    world.revisions.clear()
    world.template = template(title="Another title")
    world.reconcile()
    assert world.condition("Accepted") == ("False", "SnapshotLost")


@pytest.mark.parametrize(
    ("exit_code", "said", "reason"),
    [
        (10, "", "ModelRefused"),
        (11, "", "RoomJoinFailed"),
        (12, "", "ApiRefused"),
        (1, "", "BotCrashed"),
        (137, "OOMKilled", "OutOfMemory"),
        (None, "Evicted", "Evicted"),
        (None, "NodeShutdown", "NodeShutdown"),
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
    assert world.status.attempts.history[0].reason == "StartDeadlineExceeded"
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
    assert pauses == [5, 10]


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
    ("said", "phase"), [("TechnicalFault", "Failed"), ("NoShow", "Expired"), ("Cancelled", "Cancelled")]
)
def test_what_the_session_ended_with(said: str, phase: str) -> None:
    world = in_progress(World())
    world.finish(said)
    world.kill_pod(world.pod, 0)
    world.reconcile()
    assert world.phase == phase
    assert world.condition("Failed") == ("True", said)


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
    world.down.add("eject")
    world.kill_pod(world.pod, None, "Evicted")
    world.reconcile()
    assert len(world.created_pods) == 1
    world.advance(30)
    world.reconcile()
    assert len(world.created_pods) == 2


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


def test_deletion_never_hangs() -> None:
    world = in_progress(World().daily())
    world.down |= {"room", "seal"}
    world.delete()
    world.reconcile()
    world.advance(5)
    world.reconcile()
    assert set(world.troubles) == {"room"}
    world.advance(1)
    world.reconcile()
    assert set(world.troubles) == {"room", "seal"}, "a failing step holds up no other"
    world.advance(310)
    world.reconcile()
    world.reconcile()
    assert world.interview is None
    assert {event.reason for event in world.events if event.type == "Warning"} == {"CleanupAbandoned"}


def test_an_erasure_that_fails_is_never_let_go() -> None:
    world = in_progress(World(spec={"deletionPolicy": "Erase"}))
    world.down |= {"erase"}
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


def test_what_an_interview_without_finalizer_left_is_removed() -> None:
    world = in_progress(World().daily())
    world.interview = None
    world.reconcile()
    world.advance(5)
    world.reconcile()
    assert (world.pods, world.inputs, world.rooms) == ({}, None, set())


def test_a_raised_epoch_makes_a_new_link() -> None:
    world = World(spec={"start": "OnArrival"})
    world.reconcile()
    old = world.link
    world.edit(link_epoch=1)
    world.reconcile()
    assert world.link != old


def test_a_removed_link_is_made_again_just_the_same() -> None:
    world = World(spec={"start": "OnArrival"})
    world.reconcile()
    old, world.link = world.link, None
    world.reconcile()
    assert world.link == old


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


def test_a_run_without_news_does_nothing() -> None:
    world = in_progress(World())
    assert world.plan().actions == []


def test_each_transition_is_told_once() -> None:
    world = in_progress(World())
    world.finish("Completed")
    world.kill_pod(world.pod, 0)
    world.reconcile()
    told = [event.reason for event in world.events if isinstance(event, EmitEvent)]
    assert told == ["Provisioning", "Ready", "InProgress", "Completed"]
