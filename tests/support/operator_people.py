"""What people, the candidate and the API do to one Interview, for the operator's plan, and what can be read in it."""

from dataclasses import dataclass
from typing import Any

from parley_crds import Attempt, Interview, InterviewStatus, Session, set_condition

from support.operator_remains import Remains


@dataclass
class People(Remains):
    """The Interview and those who write to it beside the operator."""

    interview: Interview | None = None

    # What others do

    def require_interview(self) -> Interview:
        """The Interview, which must be there."""
        assert self.interview is not None
        return self.interview

    def change_status(self, **changes: Any) -> None:
        """Writes into the status, past everybody who owns a part of it."""
        interview = self.require_interview()
        self.interview = interview.model_copy(update={"status": interview.status.model_copy(update=changes)})

    def arrive(self) -> None:
        """The candidate agrees on the page."""
        status = self.require_interview().status
        session = (status.session or Session()).model_copy(update={"consented_at": self.now, "consent_version": "1"})
        conditions = set_condition(status.conditions, "CandidateArrived", True, "Consented", now=self.now)
        self.change_status(session=session, conditions=conditions)

    def join(self) -> None:
        """The candidate joins the room."""
        status = self.require_interview().status
        session = status.session or Session()
        started = session.started_at or self.now
        self.change_status(session=session.model_copy(update={"started_at": started, "joined_at": self.now}))

    def finish(self, reason: str) -> None:
        """The API has stored the transcript; the first end stands."""
        status = self.require_interview().status
        if any(item.type == "SessionFinished" for item in status.conditions):
            return
        session = (status.session or Session()).model_copy(update={"finished_at": self.now, "reason": reason})
        conditions = set_condition(status.conditions, "SessionFinished", True, reason, now=self.now)
        self.change_status(session=session, conditions=conditions)

    def edit(self, **spec: Any) -> None:
        """Changes the Interview's spec."""
        interview = self.require_interview()
        generation = (interview.metadata.generation or 0) + 1
        self.interview = interview.model_copy(
            update={
                "spec": interview.spec.model_copy(update=spec),
                "metadata": interview.metadata.model_copy(update={"generation": generation}),
            }
        )

    def delete(self) -> None:
        """Deletes the Interview."""
        interview = self.require_interview()
        if not interview.metadata.finalizers:
            self.interview = None
        elif interview.metadata.deletion_timestamp is None:
            metadata = interview.metadata.model_copy(update={"deletion_timestamp": self.now})
            self.interview = interview.model_copy(update={"metadata": metadata})

    # What tests ask

    @property
    def status(self) -> InterviewStatus:
        """The Interview's status."""
        return self.require_interview().status

    @property
    def phase(self) -> str:
        """The Interview's phase."""
        return str(self.status.phase)

    def condition(self, type_: str) -> tuple[str, str] | None:
        """A condition's status and reason."""
        found = [item for item in self.status.conditions if item.type == type_]
        return (found[0].status, found[0].reason) if found else None

    def message(self, type_: str) -> str:
        """A condition's message."""
        return next(item.message for item in self.status.conditions if item.type == type_)

    @property
    def history(self) -> list[Attempt]:
        """The records of the bots."""
        return [] if self.status.attempts is None else self.status.attempts.history

    @property
    def last_attempt(self) -> Attempt:
        """The record of the latest bot."""
        assert self.status.attempts is not None
        return self.status.attempts.history[-1]
