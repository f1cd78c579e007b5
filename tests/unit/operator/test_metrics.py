"""The metrics: bounded whatever comes, and told of in the documentation one by one."""

import re
from pathlib import Path

from parley_crds import Phase
from parley_operator.capacity import Occupancy
from parley_operator.liveness import Pulse
from parley_operator.plan.losses import LOSSES
from parley_operator.shell.telemetry.metrics import ENDS, OTHER, PREFIX, Meter
from parley_operator.stalls import OF_AUTHORS, OF_THE_INSTALLATION

TABLE = Path(__file__).parents[3] / "docs/operations/metrics.md"
RUNBOOK = TABLE.with_name("alerts.md")


def whole() -> Meter:
    """A meter that is told all that an operator tells it."""
    meter = Meter("1.2.3")
    meter.watch_pulse(lambda: Pulse(100, active=True, queued=2, heard={"bots": 90, "resources": 95}), lambda: 101)
    meter.watch_phases(lambda: {"Open": 3})
    meter.watch_stalls(lambda: {"PodNotCreated": 4, "OfALaterVersion": 2, "OfAnother": 1})
    meter.watch_capacity(lambda: Occupancy(taken=2, limit=5, waiting=7))
    return meter


def feed(meter: Meter, word: str) -> None:
    """Tells everything once, with this word for every value."""
    meter.reconciled(word, 0.1)
    meter.started(word, 3)
    meter.ended(word, word)
    meter.ended("Failed", word)
    meter.lost_bot(word)
    meter.called_rooms(word, word, word, 0.1)
    meter.ordered(word, word)
    meter.requested(word, word, word, 0.1)
    meter.swept(whole=False)


def series(meter: Meter) -> int:
    return sum(not line.startswith("#") for line in meter.render().decode().splitlines())


def test_no_input_makes_series_of_its_own() -> None:
    meter = whole()
    feed(meter, "hostile-0")
    bound = series(meter)
    for number in range(1, 500):
        feed(meter, f'hostile-{number}"}} {{\n')
    assert series(meter) == bound
    assert "hostile" not in meter.render().decode()
    assert bound < 800


def test_what_is_in_memory_is_told_when_asked() -> None:
    told = whole().registry.get_sample_value
    assert told(f"{PREFIX}_leader") == 1
    assert told(f"{PREFIX}_heartbeat_age_seconds") == 1
    assert told(f"{PREFIX}_queue_depth") == 2
    assert told(f"{PREFIX}_watch_silence_seconds", {"watch": "bots"}) == 11
    assert told(f"{PREFIX}_interviews", {"phase": "Open"}) == 3
    assert told(f"{PREFIX}_interviews", {"phase": "Ready"}) == 0
    assert told(f"{PREFIX}_interviews_stalled", {"reason": "PodNotCreated"}) == 4
    assert told(f"{PREFIX}_interviews_stalled", {"reason": "TemplateNotAllowed"}) == 0
    assert told(f"{PREFIX}_interviews_stalled", {"reason": OTHER}) == 3
    assert told(f"{PREFIX}_build_info", {"version": "1.2.3"}) == 1


def test_slots_are_told_of_as_far_as_they_are_limited() -> None:
    told = whole().registry.get_sample_value
    assert told(f"{PREFIX}_capacity_slots", {"state": "taken"}) == 2
    assert told(f"{PREFIX}_capacity_slots", {"state": "limit"}) == 5
    assert told(f"{PREFIX}_capacity_waiting") == 7
    namespaces = Meter("1")
    namespaces.watch_capacity(lambda: Occupancy(taken=2, limit=None, waiting=7))
    assert namespaces.registry.get_sample_value(f"{PREFIX}_capacity_slots", {"state": "taken"}) == 2
    assert namespaces.registry.get_sample_value(f"{PREFIX}_capacity_slots", {"state": "limit"}) is None
    unlimited = Meter("1")
    unlimited.watch_capacity(lambda: None)
    assert "_capacity_" not in unlimited.render().decode()


def test_a_sweep_that_did_all_of_its_work_is_told_with_its_time() -> None:
    now = [1000.0]
    meter = Meter("1", lambda: now[0])
    told = meter.registry.get_sample_value
    meter.swept(whole=True)
    now[0] = 2000.0
    meter.swept(whole=False)
    assert told(f"{PREFIX}_last_successful_sweep_timestamp_seconds") == 1000


def test_each_final_phase_has_its_ends() -> None:
    assert ENDS.keys() == {str(phase) for phase in Phase if phase.is_final}


def test_a_lost_bot_is_told_by_the_reason_that_its_attempt_is_recorded_with() -> None:
    """That the plan records no other, `World` holds in each test of the plan."""
    meter = whole()
    for reason in LOSSES:
        meter.lost_bot(reason)
    counted = {
        reason: meter.registry.get_sample_value(f"{PREFIX}_bots_lost_total", {"reason": reason}) for reason in LOSSES
    }
    assert counted == dict.fromkeys(LOSSES, 1)


def rows(section: str) -> list[str]:
    """The reasons that have a row in a section of the runbook."""
    text = RUNBOOK.read_text().partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    found = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", text, re.MULTILINE)
    return sorted(reason for row in found for reason in re.findall(r"`(\w+)`", row))


def test_the_runbook_has_a_row_for_each_reason_of_a_lost_bot_and_no_other() -> None:
    assert rows("ParleyBotsLost") == sorted({*LOSSES, OTHER})


def test_the_runbook_has_a_row_for_each_reason_of_what_is_stalled_and_no_other() -> None:
    assert rows("ParleyInterviewsStalled") == sorted({*OF_THE_INSTALLATION, OTHER})
    assert rows("ParleyInterviewsNotAccepted") == sorted(OF_AUTHORS)


def test_the_documentation_names_each_metric_with_its_labels_and_no_other() -> None:
    meter = whole()
    feed(meter, "x")
    found = {}
    for metric in meter.registry.collect():
        name = f"{metric.name}_total" if metric.type == "counter" else metric.name
        labels = {label for sample in metric.samples for label in sample.labels} - {"le"}
        found[name] = (metric.type, labels)
    told = {}
    for row in re.findall(r"^\| `(parley_operator_\w+)` \| (\w+) \| (.*?) \|", TABLE.read_text(), re.MULTILINE):
        told[row[0]] = (row[1], set(re.findall(r"`(\w+)`", row[2])))
    assert told == found


def test_counters_end_in_total_and_times_are_seconds() -> None:
    for metric in whole().registry.collect():
        assert metric.name.startswith(f"{PREFIX}_")
        assert not re.search(r"_(ms|millis|minutes|hours)\b", metric.name)
        if metric.type == "histogram":
            assert metric.name.endswith("_seconds")
