"""Holds the Lease by which one replica acts, and ends what it does when the Lease is lost.

Not `kubernetes.aio.leaderelection` (37.0.2): its calls have no timeout, so that one which hangs keeps it a leader for
ever; it measures by the time of day; an error of the connection ends the election; it neither releases the Lease nor
sees its work end.
"""

import asyncio
import contextlib
import logging
import math
import random
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import aiohttp

from parley_operator.election import JITTER, Claim, Record, Seen, Terms, Wait, decide, held_until, release, see
from parley_operator.shell.client.kube import ConflictError, Json, Kube, KubeError, Resource

logger = logging.getLogger(__name__)

LEASES = Resource("apis/coordination.k8s.io/v1", "leases")
LEASE_NAME = "parley-operator"
CLEANUP_SECONDS = 5.0
"""How long what was cancelled may take to end; the fence holds it off from writing."""

_CALL_ERRORS = (KubeError, aiohttp.ClientError, TimeoutError)


class LeaseLostError(Exception):
    """Another replica may be acting: this one must do nothing more."""


def _now() -> float:
    """Seconds that go on while the process is stopped, and while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Lease:
    """One candidate's share in a Lease.

    Give it a client of its own: where reconciles use every connection, the renewal must not wait for one.
    """

    def __init__(
        self,
        kube: Kube,
        namespace: str,
        me: str,
        terms: Terms | None = None,
        *,
        name: str = LEASE_NAME,
        clock: Callable[[], float] = _now,
    ) -> None:
        """`me` names this candidate, and nobody else ever."""
        self._kube = kube
        self._metadata = {"name": name, "namespace": namespace}
        self._me = me
        self._terms = terms or Terms()
        self._clock = clock
        self._seen: Seen | None = None
        self._until = -math.inf
        self._holder = ""
        self._fault = ""

    @property
    def held(self) -> bool:
        """Whether nobody else can be acting."""
        return self._clock() < self._until

    @property
    def holder(self) -> str:
        """Who holds it, as far as was last seen; empty: nobody."""
        return self._holder

    def require(self) -> None:
        """The fence before each write.

        Raises:
            LeaseLostError: the Lease is not held.
        """
        if not self.held:
            raise LeaseLostError("the Lease is not held any more")

    async def acquire(self) -> None:
        """Waits, however long, until the Lease is held."""
        while True:
            pause = await self._try()
            if self.held:
                return
            await asyncio.sleep(min(pause, _jittered(self._terms.look)))

    async def keep(self) -> None:
        """Renews the Lease until that can't be done.

        Raises:
            LeaseLostError: another has it, or it could not be renewed in time.
        """
        while (left := self._until - self._clock()) > 0:
            await asyncio.sleep(min(left, _jittered(self._terms.retry)))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._until - self._clock()):
                    await self._try()
        if self._holder != self._me:
            raise LeaseLostError(f"{self._holder or 'nobody'} holds the Lease now")
        raise LeaseLostError(f"the Lease could not be renewed for {self._terms.renew_within:g} s")

    def drop(self) -> None:
        """Acts as its holder no more, from this moment."""
        self._until = -math.inf

    async def release(self) -> None:
        """Gives the Lease to whoever asks next. What can't be told, the others find out by waiting."""
        self.drop()
        try:
            async with asyncio.timeout(self._terms.call):
                while not await self._released():
                    self._seen_is_old()
        except _CALL_ERRORS as error:
            logger.warning("the Lease could not be released: %s", str(error) or type(error).__name__)

    async def _released(self) -> bool:
        seen = self._seen
        if seen is None or seen.version is None:
            seen = await self._read()
        if seen.record is None or seen.record.holder != self._me:
            return True
        try:
            self._saw(await self._write(Claim(release(seen.record, _time_of_day()), seen.version)))
        except ConflictError:
            return False
        return True

    async def _try(self) -> float:
        """Looks, and claims where it may; gives after how many seconds to look again at the latest."""
        try:
            async with asyncio.timeout(self._terms.call):
                return await self._look_and_claim()
        except ConflictError:
            self._seen_is_old()
        except _CALL_ERRORS as error:
            # What was sent may have been done all the same.
            self._seen_is_old()
            self._tell_once(str(error) or type(error).__name__)
        return self._terms.retry

    def _tell_once(self, fault: str) -> None:
        if fault != self._fault:
            logger.warning("the Lease could not be asked for: %s", fault)
        self._fault = fault

    async def _look_and_claim(self) -> float:
        seen = self._seen
        if not self.held or seen is None or seen.version is None:
            seen = await self._read()
        sent = self._clock()
        choice = decide(seen, sent, self._me, _time_of_day(), self._terms)
        if isinstance(choice, Wait):
            self.drop()
            return choice.seconds
        self._saw(await self._write(choice))
        self._until = held_until(sent, self._terms)
        self._fault = ""
        return self._terms.retry

    async def _read(self) -> Seen:
        return self._saw(await self._kube.get(LEASES, self._metadata["namespace"], self._metadata["name"]))

    async def _write(self, claim: Claim) -> Json:
        manifest = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": self._metadata | ({} if claim.version is None else {"resourceVersion": claim.version}),
            "spec": _spec(claim.record),
        }
        if claim.version is None:
            return await self._kube.create(LEASES, manifest)
        return await self._kube.replace(LEASES, manifest)

    def _saw(self, found: Json | None) -> Seen:
        record = None if found is None else _record(found.get("spec") or {})
        version = None if found is None else str(found["metadata"]["resourceVersion"])
        self._seen = see(self._seen, record, version, self._clock())
        holder = "" if record is None else record.holder
        if holder != self._holder:
            logger.info("the Lease is held by %s", holder or "nobody")
            self._holder = holder
        return self._seen

    def _seen_is_old(self) -> None:
        """Has the Lease read before it is written again; since when it is as it was, is still known."""
        if self._seen is not None:
            self._seen = Seen(self._seen.record, None, self._seen.since)


def _jittered(seconds: float) -> float:
    return seconds * random.uniform(1, 1 + JITTER)  # noqa: S311 - jitter, not a secret


async def act_while_held(lease: Lease, stop: asyncio.Event, act: Callable[[], Awaitable[None]]) -> None:
    """Waits for the Lease, acts until `act` returns by itself, and releases it. Told to stop before, it does not act.

    Raises:
        LeaseLostError: the Lease was lost; `act` was cancelled.
    """
    if not await _acquired(lease, stop):
        return
    keeping = asyncio.ensure_future(lease.keep())
    acting = asyncio.ensure_future(act())
    try:
        await asyncio.wait({keeping, acting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        ended = acting.done()
        if ended:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
            await lease.release()
        else:
            lease.drop()
            acting.cancel()
            await asyncio.wait({acting}, timeout=CLEANUP_SECONDS)
            keeping.cancel()
    await (acting if ended else keeping)


async def _acquired(lease: Lease, stop: asyncio.Event) -> bool:
    stopping = asyncio.ensure_future(stop.wait())
    acquiring = asyncio.ensure_future(lease.acquire())
    try:
        await asyncio.wait({stopping, acquiring}, return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            acquiring.cancel()
            await asyncio.wait({acquiring})
            await lease.release()
            return False
        await acquiring
        return True
    finally:
        stopping.cancel()
        acquiring.cancel()


def _record(spec: Json) -> Record:
    return Record(
        holder=str(spec.get("holderIdentity") or ""),
        duration=spec.get("leaseDurationSeconds"),
        acquired=str(spec.get("acquireTime") or ""),
        renewed=str(spec.get("renewTime") or ""),
        transitions=int(spec.get("leaseTransitions") or 0),
    )


def _spec(record: Record) -> Json:
    spec = {
        "holderIdentity": record.holder or None,
        "leaseDurationSeconds": math.ceil(record.duration or 1),
        "acquireTime": record.acquired or None,
        "renewTime": record.renewed or None,
        "leaseTransitions": record.transitions,
    }
    return {key: value for key, value in spec.items() if value is not None}


def _time_of_day() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
