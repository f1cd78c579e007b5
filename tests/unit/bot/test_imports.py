"""How late a bot imports: what takes seconds comes beside its question to the API, a Daily room's own when it has one.

Measured in a process of its own, for here everything is imported already. How long a start takes is `make bench`'s.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.processes import free_ports

# Seconds of imports on two cores together: they would be waited for before the API is even asked.
HEAVY = {
    "aiohttp", "aws_sdk_bedrock_runtime", "awscrt", "boto3", "botocore", "daily", "fastapi", "google", "numpy",
    "onnxruntime", "opentelemetry", "PIL", "pipecat", "soundfile", "soxr", "websockets",
}  # fmt: skip
# What pipecat can do and a bot does not: some are in no image (requirements-unused.txt), and none may be needed.
NEVER = {"cv2", "llvmlite", "nltk", "numba", "openai", "resampy", "torch", "transformers"}
STAGES = """
import asyncio, json, sys
import parley_bot.__main__
from parley_bot import bot
from parley_bot.settings import Settings

stages = {}

def seen(stage):
    stages[stage] = sorted({name.partition(".")[0] for name in sys.modules})

class Begun(Exception):
    pass

class Recorded(bot.Warmup):
    def __init__(self):
        seen("begun")
        raise Begun

async def start():
    warmup, bot.Warmup = bot.Warmup, Recorded
    try:
        await bot.Bot(Settings(), 0.0).run()
    except Begun:
        pass
    warm = warmup()
    await warm.done()
    seen("warm")
    await warm.daily()
    seen("daily")

asyncio.run(start())
print(json.dumps(stages))
"""


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The packages that are imported where the warm-up begins, where it is done, and with a Daily room."""
    token: Path = tmp_path_factory.mktemp("bot") / "token"
    token.write_text("token")
    (port,) = free_ports(1)
    environment = os.environ | {
        "PARLEY_API_URL": "http://127.0.0.1:1",
        "PARLEY_TOKEN_FILE": str(token),
        "PARLEY_HOST": "127.0.0.1",
        "PARLEY_PORT": str(port),
    }
    command = [sys.executable, "-c", STAGES]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return {stage: {*found} for stage, found in json.loads(done.stdout.splitlines()[-1]).items()}


def test_nothing_heavy_is_imported_before_the_assignment_is_asked_for(stages: dict[str, set[str]]) -> None:
    assert "parley_bot" in stages["begun"]
    assert stages["begun"] & (HEAVY | NEVER) == set()


def test_the_warm_up_imports_what_the_conversation_needs_and_no_daily(stages: dict[str, set[str]]) -> None:
    """Otherwise a candidate would wait for it."""
    assert stages["warm"] >= {"awscrt", "numpy", "onnxruntime", "pipecat"}
    assert "daily" not in stages["warm"]
    assert stages["daily"] >= {"daily"}


def test_what_no_bot_uses_is_never_imported(stages: dict[str, set[str]]) -> None:
    assert stages["daily"] & NEVER == set()
