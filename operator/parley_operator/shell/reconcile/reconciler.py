"""Observe, plan, act; again until nothing is left to do."""

import logging
import random
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime

from parley_crds import Interview
from parley_protocol import InterviewRef
from parley_rooms.errors import RoomUnavailableError

from parley_operator.actions import (
    Action,
    ApplyStatus,
    CollectRevision,
    DeleteInputs,
    EmitEvent,
    PinTemplate,
    Plan,
    SetFinalizer,
    step_of,
)
from parley_operator.plan import plan_orphan
from parley_operator.shell.capacity.queueing import Queue
from parley_operator.shell.client.failures import ACTION_ERRORS
from parley_operator.shell.client.kube import ConflictError, KubeError, NotFoundError
from parley_operator.shell.reconcile.act import Actor
from parley_operator.shell.reconcile.observe import Observer, UnreadableInterviewError
from parley_operator.shell.reconcile.peers import PeerAwayError, PeerBusyError
from parley_operator.shell.reconcile.revisions import Pins
from parley_operator.shell.turns.workers import RetryLaterError, Settled
from parley_operator.snapshot import Step, Trouble, troubled
from parley_operator.unreadable import NOT_VALID, unreadable_status

logger = logging.getLogger(__name__)

PASSES = 25
"""More than any way from one state to a resting one takes: a plan that does not come to rest is a fault, not a loop."""
LOST_RACES = 2
"""How often a run looks anew at once where its write came too late: what it then reads is what it lost to."""
RESYNC_SECONDS = 600.0


class LostRaceError(RetryLaterError):
    """An object changed between the look at it and the write."""


class Reconciler:
    """Brings interviews to where they belong. One instance serves all of them."""

    def __init__(
        self, observer: Observer, actor: Actor, queue: Queue, clock: Callable[[], datetime] | None = None
    ) -> None:
        self._observer = observer
        self._actor = actor
        self._queue = queue
        self._clock = clock or (lambda: datetime.now(UTC))
        self._troubles: dict[str, dict[Step, Trouble]] = {}
        self._waiting: dict[tuple[str, str], set[InterviewRef]] = {}
        self.pins = Pins()

    def waiting_for(self, namespace: str, template: str) -> set[InterviewRef]:
        """The interviews that wait for a template to appear."""
        return set(self._waiting.get((namespace, template), ()))

    async def reconcile(self, ref: InterviewRef) -> Settled:
        """Runs until nothing is left to do now.

        Raises:
            RetryLaterError: something could not be read or done.
        """
        lost = 0
        for _ in range(PASSES):
            try:
                step, settled = await self._look(ref)
            except UnreadableInterviewError as error:
                await self._tell_of_unreadable(ref, error)
                raise RetryLaterError(f"{ref.namespace}/{ref.name}: {error}") from error
            except ACTION_ERRORS as error:
                message = f"{ref.namespace}/{ref.name}: {type(error).__name__} {error}"
                raise RetryLaterError(message, after=_asked_for(error)) from error
            try:
                await self._act(ref, step)
            except LostRaceError:
                lost += 1
                if lost > LOST_RACES:
                    raise
                continue
            if not _unsettles(step):
                if settled.done:
                    self._forget(ref)
                return settled
        kinds = ", ".join(type(action).__name__ for action in step.actions)
        raise RetryLaterError(f"{ref.namespace}/{ref.name}: no rest after {PASSES} passes, at last: {kinds}")

    async def _tell_of_unreadable(self, ref: InterviewRef, error: UnreadableInterviewError) -> None:
        """Tells in the status and by an Event. A status of an older schema may be refused whatever is written to it."""
        await self._actor.warn(ref, NOT_VALID, str(error))
        status = unreadable_status(error.found, str(error), self._clock())
        if status is None:
            return
        try:
            await self._actor.apply_raw_status(ref, status, error.found["metadata"].get("resourceVersion"))
        except ACTION_ERRORS as refusal:
            logger.warning("%s/%s: its status can't tell that it is not valid: %s", ref.namespace, ref.name, refusal)

    async def _look(self, ref: InterviewRef) -> tuple[Plan, Settled]:
        """Observes and plans; with what follows when the plan has nothing more to do."""
        troubles = self._troubles.get(ref.uid, {})
        interview = await self._observer.interview(ref)
        now = self._clock()
        if interview is None:
            children = await self._observer.children(ref, troubles)
            self._queue.observe(ref, children)
            step = plan_orphan(children, now)
            return step, Settled(again_in=_pause(step, now, RESYNC_SECONDS)) if children.pods else Settled(done=True)
        step = await self._queue.plan(ref, await self._observer.snapshot(interview, troubles), now)
        return step, self._settled(ref, interview, step, now)

    def _settled(self, ref: InterviewRef, interview: Interview, step: Plan, now: datetime) -> Settled:
        self._wait_for(ref, step.awaits_template)
        if any(isinstance(action, SetFinalizer) and not action.present for action in step.actions):
            return Settled(done=True)
        over = interview.status.phase is not None and interview.status.phase.is_final
        if over and not step.actions and step.wake_at is None:
            return Settled(done=True)
        return Settled(again_in=_pause(step, now, None if over else RESYNC_SECONDS))

    async def _act(self, ref: InterviewRef, step: Plan) -> None:
        async with AsyncExitStack() as naming:
            for action in step.actions:
                match action:
                    case PinTemplate(manifest):
                        revision = manifest["metadata"]["name"]
                        await naming.enter_async_context(self.pins.naming(ref.namespace, revision))
                    case CollectRevision(revision):
                        async with self.pins.collecting(ref.namespace, revision) as free:
                            if free:
                                await self._perform(ref, action)
                        continue
                await self._perform(ref, action)
                if isinstance(action, ApplyStatus):
                    await naming.aclose()

    async def _perform(self, ref: InterviewRef, action: Action) -> None:
        step = step_of(action)
        try:
            await self._actor.perform(ref, action)
        except PeerBusyError as error:
            raise RetryLaterError(f"{ref.namespace}/{ref.name}: {type(action).__name__}: {error}") from error
        except (*ACTION_ERRORS, PeerAwayError) as error:
            message = f"{type(action).__name__}: {error}"
            if step is not None and not isinstance(error, ConflictError):
                await self._note_trouble(ref, step, error)
            elif _is_news(action, error):
                await self._actor.warn(ref, "ReconcileFailed", message)
                if isinstance(action, ApplyStatus) and not action.needed:
                    return
            kind = LostRaceError if isinstance(error, ConflictError) else RetryLaterError
            raise kind(f"{ref.namespace}/{ref.name}: {message}", after=_asked_for(error)) from error
        self._queue.note(ref, action)
        if step is not None:
            self._troubles.get(ref.uid, {}).pop(step, None)
        elif isinstance(action, DeleteInputs):
            # What failed was for what is gone: one that is made anew later has not failed since then.
            self._troubles.pop(ref.uid, None)
        logger.debug("%s/%s: %s", ref.namespace, ref.name, type(action).__name__)

    async def _note_trouble(self, ref: InterviewRef, step: Step, error: Exception) -> None:
        troubles = self._troubles.setdefault(ref.uid, {})
        old, kind = troubles.get(step), type(error).__name__
        message = str(error) or kind
        if old is not None and isinstance(error, PeerAwayError):
            # Its own words say more, and it has them already.
            kind, message = old.kind, old.message
        troubles[step] = troubled(old, self._clock(), kind, message)
        if old is None:
            await self._actor.warn(ref, "StepFailed", f"The {step} fails and is tried again: {message}")

    def _wait_for(self, ref: InterviewRef, template: str | None) -> None:
        for key in [key for key, refs in self._waiting.items() if ref in refs]:
            self._waiting[key].discard(ref)
            if not self._waiting[key]:
                del self._waiting[key]
        if template is not None:
            self._waiting.setdefault((ref.namespace, template), set()).add(ref)

    def _forget(self, ref: InterviewRef) -> None:
        self._troubles.pop(ref.uid, None)
        self._wait_for(ref, None)


def _asked_for(error: Exception) -> float:
    """How many seconds whoever refused asks to be left alone."""
    return (error.retry_after or 0) if isinstance(error, KubeError | RoomUnavailableError | PeerAwayError) else 0


def _is_news(action: Action, error: Exception) -> bool:
    """Whether people are to be told: the API server refuses. That it is away they see; a lost race mends itself."""
    if isinstance(error, ConflictError):
        return False
    if isinstance(error, NotFoundError):
        return not isinstance(action, SetFinalizer | ApplyStatus)  # the Interview was deleted meanwhile
    return isinstance(error, KubeError) and error.status < 500 and error.status != 429


def _unsettles(step: Plan) -> bool:
    """Whether the actions may have made the next ones possible, so that it is worth to look again at once.

    The watch tells of no change that the operator made itself.
    """
    if any(isinstance(action, SetFinalizer) and not action.present for action in step.actions):
        return False
    return any(not isinstance(action, EmitEvent) for action in step.actions)


def _pause(step: Plan, now: datetime, resync: float | None) -> float | None:
    wake = None if step.wake_at is None else max(0.0, (step.wake_at - now).total_seconds())
    if resync is not None:
        resync *= random.uniform(0.8, 1)  # noqa: S311 - what a start woke together does not come together for ever
    return min((pause for pause in (wake, resync) if pause is not None), default=None)
