"""Observe, plan, act; again until nothing is left to do."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import UTC, datetime

from parley_crds import Interview
from parley_protocol import InterviewRef

from parley_operator.actions import Action, ApplyStatus, CollectRevision, EmitEvent, PinTemplate, Plan, SetFinalizer
from parley_operator.plan import plan, plan_orphan
from parley_operator.shell.act import ACTION_ERRORS, Actor, step_of
from parley_operator.shell.observe import Observer, UnreadableInterviewError
from parley_operator.shell.workers import RetryLaterError, Settled
from parley_operator.snapshot import Step, Trouble

logger = logging.getLogger(__name__)

PASSES = 25
"""More than any way from one state to a resting one takes: a plan that does not come to rest is a fault, not a loop."""
RESYNC_SECONDS = 600.0


class Reconciler:
    """Brings interviews to where they belong. One instance serves all of them."""

    def __init__(self, observer: Observer, actor: Actor, clock: Callable[[], datetime] | None = None) -> None:
        self._observer = observer
        self._actor = actor
        self._clock = clock or (lambda: datetime.now(UTC))
        self._troubles: dict[str, dict[Step, Trouble]] = {}
        self._waiting: dict[tuple[str, str], set[InterviewRef]] = {}
        self.pins = asyncio.Lock()
        """Held while a snapshot is named or collected, so that none is collected just as it is named."""

    def waiting_for(self, namespace: str, template: str) -> set[InterviewRef]:
        """The interviews that wait for a template to appear."""
        return set(self._waiting.get((namespace, template), ()))

    async def reconcile(self, ref: InterviewRef) -> Settled:
        """Runs until nothing is left to do now.

        Raises:
            RetryLaterError: an action could not be done.
        """
        for _ in range(PASSES):
            interview = await self._read(ref)
            now = self._clock()
            if interview is None:
                children = await self._observer.children(ref, self._troubles.get(ref.uid, {}))
                step = plan_orphan(children, now)
                settled = Settled(again_in=_pause(step, now, RESYNC_SECONDS)) if children.pods else Settled(gone=True)
            else:
                snapshot = await self._observer.snapshot(interview, self._troubles.get(ref.uid, {}))
                step = plan(snapshot, now)
                settled = self._settled(ref, interview, step, now)
            await self._act(ref, step)
            if not _unsettles(step):
                if settled.gone:
                    self._forget(ref)
                return settled
        raise RetryLaterError(f"no rest after {PASSES} passes, at last: {step.actions}")

    async def _read(self, ref: InterviewRef) -> Interview | None:
        try:
            return await self._observer.interview(ref)
        except UnreadableInterviewError as error:
            await self._actor.warn(ref, "InterviewNotValid", str(error))
            raise RetryLaterError(f"{ref.namespace}/{ref.name}: {error}") from error

    def _settled(self, ref: InterviewRef, interview: Interview, step: Plan, now: datetime) -> Settled:
        self._wait_for(ref, step.awaits_template)
        if any(isinstance(action, SetFinalizer) and not action.present for action in step.actions):
            return Settled(gone=True)
        over = interview.status.phase is not None and interview.status.phase.is_final
        return Settled(again_in=_pause(step, now, None if over else RESYNC_SECONDS))

    async def _act(self, ref: InterviewRef, step: Plan) -> None:
        # A pass that pins only speaks to the API server, so the lock is never held while a provider is waited for.
        pinning = any(isinstance(action, PinTemplate) for action in step.actions)
        async with self._lock_if(pinning):
            for action in step.actions:
                async with self._lock_if(isinstance(action, CollectRevision)):
                    await self._perform(ref, action)

    def _lock_if(self, needed: bool) -> AbstractAsyncContextManager[None]:
        return self.pins if needed else nullcontext()

    async def _perform(self, ref: InterviewRef, action: Action) -> None:
        step = step_of(action)
        try:
            await self._actor.perform(ref, action)
        except ACTION_ERRORS as error:
            message = f"{type(action).__name__}: {error}"
            if step is not None:
                await self._note_trouble(ref, step, str(error) or type(error).__name__)
            elif not isinstance(error, TimeoutError):
                await self._actor.warn(ref, "ReconcileFailed", message)
            raise RetryLaterError(f"{ref.namespace}/{ref.name}: {message}") from error
        if step is not None:
            self._troubles.get(ref.uid, {}).pop(step, None)
        logger.debug("%s/%s: %s", ref.namespace, ref.name, type(action).__name__)

    async def _note_trouble(self, ref: InterviewRef, step: Step, message: str) -> None:
        troubles = self._troubles.setdefault(ref.uid, {})
        old = troubles.get(step)
        troubles[step] = Trouble(since=old.since if old else self._clock(), message=message)
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


def _unsettles(step: Plan) -> bool:
    """Whether the actions may have made the next ones possible, so that it is worth to look again at once."""
    for action in step.actions:
        last_word = isinstance(action, SetFinalizer) and not action.present
        if last_word:
            return False
    return any(not isinstance(action, ApplyStatus | EmitEvent) for action in step.actions)


def _pause(step: Plan, now: datetime, resync: float | None) -> float | None:
    wake = None if step.wake_at is None else max(0.0, (step.wake_at - now).total_seconds())
    return min((pause for pause in (wake, resync) if pause is not None), default=None)
