"""The ways that interviews take to their beginning, and what an accepted one is held to."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from parley_crds import Candidate, TemplateRef
from parley_operator.actions import (
    Action,
    ApplyLink,
    ApplyStatus,
    CreateInputs,
    CreatePod,
    DeleteInputs,
    DeleteLink,
    DeletePod,
    EmitEvent,
    MarkPod,
    PinTemplate,
    SetFinalizer,
)
from parley_operator.snapshot import ReferenceProblem
from support.operator_world import START, World, in_progress, template, window


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
    world = World(context=ReferenceProblem(reason, "No."))
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


@pytest.mark.parametrize(("voice", "reason"), [(None, "OverridesNotValid"), ("tina", "Accepted")])
def test_a_voice_that_does_not_speak_the_language_is_refused(voice: str | None, reason: str) -> None:
    interviewer = {"name": "Ada", "voice": "amy", "greeting": "Hello.", "closing": "Goodbye."}
    overrides = {"language": "de-DE"} | ({} if voice is None else {"voice": voice})
    world = World(template=template(interviewer=interviewer), spec={"overrides": overrides})
    world.reconcile()
    assert world.condition("Accepted") == (str(reason == "Accepted"), reason)


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


def test_a_run_without_news_does_nothing() -> None:
    world = in_progress(World())
    assert world.plan().actions == []


def test_each_transition_is_told_once() -> None:
    world = in_progress(World())
    world.finish("Completed")
    world.kill_pod(world.pod, 0)
    world.reconcile()
    told = [event.reason for event in world.events if isinstance(event, EmitEvent)]
    assert told == ["InProgress", "Completed"]


def test_an_interview_costs_no_more_writes_than_it_needs() -> None:
    """Each is a call of the API server; a snapshot that is there already is none."""
    done: list[Action] = []

    class Counted(World):
        def perform(self, action: Action) -> None:
            done.append(action)
            super().perform(action)

    world = Counted()
    world.reconcile()
    assert [type(action) for action in done] == [
        SetFinalizer,
        PinTemplate,
        ApplyLink,
        ApplyStatus,
        CreateInputs,
        CreatePod,
        ApplyStatus,
    ]
    done.clear()
    world.ready_pod(world.pod)
    world.reconcile()
    world.arrive()
    world.join()
    world.reconcile()
    world.finish("Completed")
    world.reconcile()
    assert [type(action) for action in done] == [ApplyStatus, ApplyStatus, EmitEvent, MarkPod]
    done.clear()
    world.kill_pod(world.pod, 0)
    world.reconcile()
    assert [type(action) for action in done] == [DeleteLink, ApplyStatus, EmitEvent, DeletePod, DeleteInputs]


def lose_snapshot(world: World) -> None:
    """The snapshot is deleted, and the template is another by now."""
    world.revisions.clear()
    world.template = template(title="Another title")


def spoil_snapshot(world: World) -> None:
    """The snapshot is one that this version can't read."""
    world.template_problem = "The template is not valid: no such field"


@pytest.mark.parametrize(("happens", "reason"), [(lose_snapshot, "SnapshotLost"), (spoil_snapshot, "TemplateNotValid")])
def test_a_conversation_goes_on_without_its_template(happens: Callable[[World], None], reason: str) -> None:
    world = World(template=template(bot={"priorityClassName": "interviews"}))
    bot = world.installation.bot.model_copy(update={"allowed_priority_classes": ["interviews"]})
    world.installation = replace(world.installation, bot=bot)
    in_progress(world)
    happens(world)
    world.reconcile()
    assert world.phase == "InProgress"
    assert world.condition("Joinable") == ("True", "BotReady")
    assert world.condition("Stalled") == ("True", reason)
    world.kill_pod(world.pod, None, "Evicted")
    world.reconcile()
    assert world.phase == "InProgress"
    assert world.pod.endswith("-2")
    assert world.pods[world.pod]["spec"]["priorityClassName"] == "interviews"


def test_an_edit_before_the_first_bot_counts() -> None:
    world = World(spec={"candidate": {"name": "Jane"}}).daily()
    world.down.add("room")
    world.reconcile()
    assert world.bot_inputs.plan.candidate_name == "Jane"
    world.edit(candidate=Candidate(name="Joan"))
    world.down.clear()
    world.reconcile()
    assert len(world.pods) == 1
    assert world.bot_inputs.plan.candidate_name == "Joan"


def test_an_edit_just_as_the_first_bot_is_started_counts() -> None:
    world = World(spec={"candidate": {"name": "Jane"}}).daily()
    world.down.add("pod")
    world.reconcile()
    world.down.clear()
    world.troubles.clear()
    world.meanwhile = lambda: world.edit(candidate=Candidate(name="Joan"))
    world.reconcile()
    assert world.status.attempts is None, "a write that knows nothing of the edit fixes nothing"
    world.reconcile()
    assert world.bot_inputs.plan.candidate_name == "Joan"
    assert world.created_pods == [world.pod]
    world.edit(candidate=Candidate(name="Jill"))
    world.reconcile()
    assert world.bot_inputs.plan.candidate_name == "Joan", "the bot has been given it: admission refuses this edit"


def test_another_template_named_just_as_one_is_pinned_is_the_one_that_is_pinned() -> None:
    world = World()
    world.perform(SetFinalizer(present=True))
    world.meanwhile = lambda: world.edit(template_ref=TemplateRef(name="frontend"))
    world.reconcile()
    world.reconcile()
    assert world.status.template is not None
    assert world.status.template.name == "frontend"


def test_an_edited_start_counts_until_the_first_bot() -> None:
    world = World().daily()
    world.down.add("room")
    world.reconcile()
    world.edit(start="OnArrival")
    world.down.clear()
    world.reconcile()
    assert (world.phase, world.pods) == ("Open", {})


@pytest.mark.parametrize(
    "changes", [{"bot": {"priorityClassName": "x"}}, {"limits": {"durationSeconds": 100, "closingNoticeSeconds": 0}}]
)
def test_a_template_that_is_mended_is_noticed(changes: dict[str, Any]) -> None:
    world = World(template=template(**changes), spec={"overrides": {"limits": {"closingNoticeSeconds": 200}}})
    world.reconcile()
    assert world.phase == "Pending"
    assert world.plan().awaits_template == "backend"


def test_a_shortened_interview_is_not_shorter_than_one_of_its_questions() -> None:
    world = World(spec={"overrides": {"limits": {"durationSeconds": 90, "closingNoticeSeconds": 10}}})
    world.reconcile()
    assert world.condition("Accepted") == ("False", "OverridesNotValid")


def test_inputs_that_no_secret_can_hold_are_refused() -> None:
    question = {"text": "\N{CJK UNIFIED IDEOGRAPH-554F}" * 4000, "expectation": "\N{CJK UNIFIED IDEOGRAPH-554F}" * 4000}
    world = World(template=template(questions=[{"id": f"q{number}", **question} for number in range(50)]))
    world.reconcile()
    assert world.condition("Accepted") == ("False", "InputsTooLong")
    assert world.plan().wake_at is None
