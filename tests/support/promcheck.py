"""Prometheus's own parsers and engine, by `cluster/tools/promcheck`."""

import json
import subprocess
from typing import Any

from support.processes import tool


def promcheck(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Runs the tool, whatever comes of it."""
    command = [tool("promcheck"), *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=60)


def told(done: subprocess.CompletedProcess[str]) -> list[Any]:
    """What it told, a line each."""
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
