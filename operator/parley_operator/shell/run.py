"""The running operator: health at once, the Lease when it can be had, and while it is held everything else."""

import asyncio
import contextlib
import logging
from uuid import uuid4

from parley_operator.installation import Installation
from parley_operator.settings import Settings
from parley_operator.shell.acting import Replica, act
from parley_operator.shell.client.connection import open_client
from parley_operator.shell.client.fence import FencedClient
from parley_operator.shell.client.kube import Kube
from parley_operator.shell.service.background import beside
from parley_operator.shell.service.health import serving_health
from parley_operator.shell.service.lease import Lease, act_while_held
from parley_operator.shell.service.signals import stop_on_signals
from parley_operator.shell.telemetry.metrics import Meter
from parley_operator.shell.vitals import Vitals

logger = logging.getLogger(__name__)


async def operate(settings: Settings, installation: Installation) -> None:
    """Runs until SIGTERM or SIGINT: as a standby first, and as the active replica once it holds the Lease.

    Raises:
        LeaseLostError: the Lease was lost.
        WatchEndedError: a watch ended by itself.
        OSError: the health port can't be had.
    """
    stop = asyncio.Event()
    stop_on_signals(stop)
    meter = Meter(settings.version)
    agent = f"parley-operator/{settings.version} ({settings.pod_name})"
    async with contextlib.AsyncExitStack() as open_things:
        lease_client = await open_things.enter_async_context(
            open_client(lambda found: FencedClient(found, agent, meter))
        )
        lease = Lease(Kube(lease_client), settings.namespace, f"{settings.pod_name}_{uuid4()}")
        client = await open_things.enter_async_context(
            open_client(lambda found: FencedClient(found, agent, meter, lease.require))
        )
        vitals = Vitals(lease)
        meter.watch_pulse(lambda: vitals.pulse)
        open_things.enter_context(serving_health(settings.health_port, lambda: vitals.pulse, meter))
        logger.info("the operator of installation %s waits for the Lease", installation.name)
        replica = Replica(client, lease, vitals, meter)
        await beside(act_while_held(lease, stop, lambda: act(replica, settings, installation, stop)), vitals.beat())
