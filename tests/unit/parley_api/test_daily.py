"""Into a Daily room: how long a candidate's request waits for Daily."""

import asyncio
from datetime import UTC, datetime

import httpx
import pytest
from parley_api import daily
from parley_api.problems import ProblemError
from parley_protocol import BotInputs, InterviewerPlan, InterviewPlan, InterviewRef, QuestionPlan, RoomInputs
from parley_rooms.daily import DailyRooms
from support.daily_key import GivenKey

INPUTS = BotInputs(
    interview=InterviewRef(namespace="hiring", name="ada", uid="u-1"),
    attempt=1,
    template="backend-1",
    plan=InterviewPlan(
        title="Backend engineer",
        interviewer=InterviewerPlan(name="Sam", greeting="Hello.", closing="Goodbye."),
        questions=[QuestionPlan(id="q1", text="What did you build?")],
    ),
    room=RoomInputs(provider="daily", name="parley-x", url="https://x.daily.co/parley-x"),
)


async def test_nobody_waits_for_a_daily_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daily, "PATIENCE_SECONDS", 0.05)

    async def hang(_request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError("nothing sets that event")

    rooms = DailyRooms(GivenKey("key"), transport=httpx.MockTransport(hang))
    for joining in (
        daily.make_way(rooms, INPUTS, take_over=True),
        daily.mint(rooms, INPUTS, "candidate", "Ada", datetime.now(UTC)),
    ):
        async with asyncio.timeout(5):
            with pytest.raises(ProblemError) as refused:
                await joining
        assert (refused.value.status, refused.value.slug) == (503, "room-unavailable")
        assert int(refused.value.headers["Retry-After"]) > 0


async def test_nobody_is_sent_away_for_as_long_as_daily_may_ask() -> None:
    refusal = httpx.Response(429, headers={"Retry-After": "86400"}, json={"error": "rate-limit-error"})
    rooms = DailyRooms(GivenKey("key"), transport=httpx.MockTransport(lambda _: refusal))
    with pytest.raises(ProblemError) as refused:
        await daily.mint(rooms, INPUTS, "candidate", "Ada", datetime.now(UTC))
    assert (refused.value.slug, refused.value.headers["Retry-After"]) == ("room-unavailable", "30")


async def test_a_refused_key_is_logged_by_its_place_and_told_to_nobody(caplog: pytest.LogCaptureFixture) -> None:
    refusal = httpx.Response(401, json={"error": "authentication-error"})
    rooms = DailyRooms(GivenKey("the-key"), transport=httpx.MockTransport(lambda _: refusal))
    with pytest.raises(ProblemError) as refused:
        await daily.mint(rooms, INPUTS, "candidate", "Ada", datetime.now(UTC))
    assert "mend key DAILY_API_KEY of Secret parley/daily" in caplog.text
    assert "Secret" not in str(refused.value.detail)
    assert "the-key" not in caplog.text
