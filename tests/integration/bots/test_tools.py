"""A template's tool, called for a bot: a real HTTPS server, signed calls, and all that can go wrong with one."""

from collections.abc import AsyncIterator, Callable
from ipaddress import ip_network
from typing import Any

import pytest
from parley_api.webhooks import GuardedNetwork, ToolCall, Webhooks, tls_context
from parley_protocol import InterviewRef, ToolAnswer, ToolOutcome, ToolPlan, ToolWebhook
from starlette.responses import JSONResponse, RedirectResponse, Response
from support.certificates import Authority
from support.webhook import KEY, Receiver, receiving

REF = InterviewRef(namespace="hiring", name="ada", uid="11111111-2222-3333-4444-555555555555")
LOOPBACK = [ip_network("127.0.0.0/8"), ip_network("::1/128")]
TOOL = ToolPlan(
    name="salary_range",
    description="Look the salary range of a level up.",
    input_schema={"type": "object", "properties": {"level": {"type": "string"}}, "required": ["level"]},
)
OUTPUT = {"type": "object", "properties": {"salary": {"type": "string"}}, "required": ["salary"]}
Call = Callable[..., Any]


@pytest.fixture
async def receiver(authority: Authority) -> AsyncIterator[Receiver]:
    async with receiving(Receiver(), authority.server("webhook", "localhost", "127.0.0.1")) as running:
        yield running


@pytest.fixture
async def call(receiver: Receiver, authority: Authority) -> AsyncIterator[Call]:
    """Call the receiver's tool, by an API that may reach the loopback interface."""
    hooks = Webhooks(GuardedNetwork(LOOPBACK), tls_context(authority.file))

    async def calling(arguments: dict[str, Any] | None = None, **changes: Any) -> ToolAnswer:
        url, schema = changes.pop("url", receiver.url()), changes.pop("output_schema", OUTPUT)
        hook = ToolWebhook(
            name=TOOL.name, url=url, key=KEY, timeout_seconds=changes.pop("seconds", 5), output_schema=schema
        )
        asked = arguments if arguments is not None else {"level": "senior"}
        return await hooks.call(TOOL, hook, ToolCall(REF, 2, "call-7", asked))

    yield calling
    await hooks.aclose()


async def test_a_call_is_signed_and_its_answer_comes_back(receiver: Receiver, call: Call) -> None:
    answer = await call()
    assert (answer.outcome, answer.result) == ("ok", {"salary": "60 to 80 thousand"})
    assert receiver.ids == [f"{REF.uid}-2-call-7"]
    interview = {"namespace": "hiring", "name": "ada", "uid": REF.uid}
    assert receiver.calls == [
        {"tool": "salary_range", "callId": "call-7", "interview": interview, "arguments": {"level": "senior"}}
    ]


async def test_arguments_that_do_not_fit_are_not_sent(receiver: Receiver, call: Call) -> None:
    for arguments in ({}, {"level": 7}, {"level": "x" * 9000}):
        assert (await call(arguments)).outcome == "arguments-not-valid"
    assert receiver.calls == []


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (lambda: JSONResponse({"wage": "7"}), "result-not-valid"),
        (lambda: Response("<html>"), "result-not-valid"),
        (lambda: Response("[" * 5000), "result-not-valid"),
        (lambda: Response('{"salary": "\\ud800"}'), "result-not-valid"),
        (lambda: Response('{"salary": "7", "more": ' + "[" * 400 + "]" * 400 + "}"), "result-not-valid"),
        (lambda: Response('{"salary": "7", "more": 1e999}'), "result-not-valid"),
        (lambda: Response(status_code=204), "result-not-valid"),
        (lambda: JSONResponse({"salary": "x" * 9000}), "result-too-long"),
        (lambda: JSONResponse({}, 404), "refused"),
        (lambda: JSONResponse({}, 500), "failed"),
        (lambda: RedirectResponse("http://localhost/"), "redirect-refused"),
        (lambda: RedirectResponse("https://user@localhost/"), "redirect-refused"),
        (lambda: Response(status_code=307), "redirect-refused"),
        (lambda: RedirectResponse("/again"), "redirect-refused"),
        (lambda: RedirectResponse("https://169.254.169.254/latest/meta-data/"), "redirect-refused"),
        (lambda: RedirectResponse("https://localhost:9/salary"), "redirect-refused"),
        (lambda: RedirectResponse("//example.com/salary"), "redirect-refused"),
    ],
)
async def test_an_answer_that_is_no_good_is_told(
    receiver: Receiver, call: Call, answer: Callable[[], Response], outcome: str
) -> None:
    receiver.answer = answer
    told = await call()
    assert (told.outcome, told.result) == (outcome, None)


@pytest.mark.parametrize(
    "odd", [r'"\ud800"', "[" * 400 + "]" * 400, "1e999", "NaN"], ids=["half", "deep", "huge", "NaN"]
)
async def test_what_could_not_be_handed_on_counts_as_none_without_a_schema_too(
    receiver: Receiver, call: Call, odd: str
) -> None:
    receiver.answer = lambda: Response(odd)
    answer = await call(output_schema=None)
    assert answer == ToolAnswer(outcome=ToolOutcome.RESULT_NOT_VALID)


async def test_any_json_will_do_without_a_schema(receiver: Receiver, call: Call) -> None:
    receiver.answer = lambda: JSONResponse(["a", 1])
    assert (await call(output_schema=None)).result == ["a", 1]


async def test_what_may_pass_is_tried_once_more_under_the_same_id(receiver: Receiver, call: Call) -> None:
    answers = [Response(status_code=503), JSONResponse({"salary": "much"})]
    receiver.answer = lambda: answers.pop(0)
    assert (await call()).result == {"salary": "much"}
    assert receiver.ids == [f"{REF.uid}-2-call-7"] * 2
    receiver.answer = lambda: Response(status_code=503)
    assert (await call()).outcome == "failed"
    assert len(receiver.ids) == 4


async def test_a_redirect_keeps_the_call(receiver: Receiver, call: Call) -> None:
    answers = [RedirectResponse(receiver.url("/moved", "LOCALHOST")), JSONResponse({"salary": "much"})]
    receiver.answer = lambda: answers.pop(0)
    assert (await call()).result == {"salary": "much"}
    assert [made["callId"] for made in receiver.calls] == ["call-7"] * 2


async def test_a_redirect_elsewhere_is_not_sent_the_signed_call(
    receiver: Receiver, call: Call, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    elsewhere = authority.server("elsewhere", "localhost", "127.0.0.1")
    async with receiving(Receiver(), elsewhere) as other:
        receiver.answer = lambda: RedirectResponse(other.url("/hush"))
        assert (await call()).outcome == "redirect-refused"
        receiver.answer = lambda: RedirectResponse(receiver.url("/hush", "127.0.0.1"))
        assert (await call()).outcome == "redirect-refused"
        assert (other.calls, other.refused) == ([], 0)
    assert len(receiver.calls) == 2
    assert f"it redirects to https://127.0.0.1:{receiver.port}" in caplog.text
    assert "hush" not in caplog.text


async def test_a_webhook_that_hangs_is_given_up(receiver: Receiver, call: Call) -> None:
    receiver.delay = 30
    assert (await call(seconds=1)).outcome == "timeout"


async def test_nobody_there_is_unreachable(receiver: Receiver, call: Call) -> None:
    assert (await call(url="https://localhost:9/salary")).outcome == "unreachable"
    assert (await call(url="https://no-such-host.invalid/")).outcome == "unreachable"
    assert receiver.calls == []


async def test_a_certificate_of_nobodys_is_not_trusted(receiver: Receiver) -> None:
    hooks = Webhooks(GuardedNetwork(LOOPBACK), tls_context(None))
    hook = ToolWebhook(name=TOOL.name, url=receiver.url(), key=KEY, timeout_seconds=5)
    answer = await hooks.call(TOOL, hook, ToolCall(REF, 1, "a", {"level": "senior"}))
    await hooks.aclose()
    assert answer.outcome == "unreachable"
    assert receiver.calls == []


async def test_the_loopback_interface_is_nobodys_unless_it_is_let_in(receiver: Receiver, authority: Authority) -> None:
    hooks = Webhooks(GuardedNetwork([]), tls_context(authority.file))
    hook = ToolWebhook(name=TOOL.name, url=receiver.url(), key=KEY, timeout_seconds=5)
    answer = await hooks.call(TOOL, hook, ToolCall(REF, 1, "a", {"level": "senior"}))
    await hooks.aclose()
    assert answer.outcome == "address-refused"
    assert receiver.calls == []


async def test_the_log_tells_no_path_and_no_key(
    receiver: Receiver, call: Call, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    receiver.answer = lambda: JSONResponse({}, 500)
    await call(url=receiver.url("/salary?token=hush"))
    told = caplog.text
    assert "salary_range at localhost: failed" in told
    assert "hush" not in told
    assert KEY not in told


async def test_a_bot_calls_the_tool_of_its_interview_alone(site: Any) -> None:
    running = await site.interview("ada")
    body = {"attempt": 1, "callId": "a", "arguments": {}}
    headers = await running.headers()
    unknown = await site.http.post("/bot/v1/tools/salary_range", json=body, headers=headers)
    assert (unknown.status_code, unknown.json()["type"].rsplit("/", 1)[-1]) == (404, "tool-unknown")
    stale = await site.http.post("/bot/v1/tools/salary_range", json={**body, "attempt": 2}, headers=headers)
    assert stale.status_code == 409
    malformed = await site.http.post("/bot/v1/tools/x", json={**body, "callId": "../x"}, headers=headers)
    assert (malformed.status_code, malformed.json()["errors"][0]["field"]) == (422, "callId")


async def test_a_bot_has_its_tool_called_by_its_token_alone(site: Any, receiver: Receiver) -> None:
    running = await site.interview("ada")
    hook = ToolWebhook(name=TOOL.name, url=receiver.url(), key=KEY, timeout_seconds=5, output_schema=OUTPUT)
    await running.write_inputs(1, TOOL, hook)
    headers = await running.headers()
    body = {"attempt": 1, "callId": "a", "arguments": {"level": "senior"}}
    answer = await site.http.post("/bot/v1/tools/salary_range", json=body, headers=headers)
    assert (answer.status_code, answer.json()) == (200, {"outcome": "ok", "result": {"salary": "60 to 80 thousand"}})
    assert [call["interview"]["uid"] for call in receiver.calls] == [running.ref.uid]
    assignment = await site.http.get("/bot/v1/assignment", headers=headers)
    assert [tool["name"] for tool in assignment.json()["plan"]["tools"]] == ["salary_range"]
    assert KEY not in assignment.text
    assert receiver.url() not in assignment.text
