"""`python -m bench.voice`, with tests/ on the path: the voice's sections of docs/benchmarks.md, or a part of them."""

import argparse
import asyncio
import fcntl
import os
import shutil
import sys
from collections.abc import Callable
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path

from bench.voice import report
from bench.voice.capacity import Level, climb
from bench.voice.faults import CASES, SHORT_LIMIT_SECONDS, Outcome, put_through
from bench.voice.parts import Changes, Cost, Timed, measure_changes, measure_interruptions, measure_replies
from bench.voice.plans import speak_answers
from bench.voice.talk import PARLEY, PLAIN, TITLES, Site
from support.certificates import Authority
from support.figures import keep_text, machine
from support.nova_process import running_nova

STATE = Path(__file__).parents[3] / "out/bench-voice"
"""Logs and records of the last run."""
PARTS = ("barge", "reply", "changes", "bots", "faults")
SUBJECTS = (PARLEY, PLAIN)


def main() -> int:
    """Measures what the options ask for; prints it, and keeps it in the page where it is asked to."""
    options = _options()
    STATE.mkdir(parents=True, exist_ok=True)
    with (STATE / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"another run of this benchmark holds {STATE / 'lock'}: let it end", file=sys.stderr)
            return 1
        load = f"{os.getloadavg()[0]:.1f}"
        sections = asyncio.run(_measure(options))
    on = machine({name: version(name) for name in ("pipecat-ai", "websockets")} | {"load before it": load})
    for name, text in sections.items():
        if options.keep:
            keep_text(name, text, on)
        else:
            print(f"\n## {name}\n\n{text}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.voice", description=__doc__)
    add = parser.add_argument
    add("--parts", type=_of(PARTS), default=list(PARTS), help=f"of {','.join(PARTS)}")
    add("--subjects", type=_of(SUBJECTS), default=list(SUBJECTS), help=f"of {','.join(SUBJECTS)}")
    add("--turns", type=int, default=50, help="replies of each subject")
    add("--interruptions", type=int, default=50, help="of each subject")
    add("--bots", type=int, default=8, help="the most at once")
    add("--bot-turns", type=int, default=6, help="replies of each of those")
    add("--cases", type=_numbers, default=list(range(len(CASES))), help="faults by their numbers in the table, from 0")
    add("--keep", action="store_true", help="put the sections into docs/benchmarks.md")
    return parser.parse_args()


def _of(names: tuple[str, ...]) -> Callable[[str], list[str]]:
    def chosen(text: str) -> list[str]:
        wanted = [name for name in text.split(",") if name]
        if unknown := [name for name in wanted if name not in names]:
            raise argparse.ArgumentTypeError(f"no {', '.join(unknown)}; there are {', '.join(names)}")
        return wanted

    return chosen


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",") if part]


async def _measure(options: argparse.Namespace) -> dict[str, str]:
    """The sections, in the order of the page."""
    shutil.rmtree(STATE / "run", ignore_errors=True)
    (STATE / "run/ca").mkdir(parents=True)
    authority = Authority(STATE / "run/ca")
    files = await speak_answers(STATE / "run")
    sections: dict[str, str] = {}
    if set(options.parts) & {"barge", "reply", "changes", "bots"}:
        sections |= await _timed(options, authority, files)
    if "faults" in options.parts:
        print("faults …", flush=True)
        sections[report.FAULTS] = report.faults(await _faults(options, authority, files))
    return sections


async def _timed(options: argparse.Namespace, authority: Authority, files: list[str]) -> dict[str, str]:
    """What is timed has the machine to itself, one emulator for all, which has said it all before."""
    timed = {subject: Timed() for subject in options.subjects}
    costs = {subject: Cost() for subject in options.subjects}
    changes: Changes | None = None
    levels: list[Level] = []
    with running_nova(authority, STATE / "run/nova.log") as nova:
        site = Site(STATE / "run", authority, nova)
        for subject in options.subjects:
            if "barge" in options.parts:
                print(f"interruptions of {TITLES[subject]} …", flush=True)
                await measure_interruptions(subject, site, files, options.interruptions, timed[subject])
            if "reply" in options.parts:
                print(f"replies of {TITLES[subject]} …", flush=True)
                await measure_replies(subject, site, files, options.turns, timed[subject], costs[subject])
        if "changes" in options.parts:
            print("changes of session …", flush=True)
            changes = Changes()
            await measure_changes(site, files, options.turns, changes)
        if "bots" in options.parts:
            print("bots at once …", flush=True)
            levels = await climb(site, files, options.bots, options.bot_turns)
    sections = {}
    if any(one.ear for one in timed.values()):
        sections[report.REPLIES] = report.replies(timed)
    if changes is not None or any(one.cut for one in timed.values()):
        sections[report.TIMES] = report.times(timed, changes)
    if levels or any(cost.cores for cost in costs.values()):
        sections[report.BOTS] = report.bots(costs, levels, os.cpu_count() or 1)
    return sections


async def _faults(
    options: argparse.Namespace, authority: Authority, files: list[str]
) -> list[tuple[str, dict[str, Outcome]]]:
    """Both subjects at the same time, each with emulators of its own: nothing is timed here."""
    found: list[tuple[str, dict[str, Outcome]]] = [(CASES[number].name, {}) for number in options.cases]

    async def of(subject: str) -> None:
        with ExitStack() as stack:
            folder = STATE / "run"
            short = {"PARLEY_NOVA_SESSION_LIMIT_SECONDS": str(SHORT_LIMIT_SECONDS)}
            novas = [
                await asyncio.to_thread(stack.enter_context, running_nova(authority, folder / f"{name}.log", **env))
                for name, env in ((f"nova-{subject}", {}), (f"nova-{subject}-short", short))
            ]
            for row, number in zip(found, options.cases, strict=True):
                case = CASES[number]
                site = Site(folder, authority, novas[bool(case.silent)])
                try:
                    outcome = await put_through(case, subject, site, files)
                except (RuntimeError, TimeoutError) as error:
                    outcome = Outcome(f"not tried: {error}"[:120], None)
                row[1][subject] = outcome
                print(f"  {number}. {case.name}, {TITLES[subject]}: {outcome.text}", flush=True)

    await asyncio.gather(*(of(subject) for subject in options.subjects))
    return found


if __name__ == "__main__":
    sys.exit(main())
