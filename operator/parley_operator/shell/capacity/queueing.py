"""Between the plan and the slots: what the plan wants is asked for, and what it observed and did is counted."""

from dataclasses import replace
from datetime import datetime

from parley_protocol import InterviewRef

from parley_operator.actions import Action, CreateInputs, DeleteInputs, Plan
from parley_operator.plan import plan
from parley_operator.shell.capacity.priorities import Priorities
from parley_operator.shell.capacity.slots import Slots
from parley_operator.snapshot import Children, Snapshot


class Queue:
    """Plans with the turn that an interview has."""

    def __init__(self, slots: Slots, priorities: Priorities) -> None:
        self._slots = slots
        self._priorities = priorities

    async def plan(self, ref: InterviewRef, observed: Snapshot, now: datetime) -> Plan:
        """The plan; one that wants a slot is made with the interview's turn.

        Raises:
            KubeError, aiohttp.ClientError, TimeoutError: the interview's priority can't be read.
        """
        step = plan(observed, now)
        if step.wants is None:
            self.observe(ref, observed.children)
            return step
        turn = self._slots.ask(ref, step.wants, await self._priorities.of(step.wants.priority_class))
        return plan(replace(observed, turn=turn), now)

    def observe(self, ref: InterviewRef, children: Children) -> None:
        """Counts what was observed of an interview that wants no slot."""
        if children.inputs is None:
            self._slots.release(ref)
        else:
            self._slots.hold(ref)

    def note(self, ref: InterviewRef, action: Action) -> None:
        """Counts what was done."""
        match action:
            case CreateInputs():
                self._slots.hold(ref)
            case DeleteInputs():
                self._slots.release(ref)
