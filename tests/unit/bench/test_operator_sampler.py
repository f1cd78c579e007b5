"""The profile of `make bench-operator --profile`, taken of a program that does one thing."""

import os
import signal
import sys
from pathlib import Path

from support.processes import Program
from support.wait import until

TESTS = Path(__file__).parents[2]
PROGRAM = """
import pathlib, sys

def burn():
    return sum(range(2000))

def main():
    burn()
    pathlib.Path("runs").touch()
    while True:
        burn()

main()
"""


def test_it_tells_where_the_time_went(tmp_path: Path) -> None:
    (tmp_path / "burning.py").write_text(PROGRAM)
    report = tmp_path / "profile.txt"
    script = f"import os, runpy, sys; os.chdir({str(tmp_path)!r}); sys.argv = ['', {str(report)!r}, 'burning']; "
    script += "runpy.run_module('bench.operator.sampler', run_name='__main__')"
    environment = {"PYTHONPATH": f"{TESTS}:{tmp_path}"}
    program = Program([sys.executable, "-c", script], tmp_path / "log", environment)
    try:
        until("it runs", lambda: program.require_alive() or (tmp_path / "runs").exists(), 30)
        os.kill(program.pid, signal.SIGUSR2)
        before = Path(f"/proc/{program.pid}/stat").read_text().split()[13]
        enough = int(before) + os.sysconf("SC_CLK_TCK") // 4
        until("it burned", lambda: int(Path(f"/proc/{program.pid}/stat").read_text().split()[13]) > enough, 30)
        os.kill(program.pid, signal.SIGUSR2)
        until("the report is there", lambda: report.exists() and "With what it calls" in report.read_text(), 30)
    finally:
        program.stop()
    told = report.read_text()
    assert "MainThread" in told
    own, whole = told.split("With what it calls:")
    assert "%  burn  " in own
    assert "100.0 %  main  " in whole
