"""`make chaos`: the whole matrix into docs/reliability.md, or the cases that CASE names, each in full."""

import json
import logging
import os
import platform
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path

from parley_crds.crd import all_crds

from support.chaos.matrix import References, Result, Runner, Spec
from support.chaos.paths import PATHS
from support.chaos.plan import chosen, every_case, paths_for
from support.chaos.report import Progress, keep, summary
from support.chaos.rig import Stage


def main() -> int:
    """Runs the cases: 0 when every one passed, 1 when not, 2 when CASE names none."""
    logging.basicConfig(level="WARNING", format="%(asctime)s %(message)s")
    wanted, parallel = os.environ.get("CASE", ""), int(os.environ.get("PARALLEL", "4"))
    every = int(os.environ.get("EVERY", "1"))
    began, minutes = time.monotonic(), float(os.environ.get("MINUTES", "240"))
    stages = int(os.environ.get("STAGES", "2"))
    crds = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(all_crds().values())})
    folder = Path(tempfile.mkdtemp(prefix="parley-chaos-"))
    print(f"logs, kept where a case fails: {folder}", flush=True)
    with Stage.built(folder / "stage", crds) as stage:
        runner = Runner(stage, parallel)
        references = runner.references([PATHS[name] for name in paths_for(wanted)])
        specs = chosen(every_case(references), wanted)[::every]
        if not specs:
            print(f"CASE={wanted}: there is no such case; a case is path/fault/number", file=sys.stderr)
            shutil.rmtree(folder)
            return 2
        progress, until_time = Progress(len(specs), verbose=bool(wanted)), began + 60 * minutes
        results = runner.run([spec for spec in specs if not spec.serial], references, progress.tell, until_time)
        alone = [spec for spec in specs if spec.serial]
        with ExitStack() as more:
            others = [
                more.enter_context(Stage.built(folder / f"stage-{n}", crds)) for n in range(1, min(stages, len(alone)))
            ]
            results += outages([stage, *others], alone, references, progress.tell, until_time)
    taken = (time.monotonic() - began) / 60
    print(f"\n{summary(results)}\n\n{taken:.0f} minutes")
    if len(results) < len(specs):
        print(f"{len(specs) - len(results)} cases were not begun within {minutes:.0f} minutes")
    elif not wanted:
        keep(results, taken, every, {"Python": platform.python_version(), "kopf": version("kopf")})
    if len(results) < len(specs) or any(result.error for result in results):
        return 1
    shutil.rmtree(folder)
    return 0


def outages(
    stages: Sequence[Stage],
    specs: Sequence[Spec],
    references: References,
    tell: Callable[[Result], None],
    until_time: float,
) -> list[Result]:
    """Runs the cases beside which nothing may run on their stage, a share of them on each."""
    lock = threading.Lock()

    def tell_one_by_one(result: Result) -> None:
        with lock:
            tell(result)

    with ThreadPoolExecutor(len(stages)) as pool:
        shares = [
            pool.submit(
                Runner(stage, 1, "alone").run, specs[number :: len(stages)], references, tell_one_by_one, until_time
            )
            for number, stage in enumerate(stages)
        ]
        return [result for share in shares for result in share.result()]


if __name__ == "__main__":
    sys.exit(main())
