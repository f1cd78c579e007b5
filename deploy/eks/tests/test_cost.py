"""Costs: the arithmetic by hand, the region's parts by the stack's own template, and the page by both."""

import math
import re

import pytest
import yaml
from conftest import HOME
from site_of import Site

from parley_eks.cost import prices
from parley_eks.cost.__main__ import costs_of_chart
from parley_eks.cost.month import Assumptions, Costs, Installation, Way
from parley_eks.cost.sizes import SIZES, Size, size_of
from parley_eks.cost.tables import A_DAY, SMALL_BOT, into, ways

CLONE = HOME.parents[1]
PAGE = CLONE / "docs/operations/cost.md"
COSTS = costs_of_chart()
BASE, ON_ARRIVAL, WEBSOCKET, *LEVERS = ways(COSTS.bot)


def test_the_page_is_what_the_arithmetic_says() -> None:
    text = PAGE.read_text()
    assert into(text, COSTS) == text, "python -m parley_eks.cost docs/operations/cost.md"


def test_a_page_without_its_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="the page has no"):
        into("# Cost\n", COSTS)


@pytest.mark.parametrize(
    ("cpu", "memory", "size"),
    [
        ("250m", "256Mi", Size(0.25, 0.5)),
        ("250m", "257Mi", Size(0.25, 1)),
        ("500m", "768Mi", Size(0.5, 1)),
        ("300m", "128Mi", Size(0.5, 1)),
        ("250m", "2Gi", Size(0.5, 3)),
        ("2", "3840Mi", Size(2, 4)),
    ],
)
def test_a_pod_has_the_next_larger_size(cpu: str, memory: str, size: Size) -> None:
    assert size_of({"cpu": cpu, "memory": memory}) == size


@pytest.mark.parametrize(("cpu", "memory"), [("17", "1Gi"), ("1", "200Gi"), ("1", "1G")])
def test_what_fargate_has_no_size_for_is_told(cpu: str, memory: str) -> None:
    with pytest.raises(ValueError, match=r"Fargate has no size|no amount"):
        size_of({"cpu": cpu, "memory": memory})


def test_a_bot_costs_what_its_size_does_by_hand() -> None:
    """Half a vCPU and 1 GB: 0.02024 + 0.004445 an hour."""
    assert COSTS.bot == Size(0.5, 1)
    assert COSTS.bot.hourly == pytest.approx(0.024685)
    held = COSTS.scheduled(Way("", "OnArrival", "websocket", COSTS.bot))["bot's pod"]
    assert held == pytest.approx(0.8 * 21.5 / 60 * 0.024685)
    early = COSTS.scheduled(Way("", "Immediate", "websocket", COSTS.bot))["bot's pod"]
    assert early == pytest.approx((0.8 * (2 + 3 + 20 + 0.5) + 0.2 * (2 + 15 + 0.5)) / 60 * 0.024685)


def test_the_model_costs_what_its_tokens_do_by_hand() -> None:
    lines = COSTS.scheduled(BASE)
    assert lines["model: speech heard"] == pytest.approx(0.8 * 30_000 * 3 / 1e6)
    assert lines["model: speech spoken"] == pytest.approx(0.8 * 12_000 * 12 / 1e6)


def test_daily_lets_ten_thousand_minutes_be_free_and_no_more() -> None:
    whole = sum(COSTS.fixed(BASE).values()) + 3000 * sum(COSTS.scheduled(BASE).values())
    assert COSTS.month(BASE, 100) == pytest.approx(whole - 10_000 * prices.DAILY_MINUTE.usd)
    nobody = Costs(_values(), Assumptions(no_shows=1, talk=0))
    few = ON_ARRIVAL
    assert nobody.month(few, 1) == pytest.approx(
        sum(nobody.fixed(few).values()) + 30 * sum(nobody.scheduled(few).values())
    )


@pytest.mark.parametrize("a_day", A_DAY)
def test_a_months_total_is_the_sum_of_what_the_page_shows(a_day: int) -> None:
    for way in (BASE, WEBSOCKET):
        lines = COSTS.sum_of(way, a_day)
        assert COSTS.month(way, a_day) == pytest.approx(sum(lines.values()))
        assert lines["without an interview"] == sum(COSTS.fixed(way).values())
    assert COSTS.sum_of(BASE, a_day)["Daily's free minutes"] == pytest.approx(-10_000 * prices.DAILY_MINUTE.usd)
    # 27 conversations at a time for each thousand a day; three pods relay 120.
    more = {100: 0, 1_000: 0, 10_000: math.ceil(10_000 * 0.8 * 20 / 600 / 40) - 3}[a_day]
    assert COSTS.sum_of(WEBSOCKET, a_day)["more API pods"] == pytest.approx(more * 30 * 10 * COSTS.api.hourly)


def test_pods_that_are_done_are_counted_until_they_are_removed() -> None:
    """By hand: the installation's Job all month, and an hour of 30 nightly Jobs and of 30 / 7 weekly ones."""
    none = Costs(_values(), installation=Installation(kept_jobs=0, job_hours=0))
    line = "pods: operator, API, pages, Jobs, add-ons"
    hours = 730 + 30 + 30 / 7
    assert COSTS.fixed(BASE)[line] - none.fixed(BASE)[line] == pytest.approx(hours * 0.0123425, abs=0.01)
    more = COSTS.busiest(BASE, 100)["vCPUs of Fargate"] - none.busiest(BASE, 100)["vCPUs of Fargate"]
    assert more == pytest.approx(0.25)


def test_the_page_says_what_daily_lets_be_free() -> None:
    assert "10,000 participants' minutes" in PAGE.read_text()


def _values() -> dict:
    chart = CLONE / "charts/parley"
    below, above = (yaml.safe_load((chart / name).read_text()) for name in ("values.yaml", "values-eks.yaml"))
    above["operator"]["leadSeconds"] = below["operator"]["leadSeconds"]
    return above


@pytest.mark.parametrize("a_day", A_DAY)
def test_each_lever_saves(a_day: int) -> None:
    assert COSTS.month(ON_ARRIVAL, a_day) < COSTS.month(BASE, a_day)
    months = [COSTS.month(way, a_day) for way in (WEBSOCKET, *LEVERS)]
    assert months == sorted(months, reverse=True)
    assert COSTS.month(WEBSOCKET, a_day) < COSTS.month(BASE, a_day)


def test_a_small_bot_is_a_size_with_room_for_what_the_benchmark_saw() -> None:
    assert SMALL_BOT.gib in SIZES[SMALL_BOT.vcpu]
    page = (CLONE / "docs/benchmarks.md").read_text()
    (busy,) = re.findall(r"CPU, cores \| mean [0-9.]+, p95 ([0-9.]+)", page)
    assert float(busy) < SMALL_BOT.vcpu


def test_a_region_has_what_is_counted(one: Site) -> None:
    stack, there = one.first, Installation()
    assert len(stack.of("AWS::EC2::NatGateway")) == there.nat_gateways == BASE.nat_gateways
    endpoints = [each for each in stack.of("AWS::EC2::VPCEndpoint").values() if each["VpcEndpointType"] == "Interface"]
    assert len(endpoints) == there.interface_endpoints
    assert {len(each["SubnetIds"]) for each in endpoints} == {there.zones}
    acls = stack.of("AWS::WAFv2::WebACL").values()
    assert len(acls) == there.web_acls == there.load_balancers
    assert sum(len(acl["Rules"]) for acl in acls) == there.web_acl_rules
    assert len(stack.of("AWS::KMS::Key")) == there.kms_keys
    assert len(stack.of("AWS::CloudWatch::Alarm")) == there.alarms
    assert len(stack.of("AWS::Logs::MetricFilter")) == there.log_metrics


def test_a_no_show_is_waited_for_as_long_as_the_schema_says() -> None:
    (crd,) = [
        found
        for path in (CLONE / "charts/parley/files/crds").glob("*.yaml")
        for found in yaml.safe_load_all(path.read_text())
        if isinstance(found, dict) and found.get("metadata", {}).get("name") == "interviews.parley.dev"
    ]
    (version,) = crd["spec"]["versions"]
    spec = version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    assert spec["noShowSeconds"]["default"] == COSTS.no_show * 60


def test_the_page_of_limits_has_the_busiest_times_figures() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (CLONE / "docs/operations/limits.md").read_text().splitlines()
        if line.startswith("| [")
    ]
    needed = {row[0].partition("]")[0].removeprefix("["): row[3:] for row in rows}
    found = [COSTS.busiest(BASE, a_day) for a_day in A_DAY]
    for limit, figure in (
        ("Fargate's vCPUs", "vCPUs of Fargate"),
        ("Bedrock's concurrent streams", "streams of the model"),
        ("Connections of an API replica", "streams of the model"),
        ("Addresses", "bots"),
    ):
        assert [int(cell) for cell in needed[limit]] == [math.ceil(each[figure]) for each in found], limit


def test_the_busiest_time_is_what_the_limits_are_told_in() -> None:
    found = COSTS.busiest(BASE, 1_000)
    # 1,000 over 600 minutes, twice as many at the busiest: 3.3 a minute, of 23.9 minutes each.
    assert found["starts a minute"] == pytest.approx(1000 / 600 * 2)
    assert found["bots"] == 80
    assert found["streams of the model"] == 54
