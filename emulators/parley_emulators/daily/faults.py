"""Faults to order: what goes wrong, with which calls, and how often."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from parley_emulators.faults import OrderBook, Repeated


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"no regular expression: {error}") from error
    return text


class Fault(Repeated):
    """One thing that goes wrong with calls whose method and path fit."""

    kind: Literal["error", "delay", "drop"] = Field(
        description="error: the call is refused; delay: it is answered late; drop: the connection is cut."
    )
    method: str | None = Field(None, description="Calls with this method only.")
    path: Annotated[str, AfterValidator(_pattern)] = Field(
        ".*", description="Calls whose path after /v1 fits this regular expression."
    )
    status: int = Field(500, ge=400, le=599, description="error: the HTTP status.")
    error: str = Field("server-error", description="error: Daily's name of it.")
    info: str = Field("An ordered fault.", description="error: what it says for people.")
    retry_after: Annotated[int, Field(ge=0)] | str | None = Field(
        None, description="error: Retry-After, in seconds or as its header has it."
    )
    delay_seconds: float = Field(0, ge=0, description="delay: how much later.")
    times: int | None = Field(1, ge=1, description="How many calls it strikes; null: every one.")

    def fits(self, method: str, path: str) -> bool:
        """Whether it strikes such a call."""
        return self.method in (None, method) and re.fullmatch(self.path, path) is not None


class Faults(BaseModel):
    """All that is ordered."""

    model_config = ConfigDict(extra="forbid")

    faults: list[Fault] = []


class FaultBook(OrderBook[Fault]):
    """The faults that are still to strike."""

    def due(self, method: str, path: str) -> list[Fault]:
        """The faults that strike this call, and one strike less of each afterwards: delays, then at most one other."""
        striking: list[Fault] = []
        for fault in self.ordered:
            if not fault.fits(method, path):
                continue
            striking.append(fault)
            self.strike(fault)
            if fault.kind != "delay":
                break
        return striking
