"""The bot's model service without a connection, for tests that play what its sessions do."""

from typing import Any

from parley_bot.pipeline.access import ModelAccess
from parley_bot.pipeline.nova import GuardedNovaSonic
from parley_protocol import ModelPlan


def model_service(**told: Any) -> GuardedNovaSonic:
    """A service that has no session yet; `told` are those of its `on_…` that the test listens to."""
    nobody: dict[str, Any] = {
        "on_interrupted": lambda: None,
        "on_restart": lambda _unheard, _part_lost: None,
        "on_behind": lambda: None,
        "on_lost": _never,
        "on_heard": lambda _text: None,
        "on_unheard": lambda _text: None,
        "on_tool": lambda _seconds: None,
        "on_sentence": lambda _number, _text: None,
        "on_final": lambda _text: None,
    }
    return GuardedNovaSonic(
        access=ModelAccess("us-east-1", "https://127.0.0.1:1"),
        plan=ModelPlan(),
        model_wait=1.75,
        voice="tiffany",
        instruction="",
        tools=[],
        connect_at_once=False,
        **nobody | told,
    )


async def _never(_why: str) -> None:
    raise AssertionError("the model is not given up")
