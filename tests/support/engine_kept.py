"""What the world of an interview session takes down, for its properties to be held by."""

from dataclasses import dataclass

from parley_protocol import Event


@dataclass(frozen=True)
class Kept:
    """An event as it is stored, and how much of the interview's time was used by then."""

    event: Event
    used: float


@dataclass
class Stop:
    """What the candidate was asked about stopping, and what they said.

    `put` that they have heard it. `agreed`: None before they have answered. `heard_else` that the interviewer has
    spoken since then, `gone_on` that the model was told what comes next.
    """

    offered: bool = False
    put: bool = False
    agreed: bool | None = None
    heard_else: bool = False
    gone_on: bool = False
