"""What a bot has at hand once it knows its assignment."""

import secrets
from dataclasses import dataclass, field
from typing import Any

from parley_protocol import Assignment, ToolAnswer, ToolRequest, Turn, TurnSpoken

from parley_bot.conversation import Conversation
from parley_bot.engine import InterviewSession
from parley_bot.reporter import ApiClient, Reporter
from parley_bot.timeline import Timeline, flatten, started_at, used_seconds


@dataclass(slots=True)
class Interview:
    """An interview that is to be held, or to be gone on with."""

    assignment: Assignment
    conversation: Conversation
    reporter: Reporter
    former_turns: tuple[Turn, ...] = field(default=())

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

    return Interview(assignment, Conversation(session, reporter, timeline, call_tool), reporter, turns)
