"""What a bot is given: by the operator through its inputs Secret, and by the API through the assignment."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from parley_protocol.events import NumberedEvent
from parley_protocol.model import Message
from parley_protocol.plan import InterviewPlan
from parley_protocol.tools import ToolWebhook


class InterviewRef(Message):
    """Which Interview."""

    namespace: str
    name: str
    uid: str


class RoomInputs(Message):
    """The room that the operator ensured. `ticket_key` (base64, 32 bytes) signs the tickets of a WebSocket room."""

    provider: Literal["websocket", "daily"]
    name: str
    url: str | None = None
    ticket_key: str | None = Field(default=None, repr=False)


class BotInputs(Message):
    """`inputs.json` of the inputs Secret. `attempt` is the current one: the API refuses every other.

    `webhooks` is for the API alone, one for each tool of the plan.
    """

    interview: InterviewRef
    attempt: int = Field(ge=1)
    template: str
    plan: InterviewPlan
    room: RoomInputs
    webhooks: list[ToolWebhook] = Field(default=[], repr=False)
    retention_days: int | None = Field(default=None, ge=1)


class WebsocketRoom(Message):
    """A room that the bot serves itself; it verifies and burns tickets signed with `ticket_key` (base64)."""

    provider: Literal["websocket"] = "websocket"
    ticket_key: str = Field(repr=False)


class DailyRoom(Message):
    """A Daily room to join with a token that was minted for this answer."""

    provider: Literal["daily"] = "daily"
    room_url: str
    token: str = Field(repr=False)


RoomGrant = Annotated[WebsocketRoom | DailyRoom, Field(discriminator="provider")]


class AttemptEvents(Message):
    """The stored events of one attempt."""

    attempt: int
    events: list[NumberedEvent]


class Assignment(Message):
    """`GET /bot/v1/assignment`: all that a bot needs to begin, or to go on where a former attempt stopped.

    `history` holds the stored events of every attempt, this one's included (a container that restarted), in order.
    """

    interview: InterviewRef
    attempt: int
    plan: InterviewPlan
    room: RoomGrant
    started_at: AwareDatetime | None = None
    history: list[AttemptEvents] = Field(default=[])
