"""The sweeps, one after the other and again after half an hour: each finds what nothing tells of."""

import asyncio
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from parley_protocol import InterviewRef
from parley_rooms.provider import RoomDirectory

from parley_operator.installation import Installation
from parley_operator.shell.capacity.census import Census
from parley_operator.shell.capacity.slots import Slots
from parley_operator.shell.client.failures import ACTION_ERRORS
from parley_operator.shell.client.kube import Kube
from parley_operator.shell.reconcile.revisions import Pins
from parley_operator.shell.sweep.room_sweep import sweep_rooms
from parley_operator.shell.sweep.sweep import sweep_census, sweep_children, sweep_revisions, sweep_tombstones
from parley_operator.shell.telemetry.metrics import Meter

logger = logging.getLogger(__name__)

SWEEP_SECONDS = 1800


@dataclass(frozen=True, slots=True)
class Sweeps:
    """What the sweeps go over. `namespaces` are the interviews', empty: all."""

    kube: Kube
    installation: Installation
    namespaces: Collection[str]
    pins: Pins
    slots: Slots
    census: Census
    rooms: RoomDirectory | None

    async def run(self, wake: Callable[[InterviewRef], None], meter: Meter) -> None:
        """Sweeps until it is cancelled."""
        while True:
            whole = False
            try:
                await self._once(wake)
                whole = True
            except ACTION_ERRORS as error:
                logger.warning("the sweep failed: %s", error)
            except Exception:  # one odd object must not end all sweeps to come
                logger.exception("the sweep failed")
            meter.swept(whole=whole)
            await asyncio.sleep(SWEEP_SECONDS)

    async def _once(self, wake: Callable[[InterviewRef], None]) -> None:
        began = datetime.now(UTC)
        found = await sweep_children(self.kube, self.installation, wake)
        self.slots.recount(found, began)
        await sweep_census(self.kube, self.namespaces, self.census, wake)
        await sweep_revisions(self.kube, self.installation, self.namespaces, self.pins)
        await sweep_tombstones(self.kube, self.installation, self.namespaces, datetime.now(UTC))
        await sweep_rooms(self.kube, self.installation, self.namespaces, self.rooms, datetime.now(UTC))
