"""The operator's client of the Kubernetes API against a server that fails as real ones do."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from kubernetes.aio.client import ApiClient, Configuration
from parley_operator.shell.client import kube as module
from parley_operator.shell.client import pace
from parley_operator.shell.client.kube import (
    ATTEMPTS,
    INTERVIEWS,
    METADATA_ONLY,
    PODS,
    SECRETS,
    AlreadyExistsError,
    ConflictError,
    Kube,
    KubeError,
    NotFoundError,
)
from parley_operator.shell.watch.mirror import Mirror
from parley_protocol import InterviewRef

type Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
POD = {"metadata": {"name": "bot", "namespace": "bots"}}


def status(code: int, reason: str, message: str = "no") -> web.Response:
    """What the API server answers when it refuses."""
    return web.json_response({"kind": "Status", "reason": reason, "message": message}, status=code)


class Server:
    """Answers in the order it was told, the last one for ever; keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: list[web.Response | Answer] = []
        self.asked: list[web.Request] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, web.Response):  # a response is sent once: each request gets its own
            headers = {name: value for name, value in answer.headers.items() if name == "Retry-After"}
            return web.Response(
                body=answer.body, status=answer.status, content_type=answer.content_type, headers=headers
            )
        return await answer(request)


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
async def kube(server: Server) -> AsyncIterator[Kube]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    async with TestServer(app) as running:
        client: Any = ApiClient(configuration=Configuration(host=str(running.make_url("")).rstrip("/")))
        yield Kube(client)
        await client.close()


@pytest.mark.parametrize(("code", "reason"), [(503, "ServiceUnavailable"), (429, "TooManyRequests"), (500, "Timeout")])
async def test_what_may_succeed_in_a_moment_is_tried_again(server: Server, kube: Kube, code: int, reason: str) -> None:
    server.answers = [status(code, reason), web.json_response(POD)]
    assert await kube.get(PODS, "bots", "bot") == POD
    assert len(server.asked) == 2


@pytest.mark.parametrize("body", ["<h1>Welcome</h1>", '{"data": {"token": "cut', "[]", ""])
async def test_an_answer_that_no_api_server_gives_is_a_failure_like_others(
    server: Server, kube: Kube, body: str
) -> None:
    odd = web.Response(text=body)
    server.answers = [odd, web.json_response(POD)]
    assert await kube.get(PODS, "bots", "bot") == POD
    server.answers = [odd]
    with pytest.raises(KubeError, match="200 NotAnObject: ") as raised:
        await kube.get(PODS, "bots", "bot")
    assert not body or body not in str(raised.value), "it may be a part of a Secret"


async def test_it_is_not_tried_for_ever(server: Server, kube: Kube) -> None:
    server.answers = [web.Response(status=502, text="<h1>Bad gateway</h1>")]
    with pytest.raises(KubeError, match="502 : <h1>Bad gateway</h1>"):
        await kube.get(PODS, "bots", "bot")
    assert len(server.asked) == ATTEMPTS


async def test_a_server_that_asks_for_patience_is_left_alone_by_every_call(
    server: Server, kube: Kube, monkeypatch: pytest.MonkeyPatch
) -> None:
    naps: list[float] = []
    now = [0.0]

    async def nap(seconds: float) -> None:
        naps.append(seconds)
        now[0] += seconds

    kube._pace = pace.Pace(lambda: now[0])
    monkeypatch.setattr(pace.asyncio, "sleep", nap)
    refused = status(429, "TooManyRequests")
    refused.headers["Retry-After"] = "3"
    server.answers = [refused, web.json_response(POD)]
    assert await kube.get(PODS, "bots", "bot") == POD
    assert any(nap >= 3 for nap in naps), naps
    assert now[0] >= 3


async def test_a_refusal_says_how_long_to_wait(server: Server, kube: Kube, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kube._pace, "refused", lambda _: None)
    refused = status(429, "TooManyRequests")
    refused.headers["Retry-After"] = "3"
    server.answers = [refused]
    with pytest.raises(KubeError) as raised:
        await kube.get(PODS, "bots", "bot")
    assert raised.value.retry_after == 3


async def test_a_server_that_does_not_answer_is_not_waited_for(
    server: Server, kube: Kube, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TIMEOUT", aiohttp.ClientTimeout(total=0.05))
    never = asyncio.Event()

    async def silent(_: web.Request) -> web.StreamResponse:
        await never.wait()
        return web.Response()

    server.answers = [silent]
    with pytest.raises(TimeoutError):
        await kube.get(PODS, "bots", "bot")
    assert len(server.asked) == ATTEMPTS


async def test_a_server_that_is_away(kube: Kube, server: Server) -> None:
    async def broken(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    server.answers = [broken]
    with pytest.raises(aiohttp.ClientConnectionError):
        await kube.create(PODS, POD)
    assert len(server.asked) == ATTEMPTS


async def test_what_is_refused_is_refused_once(server: Server, kube: Kube) -> None:
    server.answers = [status(403, "Forbidden", "quota exceeded")]
    with pytest.raises(KubeError, match="403 Forbidden: quota exceeded"):
        await kube.create(PODS, POD)
    assert len(server.asked) == 1


@pytest.mark.parametrize(("reason", "kind"), [("AlreadyExists", AlreadyExistsError), ("Conflict", ConflictError)])
async def test_a_name_that_is_taken_is_another_thing_than_a_conflict(
    server: Server, kube: Kube, reason: str, kind: type[KubeError]
) -> None:
    server.answers = [status(409, reason)]
    with pytest.raises(KubeError) as raised:
        await kube.create(PODS, POD)
    assert type(raised.value) is kind


async def test_no_object_is_an_answer_where_one_is_read_or_deleted(server: Server, kube: Kube) -> None:
    server.answers = [status(404, "NotFound")]
    assert await kube.get(PODS, "bots", "bot") is None
    await kube.delete(PODS, "bots", "bot", uid="u")
    with pytest.raises(NotFoundError):
        await kube.patch(PODS, "bots", "bot", {})


PAGES = [
    "404 page not found\n",
    "<h1>404 no route</h1>",
    "",
    "null",
    '["NotFound"]',
    '{"error": "not_found"}',
    '{"reason": "NotFound", "message": "no such cluster"}',
    '{"kind": "Status", "reason": "Unknown", "message": "no"}',
]
"""What says 404 and is not the API server's word that an object is not there."""


@pytest.mark.parametrize("body", PAGES)
async def test_a_404_that_no_api_server_gives_says_nothing_of_an_object(server: Server, kube: Kube, body: str) -> None:
    page = web.Response(status=404, text=body)
    server.answers = [page, web.json_response(POD)]
    assert await kube.get(PODS, "bots", "bot") == POD
    server.answers = [page]
    with pytest.raises(KubeError, match="404 NotAnObject: ") as raised:
        await kube.get(PODS, "bots", "bot")
    assert not isinstance(raised.value, NotFoundError)
    with pytest.raises(KubeError, match="404 NotAnObject: "):
        await kube.delete(PODS, "bots", "bot", uid="u")


async def test_a_doubted_interview_is_not_gone_because_of_a_page(server: Server, kube: Kube) -> None:
    interview = {"metadata": {"name": "jane", "namespace": "hiring", "uid": "i-1", "resourceVersion": "7"}}
    ref = InterviewRef(namespace="hiring", name="jane", uid="i-1")
    mirror = Mirror(kube._client, "parley", "bots", ["hiring"])
    assert mirror.saw(INTERVIEWS, interview, deleted=False)
    server.answers = [status(409, "Conflict")]
    with pytest.raises(ConflictError):
        await mirror.apply(INTERVIEWS, interview, "operator")
    server.answers = [web.Response(status=404, text=PAGES[1])]
    with pytest.raises(KubeError, match="404 NotAnObject: "):
        await mirror.interview(ref)
    server.answers = [web.json_response(interview)]
    assert await mirror.interview(ref) == interview


async def test_a_group_that_is_not_served_has_no_kinds(server: Server, kube: Kube) -> None:
    """The API server tells so in plain text."""
    server.answers = [web.Response(status=404, text=PAGES[0])]
    assert await kube.discover("apis/parley.dev/v1alpha1") == set()


async def test_another_object_of_the_name_is_not_deleted(server: Server, kube: Kube) -> None:
    server.answers = [status(409, "Conflict", "the UID in the precondition is another")]
    await kube.delete(PODS, "bots", "bot", uid="u")


def page(*names: str, token: str = "") -> web.Response:
    return web.json_response(
        {"items": [{"metadata": {"name": name}} for name in names], "metadata": {"continue": token}}
    )


async def test_a_list_goes_on_to_its_end(server: Server, kube: Kube) -> None:
    server.answers = [page("a", "b", token="next"), page("c")]
    found = await kube.list(SECRETS, "bots", "a=b", accept=METADATA_ONLY)
    assert [item["metadata"]["name"] for item in found] == ["a", "b", "c"]
    assert [request.query.get("continue") for request in server.asked] == [None, "next"]
    assert {request.query["labelSelector"] for request in server.asked} == {"a=b"}
    assert {request.headers["Accept"] for request in server.asked} == {METADATA_ONLY}


async def test_a_list_whose_continuation_is_too_old_fails_as_a_whole(server: Server, kube: Kube) -> None:
    server.answers = [page("a", token="old"), status(410, "Expired")]
    with pytest.raises(KubeError, match="410 Expired"):
        await kube.list(SECRETS, "bots")
    assert len(server.asked) == 2
