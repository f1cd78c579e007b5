"""The tables of docs/operations/cost.md, as Markdown."""

from collections.abc import Iterable, Sequence
from dataclasses import fields

from parley_eks.cost.month import DAILY_FREE_MINUTES, DAYS, HOURS, Assumptions, Costs, Way
from parley_eks.cost.prices import DAILY_MINUTE, PRICES, SPEECH_IN, SPEECH_OUT
from parley_eks.cost.sizes import Size

A_DAY = (100, 1_000, 10_000)
"""Interviews scheduled a day."""
SMALL_BOT = Size(0.25, 1)
BEGIN = "<!-- python -m parley_eks.cost writes from here -->"
END = "<!-- to here -->"


def ways(bot: Size) -> tuple[Way, ...]:
    """The chart's own way first, then with one lever after the other."""
    return (
        Way("Immediate, Daily", "Immediate", "daily", bot),
        Way("OnArrival, Daily", "OnArrival", "daily", bot),
        Way("Immediate, WebSocket", "Immediate", "websocket", bot),
        Way("OnArrival, WebSocket", "OnArrival", "websocket", bot),
        Way(f"… and a bot of {SMALL_BOT}", "OnArrival", "websocket", SMALL_BOT),
        Way("… and one NAT gateway", "OnArrival", "websocket", SMALL_BOT, nat_gateways=1),
    )


def tables(costs: Costs) -> str:
    """All of them, with what they are about."""
    compared = ways(costs.bot)
    parts = [
        "## A month at each number of interviews a day",
        _months(costs, compared),
        _sums(costs, compared),
        "## One interview that is scheduled, no-shows averaged in",
        _interview(costs, compared),
        _worked(costs, compared),
        "## A month without an interview",
        _fixed(costs, compared[0]),
        "## The busiest time",
        _busiest(costs, compared),
        "## What is assumed",
        _assumed(costs.assumed),
        "## The prices",
        _prices(),
    ]
    return "\n\n".join(parts) + "\n"


def into(page: str, costs: Costs) -> str:
    """The page with its tables made anew. Raises ValueError where it has no place for them."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no {BEGIN} and {END}")
    return f"{before}{begin}\n{tables(costs)}{end}{after}"


def _months(costs: Costs, compared: Sequence[Way]) -> str:
    def row(a_day: int, way: Way) -> str:
        month = costs.month(way, a_day)
        held = a_day * DAYS * (1 - costs.assumed.no_shows)
        return f"{month:,.0f} ({month / held:.2f})"

    rows = ([way.name, *(row(a_day, way) for a_day in A_DAY)] for way in compared)
    head = ["US$ a month (for each interview that was held)", *(f"{a_day:,} a day" for a_day in A_DAY)]
    return _table(head, rows)


def _sums(costs: Costs, compared: Sequence[Way]) -> str:
    """A month's total as the sum that it is, with Daily and without."""
    by = "\N{MULTIPLICATION SIGN}"
    lines = [
        f"A total is the month without an interview, and {DAYS} {by} as many a day of what one adds (both are below).",
        f"Daily lets {DAILY_FREE_MINUTES:,} participants' minutes a month be free, {DAILY_FREE_MINUTES:,} {by}"
        f" {DAILY_MINUTE.usd:g} = {DAILY_FREE_MINUTES * DAILY_MINUTE.usd:.2f}:",
        "the totals have them taken off, the price of one interview has not. Where API pods relay the sound, more of",
        "them are there in the busy hours.",
        "",
    ]
    for way, a_day in ((compared[0], A_DAY[1]), (compared[3], A_DAY[2])):
        parts = " + ".join(f"{usd:,.2f} ({what})" for what, usd in costs.sum_of(way, a_day).items())
        total = costs.month(way, a_day)
        lines.append(f"- {way.name}, {a_day:,} a day: {parts.replace('+ -', '- ')} = {total:,.2f}.")
    return "\n".join(lines)


def _interview(costs: Costs, compared: Sequence[Way]) -> str:
    found = [costs.scheduled(way) for way in compared[:5]]
    rows = [[line, *(f"{each[line]:.4f}" for each in found)] for line in found[0]]
    rows.append(["**in all**", *(f"**{sum(each.values()):.4f}**" for each in found)])
    return _table(["US$", *(way.name for way in compared[:5])], rows)


def _worked(costs: Costs, compared: Sequence[Way]) -> str:
    assumed, by = costs.assumed, "\N{MULTIPLICATION SIGN}"
    held = 1 - assumed.no_shows
    tokens = assumed.talk * 60 * assumed.tokens_a_second
    spoken = tokens * assumed.speaking
    lines = []
    for way in compared[:2]:
        here, absent = costs.bot_minutes(way)
        minutes = here * held + absent * assumed.no_shows
        lines.append(
            f"- A bot's pod, {way.start}: {held:g} {by} {here:g} min + {assumed.no_shows:g} {by} {absent:g} min"
            f" = {minutes:.1f} min of {way.bot}, at {way.bot.hourly:.4f} an hour: {minutes / 60 * way.bot.hourly:.4f}."
        )
    speech = held * (tokens * SPEECH_IN.usd + spoken * SPEECH_OUT.usd) / 1e6
    lines += [
        f"- Speech: {assumed.talk:g} min {by} 60 {by} {assumed.tokens_a_second:g} = {tokens:,.0f} tokens are heard,"
        f" quiet ones, too, and {assumed.speaking:.0%} as many spoken:",
        f"  {held:g} {by} ({tokens:,.0f} {by} {SPEECH_IN.usd:g} + {spoken:,.0f} {by} {SPEECH_OUT.usd:g}) / 1,000,000"
        f" = {speech:.4f}.",
        f"- A pod that would be kept warm, {costs.bot}: {HOURS} {by} {costs.bot.hourly:.4f}"
        f" = {HOURS * costs.bot.hourly:.2f} a month.",
    ]
    return "\n".join(lines)


def _fixed(costs: Costs, way: Way) -> str:
    found = costs.fixed(way)
    rows = [[line, f"{usd:,.2f}"] for line, usd in found.items()]
    return _table(["what", "US$"], [*rows, ["**in all**", f"**{sum(found.values()):,.2f}**"]])


def _busiest(costs: Costs, compared: Sequence[Way]) -> str:
    rows = []
    for way in (compared[0], compared[3]):
        for a_day in A_DAY:
            found = costs.busiest(way, a_day)
            rows.append([way.name, f"{a_day:,}", *(f"{figure:,.1f}".removesuffix(".0") for figure in found.values())])
    return _table(["way", "a day", *costs.busiest(compared[0], 1)], rows)


def _assumed(assumed: Assumptions) -> str:
    rows = [[each.metadata["told"], f"{getattr(assumed, each.name):,}"] for each in fields(assumed)]
    return _table(["what", "assumed"], rows)


def _prices() -> str:
    rows = [[price.unit, f"{price.usd:g}", price.known, price.source] for price in PRICES.values()]
    return _table(["for one", "US$", "known", "published at"], rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
