"""What the operator's plan promises of one interview, whatever happens to it: for the plan's state machine."""

from collections import Counter
from typing import Any, ClassVar

from hypothesis.stateful import RuleBasedStateMachine, invariant
from parley_crds import WAITING_FOR_CAPACITY, Phase

from support.gitops_documents import manifest, told
from support.operator_installation import template
from support.operator_watched import WatchedWorld

RUNS_TO_THE_END = 200
"""More than any interview needs whose world works again."""
WAITS = frozenset({Phase.SCHEDULED, Phase.OPEN, Phase.SUSPENDED})


class Promises(RuleBasedStateMachine):
    """The invariants, and the end: a machine that has its rules makes the world first."""

    seen: ClassVar[Counter[str]] = Counter()
    told: ClassVar[set[tuple[str, str]]] = set()
    world: WatchedWorld
    final: str | None
    deleted: bool
    most_bots: int
    faults_last: bool
    """Whether what fails at the end of the rules fails for ever."""
    may_leave_room: bool
    """Without its ledger, or with a provider that fails for long, a room is the sweep's."""

    @invariant()
    def what_was_seen(self) -> None:
        phase = self.world.phase if self.world.interview is not None else "gone"
        if self.world.recalled and self.world.interview is not None and phase != "None":
            phase = "recalled"
            conditions = [self.world.condition("Complete"), self.world.condition("Failed")]
            assert ("True", "AlreadyFinished") in conditions
        self.seen[f"{phase}, attempt {len(self.world.created_pods)}"] += 1
        if self.world.interview is not None:
            self.told.update(told(manifest(self.world)))

    @invariant()
    def at_most_one_live_bot(self) -> None:
        terminating = [name for name in self.world.live_pods if "deletionTimestamp" in self._metadata(name)]
        lost = [name for name in terminating if self.world.pods[name]["status"].get("reason") == "NodeLost"]
        assert len(self.world.live_pods) - len(lost) <= 1, self.world.live_pods

    @invariant()
    def at_most_one_room(self) -> None:
        assert len(self.world.rooms) <= 1

    @invariant()
    def a_drain_waits_for_a_conversation_and_for_nothing_else(self) -> None:
        world = self.world
        if world.interview is None:
            return
        marked = {pod.name for pod in world.children().pods if pod.marked}
        session = world.status.session
        assert not marked or (session is not None and session.started_at is not None)
        finished = world.condition("SessionFinished") is not None
        if world.phase == "InProgress" and not finished and world.plan().actions == []:
            assert {pod.name for pod in world.children().pods if pod.ready and pod.deleted_at is None} <= marked

    @invariant()
    def no_attempt_is_used_twice(self) -> None:
        numbers = [int(name.rpartition("-")[2]) for name in self.world.created_pods]
        assert numbers == sorted(numbers)

    @invariant()
    def the_backoff_limit_bounds_the_bots(self) -> None:
        assert len(set(self.world.created_pods)) <= self.most_bots

    @invariant()
    def a_conversation_never_falls_back(self) -> None:
        assert not self.world.fell_back

    @invariant()
    def an_end_is_final(self) -> None:
        if self.world.interview is None or self.world.status.phase is None:
            return
        if self.final is not None:
            assert self.world.phase == self.final
        elif self.world.status.phase.is_final:
            self.final = self.world.phase
            assert self.world.status.finished_at is not None

    @invariant()
    def a_final_interview_at_rest_left_nothing(self) -> None:
        world = self.world
        if world.interview is None or world.status.phase is None or not world.status.phase.is_final or self.deleted:
            return
        if world.plan().actions == [] and not world.pods:
            assert (world.inputs, world.link) == (None, None)
            assert [kind for kind in ("Complete", "Failed") if world.condition(kind)] != []

    @invariant()
    def what_waits_for_its_start_holds_nothing(self) -> None:
        """Neither a slot, which goes with the inputs, nor a room; and it says that it waits for its turn if it does."""
        world = self.world
        if world.interview is None or world.interview.metadata.deletion_timestamp is not None:
            return
        session = world.status.session
        started = world.status.attempts is not None or (session is not None and session.started_at is not None)
        if world.status.phase not in WAITS or started or world.pods or world.plan().actions != []:
            return
        assert world.inputs is None
        assert world.rooms == set() or self.may_leave_room
        assert world.has_to_wait or world.condition("Reconciling") != ("True", WAITING_FOR_CAPACITY)

    def _metadata(self, name: str) -> dict[str, Any]:
        metadata: dict[str, Any] = self.world.pods[name]["metadata"]
        return metadata

    def teardown(self) -> None:
        """Whatever happened: with a world that works again, a deletion leaves nothing, within bounded steps."""
        if not hasattr(self, "world"):
            return
        world = self.world
        world.meanwhile = None
        if self.faults_last and world.interview is not None and world.interview.metadata.deletion_timestamp is None:
            self._ends_though_faults_last()
        world.down.clear()
        if world.interview is not None:
            world.edit(cancel=True)
            self._run_until(lambda: world.interview is None or Phase(world.phase).is_final)
        if world.interview is not None:
            world.delete()
        self._run_until(lambda: world.interview is None and not world.pods and world.inputs is None)
        assert world.link is None
        assert world.rooms == set() or self.may_leave_room
        self.sweep_later()

    def _ends_though_faults_last(self) -> None:
        """Whatever fails, an end comes by the window, by the deadline, or to a candidate who has come.

        People have mended what only they can. No bot comes into its room any more, and one that was there is lost
        sooner or later.
        """
        world = self.world
        world.edit(suspend=False, overrides=None)
        world.template, world.template_problem, world.context, world.turn = template(), None, None, "MayTake"
        for _ in range(RUNS_TO_THE_END):
            world.reconcile()
            if (how := self._ended()) is not None:
                self.seen[how] += 1
                return
            if not self._a_clock_ends_it():
                world.arrive()
            world.advance(31)
            for name in world.live_pods:
                if any(pod.name == name and pod.ready for pod in world.children().pods):
                    world.kill_pod(name, 1)
        raise AssertionError(f"it waits for ever: {world.status.conditions}, down: {world.down}")

    def _a_clock_ends_it(self) -> bool:
        """Whether it ends though nobody comes."""
        spec = self.world.require_interview().spec
        closes = spec.window is not None and spec.window.expires_at is not None
        return closes or (spec.active_deadline_seconds is not None and self.world.status.started_at is not None)

    def _ended(self) -> str | None:
        """How the interview ended, if it did. Only a transcript that can't be sealed holds an end up for ever."""
        world = self.world
        if world.interview is None or Phase(world.phase).is_final:
            return "ended while faults lasted"
        if world.condition("Accepted") == ("False", "SnapshotLost"):
            return "refused for ever"
        if "seal" in world.down and world.condition("Reconciling") == ("True", "Ending"):
            return "ended but for its seal"
        return None

    def sweep_later(self) -> None:
        """Whatever was left, the sweep finds."""
        self.world.advance(1000)
        self.world.sweep_rooms()
        assert self.world.rooms == set()

    def _run_until(self, done: Any) -> None:
        for _ in range(RUNS_TO_THE_END):
            self.world.reconcile()
            if done():
                return
            self.world.advance(7)
        raise AssertionError("the interview did not come to its end")
