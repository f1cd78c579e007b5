"""Keeps the mirror true: filled before anything is planned by it, and held against the API server for ever after."""

import asyncio
import itertools
import logging
import random
from collections.abc import Callable

from parley_protocol import InterviewRef

from parley_operator.shell.client.failures import ACTION_ERRORS
from parley_operator.shell.watch.mirror import Mirror

logger = logging.getLogger(__name__)

VERIFY_SECONDS = 15.0
"""How long a bot or its inputs may be gone unseen where a watch had a gap."""
INTERVIEWS_EVERY = 20
"""Every how many rounds the Interviews are verified too: there may be many, and their ends wait for the finalizer."""
FILL_RETRY_SECONDS = 2.0


async def fill(mirror: Mirror) -> None:
    """Fills the mirror, however long the API server is away."""
    while True:
        try:
            return await mirror.fill()
        except ACTION_ERRORS as error:
            logger.warning("waiting for the API server: %s", error)
        await asyncio.sleep(FILL_RETRY_SECONDS)


async def keep_true(mirror: Mirror, wake: Callable[[InterviewRef], None]) -> None:
    """Verifies the mirror, and wakes what differs, until it is cancelled."""
    for turn in itertools.count(1):
        await asyncio.sleep(VERIFY_SECONDS * random.uniform(0.8, 1.2))  # noqa: S311 - jitter, not a secret
        try:
            found = await mirror.verify_bots()
            if turn % INTERVIEWS_EVERY == 0:
                found |= await mirror.verify_interviews()
        except ACTION_ERRORS as error:
            logger.warning("the mirror could not be verified: %s", error)
            continue
        for ref in found:
            logger.info("%s/%s changed unseen", ref.namespace, ref.name)
            wake(ref)
