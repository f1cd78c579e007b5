"""What `make bench-operator` makes of what it has seen."""

import json
import math
import os
from pathlib import Path
from typing import Any

import pytest
from bench.operator.arrivals import Times
from bench.operator.audit import Account, AuditLog, account, parse
from bench.operator.cell import Figures, sustained
from bench.operator.loads import Load, burst, steady
from bench.operator.report import HEADER, kinds, latencies, row
from bench.operator.usage import Meter, Usage, cpu_seconds, peak_bytes

OPERATOR = "system:serviceaccount:home:parley-operator"


def event(**changes: Any) -> dict[str, Any]:
    return {
        "stage": "ResponseComplete",
        "verb": "patch",
        "user": {"username": OPERATOR},
        "userAgent": "parley-operator/1 (linux)",
        "objectRef": {"resource": "interviews", "subresource": "status", "name": "ada"},
        "responseStatus": {"code": 200},
        "requestReceivedTimestamp": "2026-11-29T10:00:00.123456Z",
        **changes,
    }


def figures(load: Load, settled: list[float], rate: float, deleted: float | None = None) -> Figures:
    usage = Usage(1.5, 3 * 2**20)
    asked = Account(writes=20, size=50_000, reads=5, kinds={"create pods": 10})
    return Figures(load, settled, settled, settled, rate, 12.0, asked, usage, usage, deleted)


def test_a_steady_load_is_due_at_its_pace_and_a_burst_at_once() -> None:
    load = steady(25, 20, 30)
    assert (load.count, load.limit_seconds, load.name) == (500, 50, "25 a second")
    assert [load.due(number) for number in (0, 1, 499)] == [0.0, 0.04, 19.96]
    assert burst(5000, 180).due(4999) == 0.0
    assert burst(5000, 180).name == "burst of 5,000"


def test_a_call_is_known_by_its_kind_and_size() -> None:
    body = {"status": {"conditions": [{"type": "Joinable", "status": "True"}]}}
    call = parse(event(requestObject=body))
    assert call is not None
    assert (call.kind, call.agent, call.is_write, call.joinable) == (
        "patch interviews/status",
        "parley-operator",
        True,
        True,
    )
    assert call.size == len(json.dumps(body, separators=(",", ":")))
    refused = parse(event(verb="create", objectRef={"resource": "pods"}, responseStatus={"code": 409}))
    assert refused is not None
    assert (refused.kind, refused.size, refused.joinable) == ("create pods (409)", 0, False)


@pytest.mark.parametrize("changes", [{"stage": "Panic"}, {"stage": "ResponseStarted"}])
def test_what_is_no_answer_is_not_counted(changes: dict[str, str]) -> None:
    assert parse(event(**changes)) is None


def test_an_account_holds_one_partys_calls() -> None:
    calls = [
        parse(event(requestObject={"a": 1})),
        parse(event(verb="get")),
        parse(event(user={"username": "admin"})),
        parse(event(verb="create", objectRef={"resource": "pods"}, requestObject={"a": 1})),
    ]
    asked = account([call for call in calls if call is not None], OPERATOR)
    assert (asked.writes, asked.reads, asked.size) == (2, 1, 14)
    assert asked.kinds == {"patch interviews/status": 1, "create pods": 1}


def test_half_a_line_is_left_for_later(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    line = json.dumps(event()) + "\n"
    path.write_text(line + line[:40])
    log = AuditLog(path)
    assert len(log.read()) == 1
    assert log.read() == []
    path.write_text(line + line)
    assert len(log.read()) == 1


def test_percentiles_count_what_never_came() -> None:
    seen = [0.1] * 60 + [0.2] * 30 + [math.inf] * 10
    assert latencies(seen, 50.0) == "100 / 200 / > 50,000"
    assert latencies([math.inf], 50.0) == ""


def test_the_rate_is_of_what_came() -> None:
    assert sustained([Times(10.0, 10.5), Times(11.0, 12.0), Times(12.0)]) == pytest.approx(1.0)
    assert sustained([Times(10.0)]) == 0.0


def test_who_falls_behind_is_saturated() -> None:
    load = steady(10, 1, 30)
    assert not figures(load, [0.1] * 10, rate=9.6).is_saturated
    assert figures(load, [0.1] * 10, rate=8.0).is_saturated
    assert figures(load, [0.1] * 9 + [math.inf], rate=9.9).is_saturated
    assert not figures(burst(10, 60), [9.0] * 10, rate=1.0).is_saturated


def test_a_line_of_the_table_has_every_column() -> None:
    line = row("peer", figures(burst(10, 60), [0.1] * 10, rate=9.96, deleted=None))
    assert dict(zip(HEADER, line, strict=True)) == {
        "offered": "burst of 10",
        "peer": "peer",
        "pod created, ms: p50 / p90 / p99": "100 / 100 / 100",
        "Joinable, ms: p50 / p90 / p99": "100 / 100 / 100",
        "sustained, /s": "10.0",
        "writes (reads) each": "2.00 (0.50)",
        "KB written each": "5.0",
        "controller: CPU s, peak MiB": "1.5, 3",
        "API server: CPU s, peak MiB": "1.5, 3",
        "gone after, s": "> 240",
    }


def test_of_work_half_done_no_writes_are_told() -> None:
    line = dict(zip(HEADER, row("peer", figures(steady(10, 1, 30), [math.inf] * 10, rate=0.0)), strict=True))
    assert (line["writes (reads) each"], line["KB written each"]) == ("", "")
    assert line["pod created, ms: p50 / p90 / p99"] == "saturated"


def test_kinds_are_told_the_most_frequent_first() -> None:
    assert kinds({"create pods": 10, "patch interviews": 25}, 10) == "patch interviews 2.50, create pods 1.00"


def test_a_process_is_read_as_the_kernel_writes_it() -> None:
    tick = os.sysconf("SC_CLK_TCK")
    stat = f"7 (a (strange) name) S {' '.join('0' for _ in range(10))} {3 * tick} {2 * tick} 0 0"
    assert cpu_seconds(stat) == 5.0
    assert peak_bytes("VmPeak:\t  9 kB\nVmHWM:\t  2048 kB\nVmRSS:\t 1 kB\n") == 2**21


def test_a_meter_counts_from_when_it_was_made() -> None:
    used = Meter(os.getpid()).read()
    assert 0 <= used.cpu < 60
    assert used.peak > 2**20
