"""`make soak`: spoken conversations under every fault and loss, with all kinds of candidates and models, and long ones.

PARTS of it (matrix, losses, manners, people, compressed, true, soak), CASE= one of a part's (`reset/tool`,
`killed/answer`, `skips`, `nodding`, `silent`; `*` is anything), MINUTES= of the soak, LANES= conversations at a time in
the matrix.
"""

import asyncio
import logging
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from fnmatch import fnmatchcase
from importlib.metadata import version
from pathlib import Path

from parley_emulators.speech.synthesiser import Synthesiser

from support.soak import lengths, losses, manners, matrix, people, report
from support.soak.faults import every_case
from support.soak.rig import Lane
from support.soak.site import Site

COMPRESSED, LIMITS = 20.0, 3
NAMES = ("matrix", "losses", "manners", "people", "compressed", "true", "soak")


class Soak:
    """Runs the parts that are wanted."""

    def __init__(self, folder: Path, wanted: str, voice: Synthesiser) -> None:
        self._folder, self._wanted, self._voice = folder, wanted, voice
        self._minutes = float(os.environ.get("MINUTES", "30"))
        self._lanes = int(os.environ.get("LANES", "2"))
        self.failed = self.found = 0

    async def part(self, name: str) -> str | None:
        """Run a part; its tables, or None where CASE names nothing in it."""
        parts: dict[str, Callable[[], Awaitable[str | None]]] = {
            "matrix": self._matrix,
            "losses": self._losses,
            "manners": self._manners,
            "people": self._people,
            "compressed": lambda: self._long(lengths.across(COMPRESSED, LIMITS)),
            "true": lambda: self._long([lengths.NINE_MINUTES]),
            "soak": lambda: self._long([lengths.soak(self._minutes)]),
        }
        return await parts[name]()

    def _chosen[T](self, cases: list[T], name: Callable[[T], str]) -> list[T]:
        chosen = [case for case in cases if not self._wanted or fnmatchcase(name(case), self._wanted)]
        self.found += len(chosen)
        return chosen

    async def _matrix(self) -> str | None:
        specs = self._chosen(every_case(), str)
        if not specs:
            return None
        with ExitStack() as stack:
            lanes = [
                stack.enter_context(Lane.open(self._folder / f"lane-{number}", self._voice))
                for number in range(min(self._lanes, len(specs)))
            ]
            results = await matrix.run(lanes, specs, lambda result: self._tell(str(result.spec), result.error))
        return report.matrix_table(results)

    async def _losses(self) -> str | None:
        cases = self._chosen(losses.every_loss(), lambda loss: loss.name)
        if not cases:
            return None
        found = []
        with Site.open(self._folder / "site") as site, Lane.open(self._folder / "losses", self._voice) as lane:
            for loss in cases:
                kept = await losses.attempt(lane, site, loss)
                self._tell(loss.name, "; ".join(kept.broken) or None)
                if self._wanted or kept.broken:
                    self._print(kept.talk.told)
                found.append(kept)
        return report.losses_table(found)

    async def _manners(self) -> str | None:
        cases = self._chosen(manners.every_manner(), lambda straying: straying.manner)
        if not cases:
            return None
        found = []
        with Lane.open(self._folder / "manners", self._voice) as lane:
            for straying in cases:
                strayed = await manners.attempt(lane, straying)
                self._tell(straying.manner, "; ".join(strayed.broken) or None)
                if self._wanted or strayed.broken:
                    self._print(strayed.turns)
                found.append(strayed)
        return report.manners_table(found)

    async def _people(self) -> str | None:
        kinds = self._chosen(list(people.KINDS.values()), lambda kind: kind.script.name)
        if not kinds:
            return None
        found = []
        with Lane.open(self._folder / "people", self._voice) as lane:
            for kind in kinds:
                heard = await people.hear(lane, kind)
                self._tell(kind.script.name, "; ".join(heard.broken) or None)
                if self._wanted or heard.broken:
                    self._print(heard.turns)
                found.append(heard)
        return report.people_table(found)

    async def _long(self, wanted: list[lengths.Length]) -> str | None:
        found = []
        for length in self._chosen(wanted, lambda length: length.name):
            folder = self._folder / f"long-{length.name}"
            with Lane.open(folder, self._voice, **length.model) as lane:
                held = await lengths.hold(lane, length)
            self._tell(length.name, "; ".join(held.broken) or None)
            found.append(held)
        if not found:
            return None
        return report.soak_table(found[0]) if found[0].length.name == "soak" else report.lengths_table(found)

    @staticmethod
    def _print(turns: list[str]) -> None:
        print("\n".join(f"    {turn}" for turn in turns), flush=True)

    def _tell(self, name: str, error: str | None) -> None:
        self.failed += error is not None
        print(f"{time.strftime('%H:%M:%S')} {name}: {f'FAILED: {error}' if error else 'passed'}", flush=True)


async def run(parts: list[str], wanted: str) -> int:
    """Run the parts: 0 when everything held, 1 when not, 2 when CASE names nothing."""
    folder = Path(tempfile.mkdtemp(prefix="parley-soak-"))
    print(f"logs, kept where a case fails: {folder}", flush=True)
    versions = {"Python": platform.python_version(), "pipecat": version("pipecat-ai")}
    voice = Synthesiser()
    soak = Soak(folder, wanted, voice)
    try:
        for name in parts:
            began = time.monotonic()
            table = await soak.part(name)
            minutes = (time.monotonic() - began) / 60
            if table is not None:
                print(f"\n{name}, {minutes:.1f} minutes\n\n{table}\n", flush=True)
                if not wanted:
                    report.keep(name, table, minutes, versions)
    finally:
        await voice.close()
    if not soak.found:
        print(f"CASE={wanted}: there is no such case in {', '.join(parts)}", file=sys.stderr)
        return 2
    if soak.failed:
        return 1
    shutil.rmtree(folder)
    return 0


def main() -> int:
    """Read what is wanted from the environment, and run it."""
    logging.basicConfig(level="WARNING", format="%(asctime)s %(message)s")
    parts = os.environ.get("PARTS", ",".join(NAMES)).replace(" ", ",").split(",")
    if unknown := set(parts) - set(NAMES):
        print(f"PARTS: no part is called {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}", file=sys.stderr)
        return 2
    return asyncio.run(run(parts, os.environ.get("CASE", "")))


if __name__ == "__main__":
    sys.exit(main())
