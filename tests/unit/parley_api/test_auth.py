"""What strangers' tokens may cost: few questions to the API server, and nobody else's place."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from parley_api import auth
from parley_api.auth import (
    CACHE_ENTRIES,
    CACHE_SECONDS,
    INTERNAL_AUDIENCE,
    PEOPLE_AUDIENCE,
    REVIEWS,
    REVIEWS_AT_ONCE,
    Authenticator,
    claimed_audiences,
)
from parley_api.kube import KubeError
from parley_api.problems import ProblemError
from support.kube_stub import KubeStub, body_of, kube_stub
from support.wait import eventually


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def stub() -> AsyncIterator[KubeStub]:
    """Knows every token that begins with `good`."""

    async def answer(request: web.Request) -> web.Response:
        spec = (await body_of(request))["spec"]
        if not spec["token"].startswith("good"):
            return web.json_response({"status": {"authenticated": False}})
        user = {"username": spec["token"]}
        return web.json_response({"status": {"authenticated": True, "audiences": spec["audiences"], "user": user}})

    async with kube_stub() as stub:
        stub.answers[REVIEWS] = answer
        yield stub


async def refusal(authenticator: Authenticator, token: str, audience: str = PEOPLE_AUDIENCE) -> ProblemError:
    with pytest.raises(ProblemError) as refused:
        await authenticator.identify(token, audience)
    return refused.value


async def test_a_token_is_asked_about_once(stub: KubeStub) -> None:
    clock = Clock()
    authenticator = Authenticator(stub.kube, clock)
    found = await asyncio.gather(*(authenticator.identify("good", PEOPLE_AUDIENCE) for _ in range(20)))
    assert {identity.username for identity in found} == {"good"}
    assert stub.asked[REVIEWS] == 1
    clock.now += CACHE_SECONDS
    await authenticator.identify("good", PEOPLE_AUDIENCE)
    assert stub.asked[REVIEWS] == 2


async def test_a_refused_token_is_asked_about_once(stub: KubeStub) -> None:
    clock = Clock()
    authenticator = Authenticator(stub.kube, clock)
    for _ in range(5):
        assert (await refusal(authenticator, "bad")).status == 401
    assert stub.asked[REVIEWS] == 1
    clock.now += CACHE_SECONDS
    assert (await refusal(authenticator, "bad")).status == 401
    assert stub.asked[REVIEWS] == 2


async def test_rubbish_displaces_no_good_token(stub: KubeStub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "CACHE_ENTRIES", 5)
    authenticator = Authenticator(stub.kube)
    await authenticator.identify("good", PEOPLE_AUDIENCE)
    for number in range(10):
        await refusal(authenticator, f"bad {number}")
    await authenticator.identify("good", PEOPLE_AUDIENCE)
    assert stub.asked[REVIEWS] == 11
    assert CACHE_ENTRIES > 5, "the default is not what this test set"


async def test_rubbish_takes_no_bots_place(stub: KubeStub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "REVIEW_WAIT_SECONDS", 0.05)
    monkeypatch.setattr(auth, "claimed_audiences", lambda _: [INTERNAL_AUDIENCE])
    answer, going_on = stub.answers[REVIEWS], asyncio.Event()

    async def slowly(request: web.Request) -> Any:
        if (await body_of(request))["spec"]["audiences"] == [PEOPLE_AUDIENCE]:
            await going_on.wait()
        return await answer(request)

    stub.answers[REVIEWS] = slowly
    authenticator = Authenticator(stub.kube)
    asked = [asyncio.create_task(authenticator.identify(f"bad {i}", PEOPLE_AUDIENCE)) for i in range(50)]
    assert (await authenticator.identify("good bot", INTERNAL_AUDIENCE)).username == "good bot"
    turned_away = await eventually("the rest is turned away", lambda: over_but(asked, REVIEWS_AT_ONCE))
    for error in (one.exception() for one in turned_away):
        assert isinstance(error, KubeError)
        assert (error.status, error.reason) == (503, "Overloaded")
    going_on.set()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert stub.most_at_once <= REVIEWS_AT_ONCE + 1
    assert sum(isinstance(one, ProblemError) for one in answers) == REVIEWS_AT_ONCE


def over_but(tasks: list[asyncio.Task[Any]], number: int) -> list[asyncio.Task[Any]]:
    """The tasks that are over, as soon as only so many are not."""
    over = [task for task in tasks if task.done()]
    return over if len(over) == len(tasks) - number else []


async def test_a_caller_who_leaves_takes_the_answer_from_nobody(stub: KubeStub) -> None:
    answer, asked, going_on = stub.answers[REVIEWS], asyncio.Event(), asyncio.Event()

    async def slowly(request: web.Request) -> Any:
        asked.set()
        await going_on.wait()
        return await answer(request)

    stub.answers[REVIEWS] = slowly
    authenticator = Authenticator(stub.kube)
    leaving, staying = [asyncio.create_task(authenticator.identify("good", PEOPLE_AUDIENCE)) for _ in range(2)]
    await asked.wait()
    leaving.cancel()
    going_on.set()
    assert (await staying).username == "good"
    assert stub.asked[REVIEWS] == 1


def jwt(claims: Any) -> str:
    return f"e30.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.x"


@pytest.mark.parametrize(
    ("token", "audiences"),
    [
        (jwt({"aud": [INTERNAL_AUDIENCE, "other"]}), [INTERNAL_AUDIENCE, "other"]),
        (jwt({"aud": INTERNAL_AUDIENCE}), [INTERNAL_AUDIENCE]),
        (jwt({"aud": 1}), []),
        (jwt([INTERNAL_AUDIENCE]), []),
        (f"a.{INTERNAL_AUDIENCE}.c", []),
        ("a.b", []),
    ],
)
def test_what_a_token_says_of_itself(token: str, audiences: list[str]) -> None:
    assert claimed_audiences(token) == audiences


@given(st.text(max_size=200), st.binary(max_size=100))
def test_no_text_breaks_the_reading(text: str, middle: bytes) -> None:
    claimed_audiences(text)
    claimed_audiences(f"a.{text}.c")
    claimed_audiences(f"a.{base64.urlsafe_b64encode(middle).decode()}.c")


async def test_inside_only_a_token_made_for_it_is_asked_about(stub: KubeStub) -> None:
    authenticator = Authenticator(stub.kube)
    for token in ("good", "rubbish", jwt({"aud": [PEOPLE_AUDIENCE]})):
        assert (await refusal(authenticator, token, INTERNAL_AUDIENCE)).status == 401
    assert stub.asked[REVIEWS] == 0
    await refusal(authenticator, jwt({"aud": [INTERNAL_AUDIENCE]}), INTERNAL_AUDIENCE)
    assert stub.asked[REVIEWS] == 1
