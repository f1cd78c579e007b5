"""The account of a reply's time."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from loguru import logger
from parley_bot.latency import TurnLatency

if TYPE_CHECKING:
    from loguru import Message


class Told:
    """A latency on a clock of its own, and the accounts that it gave."""

    def __init__(self) -> None:
        self.now = 100.0
        self.accounts: list[dict[str, float]] = []
        self.latency = TurnLatency(lambda: self.now)

    def take(self, message: "Message") -> None:
        self.accounts.append(message.record["extra"])


@pytest.fixture
def told() -> Iterator[Told]:
    told = Told()
    sink = logger.add(told.take, format="{message}", filter=lambda record: record["message"] == "turn_latency")
    yield told
    logger.remove(sink)


def ask(told: Told) -> None:
    """The candidate has ceased; 0.8 s later the model takes the turn, and a tool answers in 4 ms."""
    told.latency.candidate_spoke(told.now, speaking=False)
    told.now += 0.8
    told.latency.turn_taken()
    told.latency.tool_ran(0.004)


def test_a_reply_is_split_into_the_wait_the_model_and_us(told: Told) -> None:
    ask(told)
    told.now += 0.2
    told.latency.model_sounded(0.0, audible=True)
    told.now += 0.01
    told.latency.we_sounded()
    (account,) = told.accounts
    assert account == {"total_ms": 1010, "wait_ms": 800, "model_ms": 196, "webhook_ms": 0, "ours_ms": 14, "tools_ms": 4}


@pytest.mark.parametrize("sent_after", [1, 2, 3])
def test_silence_that_the_models_sound_begins_with_is_the_models(told: Told, sent_after: int) -> None:
    ask(told)
    told.now += 0.2
    for number, (quiet, audible) in enumerate([(0.032, False), (0.018, True), (0.0, True)], 1):
        told.latency.model_sounded(quiet, audible=audible)
        if number == sent_after:
            told.now += 0.01
            told.latency.we_sounded()
    told.latency.we_sounded()
    (account,) = told.accounts
    assert account == {"total_ms": 1060, "wait_ms": 800, "model_ms": 246, "webhook_ms": 0, "ours_ms": 14, "tools_ms": 4}


def test_a_sound_that_nobody_waited_for_is_not_accounted(told: Told) -> None:
    told.latency.model_sounded(0.0, audible=True)
    told.latency.we_sounded()
    ask(told)
    told.latency.candidate_spoke(told.now, speaking=True)
    told.latency.model_sounded(0.0, audible=True)
    told.latency.we_sounded()
    assert told.accounts == []
