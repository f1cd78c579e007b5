"""What a bot has at hand once it knows its assignment."""

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from parley_protocol import Assignment, FinishReason, ToolAnswer, ToolRequest, Turn, TurnSpoken, WebsocketRoom

from parley_bot.conversation import Conversation
from parley_bot.engine import InterviewSession
from parley_bot.reporter import ApiClient, Reporter
from parley_bot.timeline import Timeline, flatten, started_at, used_seconds

if TYPE_CHECKING:
    from parley_bot.recording.recorder import Recorder


@dataclass(slots=True)
class Interview:
    """An interview that is to be held, or to be gone on with."""

    assignment: Assignment
    conversation: Conversation
    reporter: Reporter
    timeline: Timeline
    former_turns: tuple[Turn, ...] = field(default=())
    recorder: "Recorder | None" = None
    """There where the interview is to be recorded by its bot."""

    def record(self, client: ApiClient) -> "Recorder | None":
        """Who records, where the interview is to be recorded and its room does not do it; `recorder` from now on."""
        plan = self.assignment.plan.recording
        if plan.wanted and isinstance(self.assignment.room, WebsocketRoom):
            # Numpy and the codec are imported in the background until here: `Warmup`.
            from parley_bot.recording.recorder import Recorder

            self.recorder = Recorder(client, self.assignment.attempt, self.timeline, self._recording_failed)
        return self.recorder

    def _recording_failed(self) -> None:
        if self.assignment.plan.recording.required:
            self.conversation.end(FinishReason.RECORDING_FAILED)
        elif self.recorder is not None and self.recorder.failed:
            self.conversation.tell_recording(on=False)

    def said_so_far(self) -> tuple[Turn, ...]:
        """Every turn, of former attempts and of this one."""
        return (*self.former_turns, *self.conversation.turns)


def prepare(assignment: Assignment, client: ApiClient) -> Interview:
    """Rebuild the interview from what is stored of it."""
    history = flatten(assignment)
    timeline = Timeline(started_at(assignment, history))
    reporter = Reporter(client, assignment.attempt, timeline)
    session = InterviewSession(assignment.plan, (entry.event for entry in history), used_seconds(history))
    turns = tuple(entry.event.turn for entry in history if isinstance(entry.event, TurnSpoken))

    async def call_tool(name: str, arguments: dict[str, Any]) -> ToolAnswer:
        request = ToolRequest(attempt=assignment.attempt, call_id=secrets.token_hex(8), arguments=arguments)
        return await client.call_tool(name, request)

    return Interview(assignment, Conversation(session, reporter, timeline, call_tool), reporter, timeline, turns)
