"""Faults to order: what goes wrong, when, and how often."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from parley_emulators.faults import OrderBook, Repeated

type ExceptionType = Literal[
    "internalServerException", "modelStreamErrorException", "modelTimeoutException", "serviceUnavailableException",
    "throttlingException", "validationException",
]  # fmt: skip
"""The exceptions in the model of the operation's output stream."""


type Moment = Literal["quiet", "hearing", "thinking", "tool", "speaking", "closing"]
"""What a session is at. quiet: nobody speaks, and nothing is owed; hearing: the user speaks; thinking: the model is
about to act on what it was told; tool: it waits for a result; speaking: its words sound; closing: its last ones do."""


class Fault(Repeated):
    """One thing that goes wrong.

    A fault strikes a stream when all its conditions hold: `after_seconds` since the stream began, `after_responses`
    begun, and the session has been at the moment `during` for `during_seconds`. With none it strikes at once: `refuse`
    answers in place of a stream.
    """

    kind: Literal["refuse", "exception", "error", "delay", "drop", "reset", "half_close"] = Field(
        description="refuse: an HTTP error in place of the stream; exception: an exception frame, then the end; error: "
        "a frame of an error that the API's model does not have, then the end; delay: nothing goes out for a while; "
        "drop: TCP is cut; reset: RST_STREAM; half_close: the response ends."
    )
    status: int = Field(403, ge=400, le=599, description="refuse: the HTTP status.")
    error_type: str = Field("AccessDeniedException", description="refuse and error: the error's type.")
    exception_type: ExceptionType = Field("modelStreamErrorException", description="exception: its :exception-type.")
    message: str = Field("An ordered fault.", description="refuse, exception and error: the message.")
    delay_seconds: float = Field(0, ge=0, description="delay: how long nothing goes out.")
    taken_seconds: float = Field(
        0, ge=0, description="half_close: for so long what still comes of the request is taken, before RST_STREAM."
    )
    after_seconds: float = Field(0, ge=0, description="Strikes once the stream has lasted this long.")
    after_responses: int = Field(0, ge=0, description="Strikes once the model has begun this many responses.")
    during: Moment | None = Field(None, description="Strikes while the session is at this.")
    during_seconds: float = Field(0, ge=0, description="during: once it has been at it for so long.")
    times: int | None = Field(1, ge=1, description="How many streams it strikes; null: every one.")

    @property
    def at_start(self) -> bool:
        """Whether it strikes before the stream has begun."""
        return self.kind == "refuse" or not (self.after_seconds or self.after_responses or self.during)


class Faults(BaseModel):
    """All that is ordered."""

    model_config = ConfigDict(extra="forbid")

    faults: list[Fault] = []


class FaultBook(OrderBook[Fault]):
    """The faults that are still to strike."""

    def due(
        self,
        struck: list[Fault],
        elapsed: float | None = None,
        responses: int = 0,
        moment: Moment | None = None,
        lasted: float = 0.0,
    ) -> Fault | None:
        """The fault that strikes a stream now, and one strike less of it afterwards.

        Args:
            struck: What has struck this stream before: nothing does so twice. The answer is added to it.
            elapsed: Seconds since the stream began; None before it does.
            responses: Responses that the model has begun in it.
            moment: What its session is at.
            lasted: Seconds since it has been at that.
        """
        for fault in self.ordered:
            at_start = elapsed is None
            if fault.at_start is not at_start or any(fault is earlier for earlier in struck):
                continue
            if elapsed is not None and (elapsed < fault.after_seconds or responses < fault.after_responses):
                continue
            if fault.during is not None and (fault.during != moment or lasted < fault.during_seconds):
                continue
            struck.append(fault)
            self.strike(fault)
            return fault
        return None
