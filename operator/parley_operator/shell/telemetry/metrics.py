"""What Prometheus is told. Every label has a closed set of values, so that no input makes a series of its own."""

import time
from collections.abc import Callable, Collection, Iterable, Mapping

from parley_crds import Phase
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from parley_operator.capacity import Occupancy
from parley_operator.liveness import Pulse
from parley_operator.plan.losses import LOSSES
from parley_operator.stalls import STALLS

# A series more for each counter and bucket, which no expression here asks for.
disable_created_metrics()  # type: ignore[no-untyped-call] # the package gives it no types

PREFIX = "parley_operator"
OTHER = "other"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

RESULTS = ("settled", "retry", "failed", "cut_off")
OUTCOMES = ("ok", "not_found", "rejected", "refused", "unavailable", "failed")
ROOM_OPERATIONS = ("ensure", "mint", "presence", "eject", "delete", "pages", "occupied")
ORDERS = ("seal", "erase")
VERBS = ("get", "list", "create", "update", "patch", "delete")
CODES = ("2xx", "3xx", "404", "409", "429", "4xx", "5xx", "none")
RESOURCES = (
    "interviews",
    "interviews/status",
    "interviewtemplates",
    "interviewtemplates/status",
    "controllerrevisions",
    "pods",
    "secrets",
    "configmaps",
    "events",
    "leases",
    "priorityclasses",
    "discovery",
)
SLOT_STATES = ("taken", "limit")
STARTS = ("Immediate", "OnArrival")
ENDS = {
    "Completed": ("Completed", "CandidateLeft", "TimeLimit", "Silence", "Sealed", "AlreadyFinished"),
    "Failed": (
        "BackoffLimitExceeded",
        "DeadlineExceeded",
        "NoBot",
        "TechnicalFault",
        "RecordingFailed",
        "AlreadyFinished",
    ),
    "Cancelled": ("Cancelled", "AlreadyFinished"),
    "Expired": ("NoShow", "WindowClosed", "AlreadyFinished"),
}
_QUICK = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_STARTS = (1, 2, 3, 5, 7.5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600)


def one_of(value: str, known: Collection[str]) -> str:
    """The value where it is known, else `other`."""
    return value if value in known else OTHER


class Meter:
    """The operator's metrics. Call it from any thread; `now` is the time of day in seconds, as Prometheus has it."""

    def __init__(self, version: str, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self.registry = CollectorRegistry()
        counted, timed = self._counter, self._histogram
        self._reconciles = counted("reconciles", "Reconciles, by how they ended.", "result")
        self._durations = timed("reconcile_duration_seconds", "How long reconciles took.", _QUICK)
        self._starts = timed("start_latency_seconds", "From when a bot was due to when it was ready.", _STARTS, "start")
        self._ends = counted("interviews_ended", "Interviews that ended, by final phase and reason.", "phase", "reason")
        self._losses = counted("bots_lost", "Bots that were lost, by reason.", "reason")
        self._rooms = counted("provider_calls", "Calls of the rooms' provider.", "provider", "operation", "outcome")
        self._room_times = timed(
            "provider_call_duration_seconds", "How long they took, repeats included.", _QUICK, "provider", "operation"
        )
        self._orders = counted("orders", "Orders to the API.", "order", "outcome")
        self._requests = counted(
            "kube_requests", "Requests to the API server, kopf's watches aside.", "verb", "resource", "code"
        )
        self._request_times = timed("kube_request_duration_seconds", "How long they took.", _QUICK, "verb")
        self._sweeps = counted("sweeps", "Sweeps, by how they ended.", "result")
        self._swept = self._gauge("last_successful_sweep_timestamp_seconds", "When a sweep last did all of its work.")
        self._gauge("build_info", "1, with the program's version.", "version").labels(version).set(1)
        self._begin_at_zero()
        ProcessCollector(registry=self.registry, namespace=PREFIX)

    def watch_pulse(self, pulse: Callable[[], Pulse], clock: Callable[[], float] = time.monotonic) -> None:
        """Tells what the main loop tells of itself."""
        self.registry.register(_Vitals(pulse, clock))

    def watch_phases(self, phases: Callable[[], Mapping[str, int]]) -> None:
        """Tells how many interviews are in each phase; `phases` is called by another thread."""
        self.registry.register(_Phases(phases))

    def watch_stalls(self, stalls: Callable[[], Mapping[str, int]]) -> None:
        """Tells how many interviews do not go on by themselves, and why; `stalls` is called by another thread."""
        self.registry.register(_Stalls(stalls))

    def watch_capacity(self, occupancy: Callable[[], Occupancy | None]) -> None:
        """Tells how full the installation is; `occupancy` is called by another thread."""
        self.registry.register(_Slots(occupancy))

    def render(self) -> bytes:
        """All of them, in Prometheus's text format."""
        return generate_latest(self.registry)

    # Reconciles

    def reconciled(self, result: str, seconds: float) -> None:
        """A reconcile ended, with one of `RESULTS`."""
        self._reconciles.labels(one_of(result, RESULTS)).inc()
        self._durations.observe(seconds)

    def swept(self, *, whole: bool) -> None:
        """A sweep ended."""
        self._sweeps.labels("ok" if whole else "failed").inc()
        if whole:
            self._swept.set(self._now())

    # Interviews

    def started(self, start: str, seconds: float) -> None:
        """A bot is ready for the first time, so long after it was due."""
        self._starts.labels(one_of(start, STARTS)).observe(seconds)

    def ended(self, phase: str, reason: str) -> None:
        """An interview is over."""
        self._ends.labels(one_of(phase, ENDS), one_of(reason, ENDS.get(phase, ()))).inc()

    def lost_bot(self, reason: str) -> None:
        """A bot was lost."""
        self._losses.labels(one_of(reason, LOSSES)).inc()

    # The outside

    def called_rooms(self, provider: str, operation: str, outcome: str, seconds: float) -> None:
        """A call of a rooms' provider ended."""
        known = one_of(provider, ("daily",)), one_of(operation, ROOM_OPERATIONS)
        self._rooms.labels(*known, one_of(outcome, OUTCOMES)).inc()
        self._room_times.labels(*known).observe(seconds)

    def ordered(self, order: str, outcome: str) -> None:
        """An order to the API ended."""
        self._orders.labels(one_of(order, ORDERS), one_of(outcome, OUTCOMES)).inc()

    def requested(self, verb: str, resource: str, code: str, seconds: float) -> None:
        """A request to the API server was answered; `code` is one of `CODES`."""
        verb = one_of(verb, VERBS)
        self._requests.labels(verb, one_of(resource, RESOURCES), one_of(code, CODES)).inc()
        self._request_times.labels(verb).observe(seconds)

    def _begin_at_zero(self) -> None:
        """What an alert looks at is there before it first happens: an increase from nothing is none to Prometheus."""
        for result in RESULTS:
            self._reconciles.labels(result)
        for phase, reasons in ENDS.items():
            for reason in (*reasons, OTHER):
                self._ends.labels(phase, reason)
        for reason in (*sorted(LOSSES), OTHER):
            self._losses.labels(reason)
        for outcome in OUTCOMES:
            for operation in ROOM_OPERATIONS:
                self._rooms.labels("daily", operation, outcome)
            for order in ORDERS:
                self._orders.labels(order, outcome)
        for result in ("ok", "failed"):
            self._sweeps.labels(result)
        for start in STARTS:
            self._starts.labels(start)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, namespace=PREFIX, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, namespace=PREFIX, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(name, text, labels, namespace=PREFIX, registry=self.registry, buckets=buckets)


class _Vitals(Collector):
    """Gauges of the last pulse, read when Prometheus asks."""

    def __init__(self, pulse: Callable[[], Pulse], clock: Callable[[], float]) -> None:
        self._pulse = pulse
        self._clock = clock

    def collect(self) -> Iterable[Metric]:
        pulse, now = self._pulse(), self._clock()
        yield _gauge("leader", "Whether this replica holds the Lease and acts.", float(pulse.active))
        yield _gauge("heartbeat_age_seconds", "For how long the main loop has not told of itself.", now - pulse.at)
        yield _gauge("queue_depth", "Interviews that wait for a worker.", pulse.queued)
        yield _gauge("queue_oldest_wait_seconds", "How long the oldest of them has waited.", pulse.oldest_wait)
        yield _gauge("reconciles_running", "Reconciles that run.", pulse.running)
        silence = GaugeMetricFamily(
            f"{PREFIX}_watch_silence_seconds", "For how long a watch has told of nothing.", labels=["watch"]
        )
        for name, heard in pulse.heard.items():
            silence.add_metric([name], now - heard)
        yield silence


class _Phases(Collector):
    def __init__(self, phases: Callable[[], Mapping[str, int]]) -> None:
        self._phases = phases

    def collect(self) -> Iterable[Metric]:
        counts = GaugeMetricFamily(f"{PREFIX}_interviews", "Interviews that are there, by phase.", labels=["phase"])
        found = self._phases()
        for phase in Phase:
            counts.add_metric([str(phase)], found.get(str(phase), 0))
        yield counts


class _Stalls(Collector):
    def __init__(self, stalls: Callable[[], Mapping[str, int]]) -> None:
        self._stalls = stalls

    def collect(self) -> Iterable[Metric]:
        counts = GaugeMetricFamily(
            f"{PREFIX}_interviews_stalled", "Interviews that do not go on by themselves, by reason.", labels=["reason"]
        )
        found = self._stalls()
        for reason in sorted(STALLS):
            counts.add_metric([reason], found.get(reason, 0))
        counts.add_metric([OTHER], sum(count for reason, count in found.items() if reason not in STALLS))
        yield counts


class _Slots(Collector):
    """Slots as far as there are limits; of the installation alone, for there may be any number of namespaces."""

    def __init__(self, occupancy: Callable[[], Occupancy | None]) -> None:
        self._occupancy = occupancy

    def collect(self) -> Iterable[Metric]:
        if (found := self._occupancy()) is None:
            return
        slots = GaugeMetricFamily(f"{PREFIX}_capacity_slots", "Slots of the installation.", labels=["state"])
        for state, count in zip(SLOT_STATES, (found.taken, found.limit), strict=True):
            if count is not None:
                slots.add_metric([state], count)
        yield slots
        yield _gauge("capacity_waiting", "Interviews that wait for a slot.", found.waiting)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{PREFIX}_{name}", text, value=value)
