"""Faults that are ordered to strike a number of times: what both emulators have in common of them."""

from pydantic import BaseModel, ConfigDict


class Repeated(BaseModel):
    """An order for a fault; a kind of fault says in `times` what it counts."""

    model_config = ConfigDict(extra="forbid")

    times: int | None


class OrderBook[F: Repeated]:
    """The faults that are still to strike."""

    def __init__(self) -> None:
        self._ordered: list[F] = []

    def order(self, faults: list[F]) -> None:
        """Replace all orders."""
        self._ordered = [fault.model_copy() for fault in faults]

    @property
    def ordered(self) -> list[F]:
        """What is still to strike; `times` is what is left of it."""
        return list(self._ordered)

    def strike(self, fault: F) -> None:
        """One strike less of an order; without any left, it is forgotten."""
        if fault.times is None:
            return
        fault.times -= 1
        if fault.times == 0:
            # By identity: another order may be alike.
            self._ordered = [other for other in self._ordered if other is not fault]
