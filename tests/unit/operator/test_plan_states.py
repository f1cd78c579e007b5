"""The plan against every state that can be reached: people, candidates, nodes and providers do what they like.

Whatever happens, in whatever order, and wherever the operator dies between two actions: there is never more than one
live bot or one room, an end is final, nothing is left behind, every run comes to rest, and no candidate waits for ever.
Each state and each action that there is, is reached.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar, get_args

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test
from parley_crds import WAITING_FOR_CAPACITY, Candidate, LimitsOverride, Overrides, Phase, Window
from parley_operator.actions import Action, ApplyLink, Seal, SetFinalizer
from parley_operator.capacity import Capacity, Place
from parley_operator.manifests import link_manifest
from parley_operator.plan.hindrances import LASTING, PASSING, REASONS
from parley_operator.snapshot import LinkSecret, ReferenceProblem
from parley_operator.tombstones import spec_hash
from support.gitops_states import documented_reasons
from support.operator_promises import Promises
from support.operator_watched import WatchedWorld
from support.operator_world import START, in_progress, template

OPERATOR = st.sampled_from(["runs", "runs", "runs", "runs", "sleeps", 0, 1, 2, 3, 5])
"""What the operator does after an event: it runs, sleeps, or dies after so many actions."""
ENDS = [(0, ""), (10, ""), (11, ""), (12, ""), (1, ""), (137, "OOMKilled"), (None, "Evicted"), (None, "")]
FINISHES = ["Completed", "CandidateLeft", "TimeLimit", "Silence", "TechnicalFault", "RecordingFailed", "NoShow"]
EDITS: list[dict[str, Any]] = [
    *({"candidate": Candidate(name=name)} for name in ("Jane", "Joan", "Jill")),
    {"candidate": Candidate(name="Jane", extra_time_percent=50)},
    {"overrides": None},
    {"overrides": Overrides(voice="matthew")},
    {"overrides": Overrides(limits=LimitsOverride(duration_seconds=60))},  # shorter than a question: refused
    {"start": "OnArrival"},
    {"start": "Immediate"},
    {"no_show_seconds": 300},
]
"""What may be edited until a bot has been given it, beside the window."""
TURNS = ["MayTake", Place(3, 17, "InstallationFull", 50, 50), Place(1, 2, "NamespaceFull", 20, 20), None]


class Interviews(Promises):
    """One interview's life. Every event is followed by whatever the operator does then."""

    performed: ClassVar[set[type]] = set()

    @initialize(
        start=st.sampled_from(["Immediate", "OnArrival"]),
        not_before=st.sampled_from([None, None, None, -100, 50, 1000]),
        expires_at=st.sampled_from([None] * 6 + [-200, 500, 5000]),
        backoff_limit=st.integers(0, 3),
        deletion_policy=st.sampled_from(["Retain", "Erase"]),
        daily=st.booleans(),
        has_template=st.sampled_from([True, True, True, False]),
        lifetime=st.integers(2, 40),
        suspend=st.sampled_from([False] * 7 + [True]),
        deadline=st.sampled_from([None] * 5 + [60, 600, 3000]),
        ttl=st.sampled_from([None, None, None, 0, 100]),
        limited=st.booleans(),
        turn=st.sampled_from(TURNS),
        nodes_ahead=st.sampled_from([0, 0, 300, -300]),
        faults_last=st.booleans(),
    )
    def create(self, start: str, not_before: int | None, expires_at: int | None, daily: bool, **rest: Any) -> None:
        spec: dict[str, Any] = {"start": start, "noShowSeconds": 120, "backoffLimit": rest["backoff_limit"]}
        if not_before is None or expires_at is None or not_before < expires_at:
            spec["window"] = {
                key: (START + timedelta(seconds=value)).isoformat()
                for key, value in (("notBefore", not_before), ("expiresAt", expires_at))
                if value is not None
            }
        spec["deletionPolicy"] = rest["deletion_policy"]
        spec |= {"suspend": rest["suspend"], "activeDeadlineSeconds": rest["deadline"]}
        spec["ttlSecondsAfterFinished"] = rest["ttl"]
        self.spec = spec
        self.world = WatchedWorld(spec=spec, template=template() if rest["has_template"] else None)
        self.world.performed = self.performed
        if daily:
            self.world.daily()
        if rest["limited"]:
            self.world.installation = replace(self.world.installation, capacity=Capacity(total=50))
        self.world.turn = rest["turn"]
        self.world.nodes_ahead = rest["nodes_ahead"]
        self.lifetime = rest["lifetime"]
        self.faults_last = rest["faults_last"]
        self.final = None
        self.deleted = False
        self.most_bots = 1 + rest["backoff_limit"]
        self.may_leave_room = False

    def then(self, operator: str | int) -> None:
        """The operator's turn."""
        self.lifetime -= 1
        if operator == "runs":
            self.world.reconcile()
        elif isinstance(operator, int):
            self.world.reconcile(crash_after=operator)

    @rule(seconds=st.sampled_from([0.5, 3, 6, 16, 31, 121, 400]), operator=OPERATOR)
    def time_passes(self, seconds: float, operator: str | int) -> None:
        self.world.advance(seconds)
        self.then(operator)

    @rule()
    def wake_up(self) -> None:
        if self.world.wake_at is not None:
            self.world.advance(max(0.0, (self.world.wake_at - self.world.now).total_seconds()))
        self.world.reconcile()

    # Bots and nodes

    @precondition(lambda self: self.world.live_pods)
    @rule(data=st.data(), operator=OPERATOR)
    def bot_becomes_ready(self, data: st.DataObject, operator: str | int) -> None:
        self.world.ready_pod(data.draw(st.sampled_from(self.world.live_pods)))
        self.then(operator)

    @precondition(lambda self: self.starting_pods())
    @rule(data=st.data(), said=st.sampled_from(sorted({*PASSING, *LASTING})), operator=OPERATOR)
    def a_pod_does_not_start(self, data: st.DataObject, said: str, operator: str | int) -> None:
        self.world.hinder_pod(data.draw(st.sampled_from(self.starting_pods())), said)
        self.then(operator)

    def starting_pods(self) -> list[str]:
        """The pods whose container may be kept from starting: no other one comes to wait again."""
        return [name for name in self.world.live_pods if self.world.pods[name]["status"]["phase"] == "Pending"]

    @precondition(lambda self: self.world.live_pods)
    @rule(data=st.data(), end=st.sampled_from(ENDS), operator=OPERATOR)
    def bot_dies(self, data: st.DataObject, end: tuple[int | None, str], operator: str | int) -> None:
        self.world.kill_pod(data.draw(st.sampled_from(self.world.live_pods)), *end)
        self.then(operator)

    @precondition(lambda self: self.world.pods)
    @rule(data=st.data(), grace=st.sampled_from([0, 5, 30]), lost=st.booleans(), operator=OPERATOR)
    def a_pod_is_deleted(self, data: st.DataObject, grace: int, lost: bool, operator: str | int) -> None:
        name = data.draw(st.sampled_from(sorted(self.world.pods)))
        if lost and name in self.world.live_pods:
            self.world.set_pod(name, phase="Running", reason="NodeLost")
        self.world.delete_pod(name, grace)
        self.then(operator)

    # Candidates and the API

    @precondition(lambda self: self.world.interview is not None)
    @rule(operator=OPERATOR)
    def candidate_arrives(self, operator: str | int) -> None:
        self.world.arrive()
        self.then(operator)

    @precondition(lambda self: self.world.interview is not None and self.world.live_pods)
    @rule(operator=OPERATOR)
    def candidate_joins(self, operator: str | int) -> None:
        self.world.arrive()
        self.world.join()
        self.then(operator)

    @precondition(lambda self: self.world.interview is not None and self.world.live_pods)
    @rule(operator=OPERATOR)
    def the_conversation_begins(self, operator: str | int) -> None:
        self.world.ready_pod(self.world.live_pods[0])
        self.world.reconcile()
        self.candidate_joins(operator)

    @precondition(lambda self: self.world.interview is not None and self.world.live_pods and self.lifetime < 20)
    @rule(reason=st.sampled_from(FINISHES), exits=st.booleans(), operator=OPERATOR)
    def bot_finishes(self, reason: str, exits: bool, operator: str | int) -> None:
        self.world.finish(reason)
        if exits:
            self.world.kill_pod(self.world.live_pods[0], 0)
        self.then(operator)

    @precondition(lambda self: self.world.interview is not None and self.world.live_pods and self.lifetime < 20)
    @rule(operator=OPERATOR)
    def a_conversation_is_held(self, operator: str | int) -> None:
        self.the_conversation_begins("runs")
        if self.world.interview is not None and self.world.live_pods:
            self.bot_finishes("Completed", True, operator)

    # People

    @precondition(lambda self: self.world.interview is not None)
    @rule(
        what=st.sampled_from(["epoch", "limit", "limit", "ttl", "deadline"]), limit=st.integers(0, 4), operator=OPERATOR
    )
    def somebody_edits_it(self, what: str, limit: int, operator: str | int) -> None:
        spec = self.world.require_interview().spec
        if what == "epoch":
            self.world.edit(link_epoch=spec.link_epoch + 1)
        elif what == "ttl":
            self.world.edit(ttl_seconds_after_finished=[None, 0, 0, 50, 1000][limit])
        elif what == "deadline":
            seconds, old = 60 + 240 * limit, spec.active_deadline_seconds
            if self.world.status.attempts is None or old is None or seconds <= old:  # admission's rule
                self.world.edit(active_deadline_seconds=seconds)
        else:
            self.world.edit(backoff_limit=limit)
            self.most_bots = max(self.most_bots, 1 + limit)
        self.then(operator)

    @precondition(lambda self: self.world.interview is not None)
    @rule(suspend=st.sampled_from([True, False, False, False]), operator=OPERATOR)
    def somebody_holds_or_resumes_it(self, suspend: bool, operator: str | int) -> None:
        self.world.edit(suspend=suspend)
        self.then(operator)

    @precondition(lambda self: self.world.interview is not None and self.world.status.started_at is not None)
    @rule()
    def the_deadline_passes(self) -> None:
        """Nothing runs past it for long, whatever does not work."""
        spec, started_at = self.world.require_interview().spec, self.world.status.started_at
        if spec.active_deadline_seconds is None or started_at is None:
            return
        left = started_at + timedelta(seconds=spec.longer(spec.active_deadline_seconds)) - self.world.now
        self.world.advance(max(0.0, left.total_seconds()))
        for _ in range(10):
            self.world.reconcile()
            self.world.advance(10)
        assert self.world.live_pods == []

    @precondition(lambda self: (self.world.interview, self.world.inputs, self.world.pods) == (None, None, {}))
    @rule(same=st.sampled_from([True, True, False]), operator=OPERATOR)
    def git_puts_it_back(self, same: bool, operator: str | int) -> None:
        world, changed = self.world, {} if same else {"candidate": {"name": "another"}}
        assert world.rooms == set() or self.may_leave_room
        self.sweep_later()
        self.may_leave_room = "room's removal" in world.down
        world.create(**{**self.spec, **changed})
        world.recalled = spec_hash(world.require_interview().spec) in world.over
        world.created_pods.clear()
        world.troubles.clear()
        self.final, self.deleted, self.most_bots = None, False, 1 + self.spec["backoffLimit"]
        self.then(operator)

    def edit(self, between: bool, operator: str | int, **spec: Any) -> None:
        """Edits what is not over yet, by admission's rule; `between`: after the operator looked, and before it acts."""

        def edit() -> None:
            if self.world.interview is not None and self.world.status.finished_at is None:
                self.world.edit(**spec)

        if between:
            self.world.meanwhile = edit
            self.world.reconcile()
        else:
            edit()
        self.then(operator)

    @precondition(
        lambda self: self.world.interview is not None and self.world.status.attempts is None and not self.world.recalled
    )
    @rule(change=st.sampled_from(EDITS), between=st.booleans(), operator=OPERATOR)
    def somebody_edits_what_a_bot_will_be_given(
        self, change: dict[str, Any], between: bool, operator: str | int
    ) -> None:
        self.edit(between, operator, **change)

    @precondition(lambda self: self.world.interview is not None and not self.world.recalled)
    @rule(
        not_before=st.sampled_from([None, None, -100, 50, 1000]),
        expires_at=st.sampled_from([None] * 4 + [100, 5000]),
        between=st.booleans(),
        operator=OPERATOR,
    )
    def somebody_moves_the_window(
        self, not_before: int | None, expires_at: int | None, between: bool, operator: str | int
    ) -> None:
        old = self.world.require_interview().spec.window
        opens, closes = (
            None if seconds is None else self.world.now + timedelta(seconds=seconds)
            for seconds in (not_before, expires_at)
        )
        if self.world.status.attempts is not None:  # admission's rule
            opens = old.not_before if old else None
        if opens is not None and closes is not None and closes <= opens:
            closes = None
        self.edit(
            between and self.world.status.attempts is None, operator, window=Window(not_before=opens, expires_at=closes)
        )

    @precondition(lambda self: self.world.installation.capacity.limited)
    @rule(turn=st.sampled_from(TURNS), operator=OPERATOR)
    def the_capacity_tells(self, turn: Any, operator: str | int) -> None:
        self.world.turn = turn
        self.then(operator)

    @precondition(lambda self: self.world.interview is not None and self.lifetime < 0)
    @rule(how=st.sampled_from(["cancel", "delete", "finalizer"]), operator=OPERATOR)
    def somebody_ends_it(self, how: str, operator: str | int) -> None:
        if how == "cancel":
            self.world.edit(cancel=True)
        else:
            self.deleted = True
            self.world.delete()
        if how == "finalizer":
            self.world.interview = None
            self.world.link = None
        self.then(operator)

    @rule(title=st.sampled_from([None, "Backend engineer", "Another title"]), operator=OPERATOR)
    def somebody_changes_the_template(self, title: str | None, operator: str | int) -> None:
        self.world.template = None if title is None else template(title=title)
        self.then(operator)

    @rule(
        context=st.sampled_from([None, "A CV.", ReferenceProblem("ContextNotFound", "It is not there")]),
        operator=OPERATOR,
    )
    def the_context_changes(self, context: str | ReferenceProblem | None, operator: str | int) -> None:
        self.world.context = context
        self.then(operator)

    @rule(readable=st.booleans(), operator=OPERATOR)
    def another_version_reads_the_template(self, readable: bool, operator: str | int) -> None:
        self.world.template_problem = None if readable else "The template is not valid"
        self.then(operator)

    @precondition(lambda self: self.world.live_pods)
    @rule(data=st.data(), silent=st.booleans(), operator=OPERATOR)
    def bot_is_not_ready_any_more(self, data: st.DataObject, silent: bool, operator: str | int) -> None:
        self.world.unready_pod(data.draw(st.sampled_from(self.world.live_pods)), node_is_silent=silent)
        self.then(operator)

    @rule(what=st.sampled_from(["link", "inputs", "revisions", "contents"]), operator=OPERATOR)
    def somebody_removes_something(self, what: str, operator: str | int) -> None:
        self.may_leave_room |= what in ("inputs", "contents")
        if what == "revisions":
            self.world.revisions.clear()
        elif what == "contents":
            if self.world.inputs is not None:
                self.world.inputs["data"] = {}
        else:
            setattr(self.world, what, None)
            self.world.collect()
        self.then(operator)

    @rule(
        step=st.sampled_from(["room", "room's removal", "ejection", "seal", "erasure", "inputs Secret", "pod"]),
        down=st.booleans(),
    )
    def a_provider_fails_or_recovers(self, step: Any, down: bool) -> None:
        self.may_leave_room |= down and step == "room's removal"
        (self.world.down.add if down else self.world.down.discard)(step)

    @rule(operator=OPERATOR)
    def the_sweep_looks_for_rooms(self, operator: str | int) -> None:
        """It takes no room that a ledger tells of."""
        self.world.advance(1000)
        ledger = self.world.children().inputs
        before = set(self.world.rooms)
        self.world.sweep_rooms()
        if ledger is not None and ledger.inputs is not None:
            assert self.world.rooms == before
        self.then(operator)


def test_every_reachable_state() -> None:
    run_state_machine_as_test(Interviews, settings=settings(max_examples=400, stateful_step_count=50, deadline=None))
    reached = {state.partition(",")[0] for state in Interviews.seen}
    # All of them have to have been there for the invariants to mean much.
    assert reached >= {*map(str, Phase), "gone", "recalled"}, Interviews.seen
    assert "ended while faults lasted" in Interviews.seen
    assert {"InProgress, attempt 1", "InProgress, attempt 2", "Completed, attempt 1"} <= Interviews.seen.keys()
    assert Interviews.performed == {*get_args(Action.__value__)}
    told = {reason for _, reason in Interviews.told}
    assert WAITING_FOR_CAPACITY in told
    assert REASONS & told
    assert Interviews.told <= documented_reasons(), "docs/gitops.md lacks a state: add it to support/gitops_states.py"


def test_what_nothing_would_take_away_is_seen_when_it_is_made() -> None:
    world = WatchedWorld()
    secret = link_manifest(world.installation, world.require_interview(), LinkSecret("https://x", "t"))
    world.perform(ApplyLink(secret, known=False))
    abroad = {**secret, "metadata": {**secret["metadata"], "namespace": "bots"}}
    unowned = {key: value for key, value in secret["metadata"].items() if key != "ownerReferences"}
    for wrong in (abroad, {**secret, "metadata": unowned}):
        with pytest.raises(AssertionError):
            world.perform(ApplyLink(wrong, known=False))


def test_a_conversation_that_would_go_without_its_transcript_is_seen() -> None:
    world = in_progress(WatchedWorld())
    world.delete()
    with pytest.raises(AssertionError, match="without its transcript"):
        world.perform(SetFinalizer(present=False))
    world.perform(Seal("Cancelled"))
    world.perform(SetFinalizer(present=False))
