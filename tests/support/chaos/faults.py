"""What goes wrong, and at which calls."""

import asyncio
import json
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from aiohttp import web

from support.chaos.rig import Rig
from support.fault_proxy import Answer, Call, Exchange, Strike
from support.processes import Program

RETRY_AFTER_SECONDS = 1
STALL_SECONDS = 1.5
HELD_SECONDS = 120
"""Longer than any client of the operator's waits: it hangs up, which ends the handler."""
BRIEFLY, LONGER = 2.0, 15.0
"""Seconds that a server is away: the operator lives through the one, and loses its Lease by the other."""
TERM, KILL = signal.SIGTERM, signal.SIGKILL
REASONS = {409: "Conflict", 429: "TooManyRequests", 500: "InternalError", 503: "ServiceUnavailable"}


@dataclass(frozen=True)
class Fault:
    """A fault. `times` calls in a row are struck; with `serial` nothing else may run on the same stage."""

    name: str
    what: str
    fits: Callable[[Call], bool]
    strike: Callable[[Rig], Strike]
    times: int = 1
    kills: bool = False
    serial: bool = False


def action(call: Call) -> bool:
    return call.kind == "action"


def read(call: Call) -> bool:
    return call.kind == "read"


def may_conflict(call: Call) -> bool:
    """The API server answers 409 to no deletion but one of a version: the right uid it accepts."""
    return action(call) and call.peer == "kube" and (call.method != "DELETE" or b"resourceVersion" in call.body)


def at_kube(fits: Callable[[Call], bool]) -> Callable[[Call], bool]:
    """Only what is asked of the API server."""
    return lambda call: fits(call) and call.peer == "kube"


def refuse(status: int) -> Callable[[Rig], Strike]:
    """The call is not done, and refused in its server's own way."""

    async def strike(exchange: Exchange) -> web.StreamResponse:
        said: dict[str, object] = {"error": "server-error", "info": "on purpose", "detail": "on purpose"}
        if exchange.call.peer == "kube":
            said = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": status}
            said |= {"reason": REASONS[status], "message": "on purpose"}
        headers = {"Content-Type": "application/json"}
        if status == 429:
            headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return await exchange.deliver(Answer(status, headers, json.dumps(said).encode()))

    return lambda _: strike


async def _hold(exchange: Exchange) -> web.StreamResponse:
    await exchange.forward()
    await asyncio.sleep(HELD_SECONDS)
    return exchange.cut()


async def _lose_the_way(exchange: Exchange) -> web.StreamResponse:
    return await exchange.deliver(Answer(404, {"Content-Type": "text/plain"}, b"404 no route\n"))


async def _reset_before(exchange: Exchange) -> web.StreamResponse:
    return exchange.cut()


async def _reset_after(exchange: Exchange) -> web.StreamResponse:
    await exchange.forward()
    return exchange.cut()


async def _crash_before(exchange: Exchange) -> web.StreamResponse:
    await exchange.forward()
    exchange.proxy.kill_now()
    return exchange.cut()


async def _crash_after(exchange: Exchange) -> web.StreamResponse:
    answer = await exchange.forward()
    # First: the operator's next call may be here before this one is at its end.
    exchange.proxy.kill_before_the_next_call()
    return await exchange.deliver(answer)


async def _cut_watches(exchange: Exchange) -> web.StreamResponse:
    exchange.proxy.cut_watches()
    return await exchange.deliver(await exchange.forward())


async def _stall_watches(exchange: Exchange) -> web.StreamResponse:
    exchange.proxy.stall_watches(STALL_SECONDS)
    return await exchange.deliver(await exchange.forward())


def _always(strike: Strike) -> Callable[[Rig], Strike]:
    return lambda _: strike


def _end(server: Literal["etcd", "apiserver"], number: int, away_seconds: float) -> Callable[[Rig], Strike]:
    """A server is ended as the call arrives, and is back after a while."""

    def strike_of(rig: Rig) -> Strike:
        async def strike(exchange: Exchange) -> web.StreamResponse:
            program: Program = getattr(rig.stage.plane, server)
            program.send(number)
            threading.Thread(target=rig.stage.revive, args=(program, away_seconds), daemon=True).start()
            return await exchange.deliver(await exchange.forward())

        return strike

    return strike_of


FAULTS = {
    fault.name: fault
    for fault in (
        Fault(
            "crash-unanswered", "the operator is killed before the answer", action, _always(_crash_before), kills=True
        ),
        Fault("crash-answered", "the operator is killed after the answer", action, _always(_crash_after), kills=True),
        Fault("conflict", "409 once", may_conflict, refuse(409)),
        Fault("throttled", "429 with Retry-After once", action, refuse(429)),
        Fault("error", "500 once", action, refuse(500)),
        Fault("unavailable", "503 for longer than the client retries", action, refuse(503), times=6),
        Fault("held", "done, and the answer held until the client gives up", action, _always(_hold)),
        Fault("reset-undone", "connection reset, not done", action, _always(_reset_before)),
        Fault("reset-done", "done, and the connection reset", action, _always(_reset_after)),
        Fault("watches-cut", "every watch cut", action, _always(_cut_watches)),
        Fault("watches-stalled", "the watches tell everything late", action, _always(_stall_watches)),
        Fault("read-error", "500 to a read", read, refuse(500)),
        Fault(
            "read-unavailable",
            "503 to reads, for longer than the client retries",
            read,
            refuse(503),
            times=6,
        ),
        Fault("read-reset", "connection reset at a read", read, _always(_reset_before)),
        Fault("no-route", "404 once, of a balancer's own", at_kube(action), _always(_lose_the_way)),
        Fault("read-no-route", "404 to a read, of a balancer's own", at_kube(read), _always(_lose_the_way)),
        Fault("apiserver-killed", "SIGKILL to the API server", action, _end("apiserver", KILL, BRIEFLY), serial=True),
        Fault("etcd-killed", "SIGKILL to etcd", action, _end("etcd", KILL, BRIEFLY), serial=True),
        Fault("apiserver-away", "the API server away for longer", action, _end("apiserver", TERM, LONGER), serial=True),
        Fault("etcd-away", "etcd away for longer", action, _end("etcd", TERM, LONGER), serial=True),
    )
}
