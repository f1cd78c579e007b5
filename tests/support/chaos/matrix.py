"""Runs cases: each is a path with a fault at one of its calls, held to what the path comes to without one."""

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx

from support.chaos.case import PATIENCE_SECONDS, Case, EndState
from support.chaos.faults import FAULTS, Fault
from support.chaos.paths import PATHS, Path
from support.chaos.promises import Broken, hold_actions, hold_bots, hold_events, hold_limit, hold_rooms
from support.chaos.rig import Rig, Stage
from support.fault_proxy import Call, Rule
from support.wait import until

logger = logging.getLogger(__name__)

ALL = "all"
"""The path that is all of them at once, under one operator; but for those that need an installation of their own."""
TOGETHER = {path.name: path for path in PATHS.values() if path.limit is None}


@dataclass(frozen=True)
class Spec:
    """A case: the path, the fault, and at the how manieth call that fits it strikes."""

    path: str
    fault: str
    number: int

    def __str__(self) -> str:
        return f"{self.path}/{self.fault}/{self.number}"

    @property
    def paths(self) -> list[Path]:
        """What is walked."""
        return list(TOGETHER.values()) if self.path == ALL else [PATHS[self.path]]

    @property
    def serial(self) -> bool:
        """Whether nothing else may run beside it."""
        return FAULTS[self.fault].serial


@dataclass(frozen=True)
class Reference:
    """What a path comes to without a fault: its end, what people are told, its calls and seconds."""

    end: EndState
    events: Sequence[tuple[str, str]]
    calls: Sequence[Call]
    seconds: float

    @property
    def actions(self) -> int:
        """How many of its calls change something."""
        return sum(call.kind == "action" for call in self.calls)

    def count(self, fault: Fault) -> int:
        """How many of its calls the fault fits."""
        return sum(fault.fits(call) for call in self.calls)


@dataclass
class Result:
    """What became of a case. `delay` is how many seconds longer it took than its path without the fault.

    `fitting` is how many calls the fault fits: where it is less than the case's number, none was struck.
    """

    spec: Spec
    reached: bool = False
    fitting: int = 0
    error: str | None = None
    seconds: float = 0.0
    delay: float = 0.0
    exits: int = 0
    calls: Sequence[Call] = field(default=(), repr=False)

    @property
    def passed(self) -> bool:
        """Whether the fault struck, and every promise was kept."""
        return self.reached and self.error is None


type References = dict[str, Reference]


def measure(rig: Rig, path: Path) -> Reference:
    """Walks a path without a fault, and holds it to what the path is for."""
    rig.proxy.begin()
    case, started = Case(rig, path.name), time.monotonic()
    path.walk(case)
    state = until("it comes to rest", lambda: _resting(rig, case, path), PATIENCE_SECONDS)
    seconds = max(call.at for call in rig.proxy.calls) - started
    reference = Reference(state, case.events(), tuple(rig.proxy.calls), seconds)
    hold_bots(case.bots, path.bots)
    hold_limit(rig.kubelet.all, path.limit)
    case.tidy()
    return reference


def _resting(rig: Rig, case: Case, path: Path) -> EndState | None:
    if not rig.quiet():
        return None
    state = case.end_state()
    # A garbage collector, and nobody behind the proxy, may have the last word.
    return None if any(each.left for each in state.all) else _required(path, state)


def _required(path: Path, state: EndState) -> EndState:
    path.require(state)
    return state


def attempt(rig: Rig, spec: Spec, references: References) -> Result:
    """Runs one case. Whatever goes wrong in it is in the result."""
    fault, result = FAULTS[spec.fault], Result(spec)
    paths = spec.paths
    cases = [Case(rig, path.name) for path in paths]
    rule = Rule(fault.fits, spec.number, fault.strike(rig), fault.times)
    exits, kills, started = rig.exits, rig.kills, time.monotonic()
    rig.proxy.begin(rule)
    try:
        _walk(paths, cases)
        for path, case in zip(paths, cases, strict=True):
            _await_end(case, references[path.name].end)
        result.delay = time.monotonic() - started - max(references[path.name].seconds for path in paths)
        until("the operator comes to rest", rig.quiet, PATIENCE_SECONDS)
        if rule.struck and fault.kills and rig.kills != kills + 1:
            raise Broken("the operator was not killed")
        result.calls = tuple(rig.proxy.calls)
        for path, case in zip(paths, cases, strict=True):
            _hold(case, path, references[path.name])
            hold_limit(rig.kubelet.all, path.limit)
        hold_rooms(result.calls, {name for case in cases for name in case.rooms})
        hold_actions(result.calls, [references[path.name].actions for path in paths])
        rig.proxy.begin()
        for case in cases:
            case.tidy()
    except (AssertionError, TimeoutError, LookupError, httpx.HTTPError) as error:
        result.error = f"{type(error).__name__}: {error}"
        result.calls = result.calls or tuple(rig.proxy.calls)
    result.reached, result.fitting = bool(rule.struck), rule.seen
    if rig.proxy.fault is not None:
        result.error = f"the proxy itself failed: {rig.proxy.fault!r}"
    result.seconds = time.monotonic() - started
    result.exits = rig.exits - exits
    if result.exits and not fault.serial and result.error is None:
        result.error = f"the operator ended by itself, {result.exits} times"
    return result


def _walk(paths: list[Path], cases: list[Case]) -> None:
    with ThreadPoolExecutor(len(paths)) as walkers:
        for walked in [walkers.submit(path.walk, case) for path, case in zip(paths, cases, strict=True)]:
            walked.result()


def _await_end(case: Case, end: EndState) -> None:
    try:
        case.rig.until(f"{case.name} comes to its end", lambda: case.end_state() == end, PATIENCE_SECONDS)
    except TimeoutError as error:
        raise Broken(f"another end: {case.end_state()}; without the fault: {end}") from error


def _hold(case: Case, path: Path, reference: Reference) -> None:
    """The promises beside the end itself, and the end again: the operator has come to rest since."""
    if (state := case.end_state()) != reference.end:
        raise Broken(f"the end did not stay: {state}; without the fault: {reference.end}")
    hold_bots(case.bots, path.bots)
    hold_events(case.events(), reference.events)


class Runner:
    """Runs cases on a stage, several at once, each in the installation of one of its workers."""

    def __init__(self, stage: Stage, parallel: int, name: str = "rig") -> None:
        self._stage = stage
        self._parallel = parallel
        self._name = name
        self._rigs = 0
        self._lock = threading.Lock()

    def references(self, paths: Iterable[Path]) -> References:
        """Walks paths without a fault."""
        found: References = {}

        def walk(rig: Rig, path: Path) -> bool:
            found[path.name] = measure(rig, path)
            return True

        self._each(walked := list(paths), walk, lambda path: path.limit)
        return {path.name: found[path.name] for path in walked}

    def run(
        self,
        specs: Sequence[Spec],
        references: References,
        tell: Callable[[Result], None] = lambda _: None,
        until_time: float = float("inf"),
    ) -> list[Result]:
        """Runs cases, as many as are begun before `until_time` on the monotonic clock; `tell` is told of each."""
        results: list[Result] = []

        def one(rig: Rig, spec: Spec) -> bool:
            if time.monotonic() > until_time:
                return True
            result = attempt(rig, spec, references)
            if not result.reached and result.error is None:
                # Two steps that fell together this time are two the next time.
                result = attempt(rig, spec, references)
            with self._lock:
                results.append(result)
                tell(result)
            return result.error is None

        self._each(specs, one, lambda spec: spec.paths[0].limit)
        return results

    def _each[T](self, items: Sequence[T], work: Callable[[Rig, T], bool], limit_of: Callable[[T], int | None]) -> None:
        """Does work for each item, those of one limit after those of another, each in an installation that has it.

        A worker whose work went wrong goes on with another installation.
        """
        waiting: queue.SimpleQueue[T] = queue.SimpleQueue()
        for each in sorted(items, key=lambda item: limit_of(item) or 0):
            waiting.put(each)

        def next_one() -> T | None:
            try:
                return waiting.get_nowait()
            except queue.Empty:
                return None

        def worker() -> None:
            item = next_one()
            while item is not None:
                self._stage.await_back()
                with self._rig(limit := limit_of(item)) as rig:
                    well = True
                    while well and item is not None and limit_of(item) == limit:
                        well = work(rig, item)
                        item = next_one()

        workers = min(self._parallel, len(items))
        if not workers:
            return
        with ThreadPoolExecutor(workers) as pool:
            for done in [pool.submit(worker) for _ in range(workers)]:
                done.result()

    def _rig(self, limit: int | None) -> contextlib.AbstractContextManager[Rig]:
        with self._lock:
            self._rigs += 1
            name = f"{self._name}-{self._rigs}"
        return Rig.built(self._stage, name, limit)
