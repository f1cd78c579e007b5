"""The values of priority classes. A class's value never changes, but the class can be made anew with another."""

import logging
import time
from collections.abc import Callable

from parley_operator.shell.client.kube import Kube, KubeError, Resource

logger = logging.getLogger(__name__)

PRIORITY_CLASSES = Resource("apis/scheduling.k8s.io/v1", "priorityclasses")
KEPT_SECONDS = 600.0


class Priorities:
    """Looks classes up and keeps what was found, of at most as many as the installation allows templates to name."""

    def __init__(self, kube: Kube, clock: Callable[[], float] = time.monotonic) -> None:
        self._kube = kube
        self._clock = clock
        self._known: dict[str, tuple[int, float]] = {}

    async def of(self, name: str | None) -> int:
        """The value of a class; 0 without one, and of one that is not there or that the operator may not read.

        Raises:
            KubeError, aiohttp.ClientError, TimeoutError: the API server is away.
        """
        if name is None:
            return 0
        value, until = self._known.get(name, (0, 0.0))
        if self._clock() >= until:
            value = await self._read(name)
            self._known[name] = (value, self._clock() + KEPT_SECONDS)
        return value

    async def _read(self, name: str) -> int:
        try:
            found = await self._kube.get(PRIORITY_CLASSES, None, name)
        except KubeError as error:
            if error.status != 403:
                raise
            logger.warning("the priority class %s can't be read, so it counts as 0: %s", name, error)
            return 0
        return 0 if found is None else int(found["value"])
