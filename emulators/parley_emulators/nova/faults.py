"""Faults to order: what goes wrong, when, and how often."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Fault(BaseModel):
    """One thing that goes wrong.

    A fault strikes a stream when both its conditions hold: `after_seconds` since the stream began and `after_responses`
    begun. With neither it strikes at once: `refuse` answers in place of a stream.
    """

    model_config = ConfigDict(extra="forbid")

    kind: Literal["refuse", "exception", "delay", "drop", "reset", "half_close"] = Field(
        description="refuse: an HTTP error in place of the stream; exception: an exception frame, then the end; delay: "
        "nothing goes out for a while; drop: TCP is cut; reset: RST_STREAM; half_close: the response ends."
    )
    status: int = Field(403, ge=400, le=599, description="refuse: the HTTP status.")
    error_type: str = Field("AccessDeniedException", description="refuse: the x-amzn-errortype.")
    exception_type: str = Field("modelStreamErrorException", description="exception: its :exception-type.")
    message: str = Field("An ordered fault.", description="refuse and exception: the message.")
    delay_seconds: float = Field(0, ge=0, description="delay: how long nothing goes out.")
    after_seconds: float = Field(0, ge=0, description="Strikes once the stream has lasted this long.")
    after_responses: int = Field(0, ge=0, description="Strikes once the model has begun this many responses.")
    times: int | None = Field(1, ge=1, description="How many streams it strikes; null: every one.")

    @property
    def at_start(self) -> bool:
        """Whether it strikes before the stream has begun."""
        return self.kind == "refuse" or not (self.after_seconds or self.after_responses)


class Faults(BaseModel):
    """All that is ordered."""

    model_config = ConfigDict(extra="forbid")

    faults: list[Fault] = []


class FaultBook:
    """The faults that are still to strike."""

    def __init__(self) -> None:
        self._ordered: list[Fault] = []

    def order(self, faults: list[Fault]) -> None:
        """Replace all orders."""
        self._ordered = [fault.model_copy() for fault in faults]

    @property
    def ordered(self) -> list[Fault]:
        """What is still to strike; `times` is what is left of it."""
        return list(self._ordered)

    def due(self, elapsed: float | None = None, responses: int = 0) -> Fault | None:
        """The fault that strikes a stream now, and one strike less of it afterwards.

        Args:
            elapsed: Seconds since the stream began; None before it does.
            responses: Responses that the model has begun in it.
        """
        for fault in self._ordered:
            at_start = elapsed is None
            if fault.at_start is not at_start:
                continue
            if elapsed is not None and (elapsed < fault.after_seconds or responses < fault.after_responses):
                continue
            self._strike(fault)
            return fault
        return None

    def _strike(self, fault: Fault) -> None:
        if fault.times is None:
            return
        fault.times -= 1
        if fault.times == 0:
            self._ordered.remove(fault)
