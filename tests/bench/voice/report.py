"""The figures as tables of the page."""

from collections.abc import Mapping, Sequence

from bench.voice.capacity import ENOUGH_REPLIES, JUDGED, Level, verdict
from bench.voice.faults import Outcome
from bench.voice.measures import Errors, slowed
from bench.voice.parts import Changes, Cost, Timed
from bench.voice.talk import PARLEY, PLAIN, TITLES
from support.figures import percentile, summary

REPLIES = "A voice: replies, beside pipecat's example"
TIMES = "A voice: interruptions, changes of session, times of the transcript"
BOTS = "A voice: what a bot costs, and how many two cores hold"
FAULTS = "A voice: faults, side by side"

ABOUT_REPLIES = """\
Emulator, bot and candidate are processes on loopback, one talk at a time; each knows the same monotonic clock. A reply
lasts from the candidate's last audible sample to the first one at its ear, where sound is played in ticks of 20 ms. The
model's part is the emulator's: it ends a turn after 0.8 s of quiet, takes some milliseconds for words that it has said
before, and each of its voices begins with some quiet. Parley's model makes one tool call before it speaks
(`record_answer`; two before the closing words), the example's none."""
ABOUT_TIMES = """\
The error is that of `startMs` and `endMs` in the bot's events against the first and last audible sample of each turn,
as the candidate sent it, or as it came out at its ear. Aims: 250 ms to silence (p95), 200 ms of error."""
ABOUT_LEVELS = f"""\
The bots' talks begin one after the other, until a level has {ENOUGH_REPLIES} replies; emulator and candidates are on
the same cores. By p50 and by p95, each for itself, a level is held while no reply is missing and the figure is at most
a tenth above that of one bot alone. The last column tells how late a candidate's own clock was at most: figures are as
good as that."""
ABOUT_FAULTS = """\
A talk of three answers under each fault, really held, with the emulator for the model. ✓: the talk goes on to its end
and what was said is remembered, or, where it can't go on, it ends promptly with its reason. The candidate says an
answer again that nobody has replied to for 12 s, and gives up after 60 s."""


def ms(values: Sequence[float]) -> str:
    """`p50 … p95 …` in whole milliseconds."""
    if not values:
        return "not measured"
    p50, p95 = percentile(list(values), 0.5), percentile(list(values), 0.95)
    return f"p50 {p50:.0f} ms, p95 {p95:.0f} ms (n={len(values)})"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    return "\n".join(f"| {' | '.join(line)} |" for line in (header, ["---"] * len(header), *rows))


def replies(timed: Mapping[str, Timed]) -> str:
    """Both subjects beside each other, and Parley's own account."""
    subjects = [subject for subject in (PARLEY, PLAIN) if subject in timed]
    parts = {
        "at the candidate's ear": lambda one: one.ear,
        "… until the model has taken the turn as ended, by its own record": lambda one: one.taken,
        "… the quiet that the reply's voice begins with": lambda one: one.quiet,
        "… the rest: the model's thinking and voice, tool calls, the way both ways": lambda one: one.after,
    }
    rows = [[what, *(ms(part(timed[subject])) for subject in subjects)] for what, part in parts.items()]
    rows.append(["answers without a reply", *(str(timed[subject].unanswered) for subject in subjects)])
    rows.append(["the candidates' own clocks: late at most", *(f"{timed[s].latest:.0f} ms" for s in subjects)])
    text = f"{ABOUT_REPLIES}\n\n{table(['what', *(TITLES[subject] for subject in subjects)], rows)}"
    if len(subjects) == 2:
        text += f"\n\n{_compared(timed[PARLEY], timed[PLAIN])}"
    if split := timed[PARLEY].split if PARLEY in timed else []:
        own = {
            "end-of-turn wait": [reply.wait for reply in split],
            "model, with the quiet of its voice": [reply.model for reply in split],
            "ours: all the rest of the reply at the ear (aim: p95 under 100 ms)": [reply.ours for reply in split],
            "… of it in the bot": [reply.in_bot for reply in split],
        }
        text += "\n\nBy the bot's own account (`turn_latency`) beside the ear's:\n\n"
        text += table(["of Parley's replies", "figure"], [[what, ms(values)] for what, values in own.items()])
    return text


def _compared(ours: Timed, theirs: Timed) -> str:
    mine, other = percentile(ours.ear, 0.5), percentile(theirs.ear, 0.5)
    bare = percentile(ours.after, 0.5) - percentile(theirs.after, 0.5)
    share = 100 * slowed(other, mine)
    return (
        f"Parley's p50 at the ear is {abs(mine - other):.0f} ms ({abs(share):.1f} %) "
        f"{'more' if mine > other else 'less'} than the example's; of the rest alone {abs(bare):.0f} ms "
        f"{'more' if bare > 0 else 'less'}."
    )


def times(timed: Mapping[str, Timed], changes: Changes | None) -> str:
    """Interruptions, changes of session, and how far the transcript's times are off."""
    rows = [
        [f"candidate's first sound to silence at its ear, {TITLES[subject]}", ms(one.cut)]
        for subject, one in timed.items()
        if one.cut
    ]
    if changes is not None:
        rows += [
            ["change of session: how long sound was held back from any model", ms(changes.gaps)],
            ["… replies right after a change, at the ear", ms(changes.right_after)],
            ["… all others of the same talks", ms(changes.others)],
        ]
    if (ours := timed.get(PARLEY)) is not None:
        rows += _errors("candidate's turns", ours.candidate_times)
        rows += _errors("interviewer's turns", ours.interviewer_times)
    return f"{ABOUT_TIMES}\n\n{table(['what', 'figure'], rows)}"


def _errors(whose: str, errors: Errors) -> list[list[str]]:
    if not errors.begins:
        return []
    odd = f"{errors.untold} without a turn, {errors.unknown} turns without sound"
    begins, ends = [abs(1000 * e) for e in errors.begins], [abs(1000 * e) for e in errors.ends]
    return [
        [f"{whose}: error of their begin", f"{ms(begins)}, max {max(begins):.0f} ms"],
        [f"{whose}: error of their end", f"{ms(ends)}, max {max(ends):.0f} ms"],
        [f"{whose}: that could not be set beside known sound", odd],
    ]


def bots(costs: Mapping[str, Cost], levels: list[Level], cores: int) -> str:
    """What one costs, and how many there can be."""
    text = []
    if any(cost.cores for cost in costs.values()):
        subjects = [subject for subject, cost in costs.items() if cost.cores]
        rows = [
            ["CPU in a talk, cores", *(_cores(costs[subject].cores) for subject in subjects)],
            ["memory, PSS", *(mib([seen.pss for seen in costs[subject].memory]) for subject in subjects)],
            ["memory, RSS", *(mib([seen.rss for seen in costs[subject].memory]) for subject in subjects)],
        ]
        text.append(table(["a bot", *(TITLES[subject] for subject in subjects)], rows))
    if levels:
        text.append(_levels(levels, cores))
    return "\n\n".join(text)


def _levels(levels: list[Level], cores: int) -> str:
    roles = list(levels[0].cores)
    rows = [
        [
            str(level.bots),
            ms(level.ear),
            f"{len(level.ear)} of {level.expected}",
            *(f"{level.cores[role]:.2f}" for role in roles),
            f"{level.latest:.0f} ms",
        ]
        for level in levels
    ]
    header = ["bots at once", "reply at the ear", "replies", *(f"cores: {role}" for role in roles), "candidates late"]
    judged = [(name, *verdict(levels, share, cores)) for name, share in JUDGED.items()]
    held = ", ".join(f"{count} by the {name}" for name, count, _ in judged)
    bounds = "; ".join(f"by the {name} {why}" for name, _, why in judged)
    judgement = f"Held before replies slow by a tenth: {held}. What bounds it: {bounds}."
    return f"{ABOUT_LEVELS}\n\n{table(header, rows)}\n\n{judgement}"


def _cores(values: list[float]) -> str:
    return f"mean {sum(values) / len(values):.2f}, most {max(values):.2f} (n={len(values)})"


def mib(values: Sequence[int]) -> str:
    """The most of each talk."""
    return summary([float(value) for value in values], "MiB", 1 / 2**20)


def faults(outcomes: Sequence[tuple[str, Mapping[str, Outcome]]]) -> str:
    """The table of faults."""
    subjects = [subject for subject in (PARLEY, PLAIN) if any(subject in by for _, by in outcomes)]
    rows = [[name, *(_told(by[subject]) for subject in subjects if subject in by)] for name, by in outcomes]
    return f"{ABOUT_FAULTS}\n\n{table(['fault', *(TITLES[subject] for subject in subjects)], rows)}"


def _told(outcome: Outcome) -> str:
    mark = {True: "✓ ", False: "✗ ", None: "- "}[outcome.survived]
    return mark + outcome.text.replace("|", "/")
