"""A bot's whole life on /bot/v1, and what the operator orders after it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from parley_api import session_status
from parley_api.store import layout
from parley_api.transcripts.sealing import Sealing, close_log
from parley_protocol import (
    Assignment,
    ConnectionChanged,
    ConsentRecord,
    Event,
    EventBatch,
    Manifest,
    NumberedEvent,
    QuestionAsked,
    Speaker,
    Transcript,
    Turn,
    TurnSpoken,
)

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def said(seq: int, speaker: Speaker, text: str) -> TurnSpoken:
    turn = Turn(seq=seq, speaker=speaker, text=text, start_ms=seq * 1000, end_ms=seq * 1000 + 900, question_id="q1")
    return TurnSpoken(turn=turn)


STORY: list[Event] = [
    ConnectionChanged(who="bot", what="joined"),
    ConnectionChanged(who="candidate", what="joined"),
    QuestionAsked(question_id="q1"),
    said(1, Speaker.INTERVIEWER, "What did you build?"),
    said(2, Speaker.CANDIDATE, "An engine."),
]


def batch(first: int, last: int, attempt: int = 1, story: list[Event] = STORY) -> str:
    events = [
        NumberedEvent(n=n, at=START + timedelta(seconds=n), at_ms=n * 1000, event=event)
        for n, event in enumerate(story, start=1)
        if first <= n <= last
    ]
    return EventBatch(attempt=attempt, events=events).to_json().decode()


async def post(running: Any, path: str, body: str, pod: Any = None) -> Any:
    headers = {**await running.headers(pod), "Content-Type": "application/json"}
    return await running.site.http.post(path, content=body, headers=headers)


async def test_assignment_events_and_finish(site: Any) -> None:
    running = await site.interview("ada")
    answer = await site.http.get("/bot/v1/assignment", headers=await running.headers())
    assert answer.status_code == 200, answer.text
    assignment = Assignment.model_validate_json(answer.content)
    assert assignment.interview == running.ref
    assert assignment.room.provider == "websocket"
    assert assignment.history == []

    assert (await post(running, "/bot/v1/events", batch(1, 1))).json() == {"acknowledged": 1}
    assert "session" not in await running.status()
    assert (await post(running, "/bot/v1/events", batch(1, 4))).json() == {"acknowledged": 4}
    assert (await running.status())["session"]["startedAt"] == "2026-11-22T09:00:02Z"
    before = (await site.admin.get(_path(running)))["metadata"]["resourceVersion"]
    assert (await post(running, "/bot/v1/events", batch(5, 5))).json() == {"acknowledged": 5}
    assert (await post(running, "/bot/v1/events", batch(1, 5))).json() == {"acknowledged": 5}
    assert (await site.admin.get(_path(running)))["metadata"]["resourceVersion"] == before

    again = Assignment.model_validate_json(
        (await site.http.get("/bot/v1/assignment", headers=await running.headers())).content
    )
    assert [item.n for item in again.history[0].events] == [1, 2, 3, 4, 5]
    assert again.started_at == START + timedelta(seconds=2)

    finish = '{"attempt": 1, "reason": "Completed", "lastEvent": 5}'
    for _ in range(2):
        assert (await post(running, "/bot/v1/finish", finish)).status_code == 204
    status = await running.status()
    assert status["session"]["reason"] == "Completed"
    (condition,) = [one for one in status["conditions"] if one["type"] == "SessionFinished"]
    assert (condition["status"], condition["reason"]) == ("True", "Completed")
    transcript = await read_transcript(running)
    assert [turn.text for turn in transcript.turns] == ["What did you build?", "An engine."]
    assert transcript.questions[0].answer_turns == [2]
    late = await site.http.get("/bot/v1/assignment", headers=await running.headers())
    assert late.json()["type"].endswith("/interview-finished")
    for again in (batch(4, 5), batch(5, 6, story=[*STORY, said(3, Speaker.CANDIDATE, "More")])):
        refused = await post(running, "/bot/v1/events", again)
        assert (refused.status_code, refused.json()["type"].rsplit("/", 1)[1]) == (409, "interview-finished")


@pytest.mark.parametrize("agreed", [True, False])
@pytest.mark.parametrize("sealed", [True, False], ids=["sealed", "finished"])
async def test_what_the_candidate_agreed_to_is_kept_with_the_transcript(site: Any, agreed: bool, sealed: bool) -> None:
    """Also where nothing is recorded: the Interview's status goes with the Interview."""
    running = await site.interview("ada")
    ref = running.ref
    if agreed:
        change = session_status.consented("2026-1", START)
        await session_status.update(site.services.kube, ref.namespace, ref.name, ref.uid, change)
    await post(running, "/bot/v1/events", batch(1, 5))
    if sealed:
        await order(running, "seal")
    else:
        await post(running, "/bot/v1/finish", '{"attempt": 1, "reason": "Completed", "lastEvent": 5}')
    data = await site.store.get(layout.artifact(ref.namespace, ref.uid, layout.MANIFEST))
    manifest = Manifest.model_validate_json(data)
    assert manifest.recording is None
    assert manifest.consent == (ConsentRecord(version="2026-1", given_at=START) if agreed else None)


async def test_a_gap_a_conflict_and_an_early_finish_are_refused(site: Any) -> None:
    running = await site.interview("ada")
    gap = await post(running, "/bot/v1/events", batch(3, 4))
    assert (gap.status_code, gap.headers["content-type"]) == (409, "application/problem+json")
    assert (gap.json()["type"], gap.json()["expected"]) == ("https://parley.dev/problems/event-gap", 1)
    await post(running, "/bot/v1/events", batch(1, 3))
    other = [ConnectionChanged(who="bot", what="left"), *STORY[1:]]
    conflict = await post(running, "/bot/v1/events", batch(1, 4, story=other))
    assert (conflict.status_code, conflict.json()["type"]) == (409, "https://parley.dev/problems/event-conflict")
    early = await post(running, "/bot/v1/finish", '{"attempt": 1, "reason": "Completed", "lastEvent": 5}')
    assert (early.status_code, early.json()["expected"]) == (409, 4)
    assert await site.store.get(layout.artifact(running.ref.namespace, running.ref.uid, "transcript.json")) is None
    malformed = await post(running, "/bot/v1/events", '{"attempt": 1, "events": [{"n": 0}]}')
    assert malformed.status_code == 422
    assert "events[0].n" in malformed.json()["detail"]


async def test_a_replacement_goes_on_and_the_replaced_is_refused(site: Any) -> None:
    running = await site.interview("ada")
    await post(running, "/bot/v1/events", batch(1, 4))
    await running.write_inputs(2)
    second = await running.make_pod(2)
    answer = await site.http.get("/bot/v1/assignment", headers=await running.headers(second))
    assignment = Assignment.model_validate_json(answer.content)
    assert assignment.attempt == 2
    assert [(one.attempt, len(one.events)) for one in assignment.history] == [(1, 4)]
    stale = await site.http.get("/bot/v1/assignment", headers=await running.headers())
    assert (stale.status_code, stale.json()["type"]) == (409, "https://parley.dev/problems/stale-attempt")
    assert stale.json()["currentAttempt"] == 2
    for path, body in (
        ("/bot/v1/events", batch(5, 5)),
        ("/bot/v1/finish", '{"attempt": 1, "reason": "Completed", "lastEvent": 4}'),
    ):
        refused = await post(running, path, body)
        assert (refused.status_code, refused.json()["type"]) == (409, "https://parley.dev/problems/stale-attempt")
    pretender = await post(running, "/bot/v1/events", batch(5, 5, attempt=1), pod=second)
    assert pretender.json()["type"] == "https://parley.dev/problems/stale-attempt"
    assert (await post(running, "/bot/v1/events", batch(1, 1, attempt=2), pod=second)).json() == {"acknowledged": 1}


async def test_what_a_dead_bot_left_is_sealed_without_its_secret(site: Any) -> None:
    running = await site.interview("ada")
    await site.http.get("/bot/v1/assignment", headers=await running.headers())
    await post(running, "/bot/v1/events", batch(1, 5))
    await site.core.delete_namespaced_secret(running.child, site.bots)
    for _ in range(2):
        answer = await order(running, "seal", reason="TechnicalFault")
        assert answer.json() == {"sealed": True, "turns": 2}
    transcript = await read_transcript(running)
    assert (transcript.title, transcript.reason) == ("Backend engineer", "TechnicalFault")
    assert transcript.questions[0].text == "What did you build?"
    assert transcript.finished_at == START + timedelta(seconds=5)
    assert (await running.status())["session"]["reason"] == "TechnicalFault"


async def test_nothing_stored_is_nothing_sealed(site: Any) -> None:
    running = await site.interview("ada")
    await site.http.get("/bot/v1/assignment", headers=await running.headers())
    prefix = layout.prefix(running.ref.namespace, running.ref.uid)
    assert await site.store.list(prefix) == [prefix + "plan.json"]
    for _ in range(2):
        assert (await order(running, "seal")).json() == {"sealed": False, "turns": 0}
        assert await site.store.list(prefix) == [prefix + "sealing.json"], "the plan names the candidate"
    assert "conditions" not in await running.status()
    for late in (
        await post(running, "/bot/v1/events", batch(1, 1)),
        await site.http.get("/bot/v1/assignment", headers=await running.headers()),
    ):
        assert (late.status_code, late.json()["type"].rsplit("/", 1)[1]) == (409, "interview-finished")


@pytest.mark.parametrize("way", ["finish", "seal", "assignment"])
async def test_an_end_that_was_broken_off_is_completed_as_it_was_told(site: Any, way: str) -> None:
    """The API died between the log's end and the transcript; whoever comes next completes it."""
    running = await site.interview("ada")
    await post(running, "/bot/v1/events", batch(1, 5))
    told = Sealing(closed_at=START, reason="TimeLimit", attempt=1, finished_at=START + timedelta(minutes=1))
    await close_log(site.store, running.ref, told)
    if way == "finish":
        finish = '{"attempt": 1, "reason": "Completed", "lastEvent": 5}'
        assert (await post(running, "/bot/v1/finish", finish)).status_code == 204
    elif way == "seal":
        assert (await order(running, "seal")).json() == {"sealed": True, "turns": 2}
    else:
        answer = await site.http.get("/bot/v1/assignment", headers=await running.headers())
        assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[1]) == (409, "interview-finished")
    transcript = await read_transcript(running)
    assert (transcript.reason, transcript.finished_at) == ("TimeLimit", START + timedelta(minutes=1))
    assert len(transcript.turns) == 2
    assert (await running.status())["session"]["reason"] == "TimeLimit"


async def test_an_early_finish_closes_no_log(site: Any) -> None:
    running = await site.interview("ada")
    await post(running, "/bot/v1/events", batch(1, 3))
    early = await post(running, "/bot/v1/finish", '{"attempt": 1, "reason": "Completed", "lastEvent": 5}')
    assert early.json()["type"].endswith("/event-gap")
    assert (await post(running, "/bot/v1/events", batch(4, 5))).json() == {"acknowledged": 5}


async def test_a_seal_counts_the_attempts_that_died_silent(site: Any) -> None:
    running = await site.interview("ada")
    await site.http.get("/bot/v1/assignment", headers=await running.headers())
    await post(running, "/bot/v1/events", batch(1, 5))
    await running.operator_status(3)
    await order(running, "seal", reason="TechnicalFault")
    assert (await read_transcript(running)).attempts == 3
    assert (await running.status())["session"]["attempt"] == 3


async def test_sealing_an_interview_that_is_gone_still_stores_the_transcript(site: Any) -> None:
    running = await site.interview("ada")
    await post(running, "/bot/v1/events", batch(1, 5))
    await running.delete()
    assert (await order(running, "seal")).json() == {"sealed": True, "turns": 2}


async def test_erasing_leaves_a_proof_and_shuts_the_log(site: Any) -> None:
    running = await site.interview("ada")
    await post(running, "/bot/v1/events", batch(1, 4))
    await order(running, "seal")
    for _ in range(2):
        assert (await order(running, "erase")).status_code == 204
    ref = running.ref
    left = await site.store.list(layout.prefix(ref.namespace, ref.uid))
    assert left == [layout.artifact(ref.namespace, ref.uid, "erasure.json")]
    for path, body in (
        ("/bot/v1/events", batch(1, 5)),
        ("/bot/v1/finish", '{"attempt": 1, "reason": "Completed", "lastEvent": 4}'),
    ):
        late = await post(running, path, body)
        assert (late.status_code, late.json()["type"]) == (409, "https://parley.dev/problems/interview-erased")
    assert (await order(running, "seal")).json() == {"sealed": False, "turns": 0}
    assert await site.store.list(layout.prefix(ref.namespace, ref.uid)) == left


async def test_an_interview_that_is_gone_is_erased_by_its_uid(site: Any) -> None:
    running = await site.interview("ada")
    await post(running, "/bot/v1/events", batch(1, 4))
    await order(running, "seal")
    await running.delete()
    assert (await order(running, "erase")).status_code == 204
    ref = running.ref
    left = await site.store.list(layout.prefix(ref.namespace, ref.uid))
    assert left == [layout.artifact(ref.namespace, ref.uid, "erasure.json")]


async def test_a_store_that_fails_acknowledges_nothing(site: Any, tmp_path: Any) -> None:
    running = await site.interview("ada")
    folder = tmp_path / "store"
    folder.write_text("in the way")
    answer = await post(running, "/bot/v1/events", batch(1, 4))
    assert (answer.status_code, answer.json()["type"]) == (503, "https://parley.dev/problems/store-unavailable")
    assert answer.headers["retry-after"] == "2"
    folder.unlink()
    assert (await post(running, "/bot/v1/events", batch(1, 4))).json() == {"acknowledged": 4}


@pytest.mark.parametrize("uid", ["..", "a%2Fb", "x" * 65])
async def test_an_odd_uid_reaches_no_key(site: Any, uid: str) -> None:
    headers = {"Authorization": f"Bearer {await site.operator_token()}"}
    body = {"namespace": "hiring", "name": "ada"}
    answer = await site.http.post(f"/internal/v1/interviews/{uid}/erase", json=body, headers=headers)
    assert answer.status_code in (404, 422)
    escape = {"namespace": "../..", "name": "ada"}
    answer = await site.http.post("/internal/v1/interviews/u-1/erase", json=escape, headers=headers)
    assert answer.status_code == 422


async def order(running: Any, verb: str, **fields: str) -> Any:
    headers = {"Authorization": f"Bearer {await running.site.operator_token()}"}
    body = {"namespace": running.ref.namespace, "name": running.ref.name, **fields}
    answer = await running.site.http.post(
        f"/internal/v1/interviews/{running.ref.uid}/{verb}", json=body, headers=headers
    )
    assert answer.status_code < 300, answer.text
    return answer


async def read_transcript(running: Any) -> Transcript:
    key = layout.artifact(running.ref.namespace, running.ref.uid, "transcript.json")
    data = await running.site.store.get(key)
    return Transcript.model_validate_json(data)


def _path(running: Any) -> str:
    return f"/apis/parley.dev/v1alpha1/namespaces/{running.ref.namespace}/interviews/{running.ref.name}"
