"""`python -m bench.operator.sampler FILE MODULE`: runs a module as a program, and sees where its time goes.

From one SIGUSR2 to the next, which writes FILE: the CPU time of each thread, and where the main thread is whenever the
program has used another few milliseconds. From Python 3.12 on cProfile mixes a program's threads up, and a thread that
looks at the others finds them where they let go of the interpreter's lock.
"""

import runpy
import signal
import sys
import threading
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from types import CodeType, FrameType

from bench.operator.usage import cpu_seconds

EVERY_CPU_SECONDS = 0.004
LINES = 45
IDLE = "select"


class Sampler:
    """Counts the functions that the main thread is in."""

    def __init__(self) -> None:
        self._busy = 0
        self._own: Counter[CodeType] = Counter()
        self._whole: Counter[CodeType] = Counter()
        self._before: dict[str, float] = {}

    @property
    def runs(self) -> bool:
        """Whether it has begun to look."""
        return bool(self._before)

    def start(self) -> None:
        """Begins to look; from the main thread."""
        self._before = _cpu_of_threads()
        signal.signal(signal.SIGPROF, self._look)
        signal.setitimer(signal.ITIMER_PROF, EVERY_CPU_SECONDS, EVERY_CPU_SECONDS)

    def stop(self) -> str:
        """Ends, and gives the report."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        used = {name: cpu - self._before.get(name, 0.0) for name, cpu in _cpu_of_threads().items()}
        lines = ["CPU seconds of the threads:"]
        lines += [f"  {cpu:6.2f}  {name}" for name, cpu in sorted(used.items(), key=lambda item: -item[1])]
        lines += [f"The main thread by itself, of {self._busy} looks at it busy:", *self._shares(self._own)]
        lines += ["With what it calls:", *self._shares(self._whole)]
        return "\n".join(lines)

    def _look(self, _: int, frame: FrameType | None) -> None:
        if frame is None or frame.f_code.co_name == IDLE:
            return
        self._busy += 1
        self._own[frame.f_code] += 1
        self._whole.update({each.f_code for each in _stack(frame)})

    def _shares(self, counted: Counter[CodeType]) -> Iterable[str]:
        for code, count in counted.most_common(LINES):
            file = "/".join(Path(code.co_filename).parts[-3:])
            yield f"  {100 * count / self._busy:5.1f} %  {code.co_qualname}  {file}:{code.co_firstlineno}"


def _stack(frame: FrameType | None) -> Iterable[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _cpu_of_threads() -> dict[str, float]:
    """CPU seconds of each thread so far, threads of one name together."""
    used: defaultdict[str, float] = defaultdict(float)
    for thread in threading.enumerate():
        stat = Path(f"/proc/self/task/{thread.native_id}/stat")
        used[thread.name] += cpu_seconds(stat.read_text())
    return used


def main(report: Path, module: str) -> None:
    """Runs the module as `python -m` would."""
    sampler = Sampler()

    def turn(*_: object) -> None:
        if sampler.runs:
            report.write_text(sampler.stop())
        else:
            sampler.start()

    signal.signal(signal.SIGUSR2, turn)
    sys.argv = [module]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
