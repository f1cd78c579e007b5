"""A recording's way on /bot/v1: who may send parts, what becomes of them at the end, and what an erasure leaves."""

import hashlib
from typing import Any

import pytest
from parley_api import session_status
from parley_api.store import layout
from parley_protocol import ConsentRecord, Manifest, RecordingPart
from support.ogg import numbers, stream

from .test_bot_paths import START, batch, order, post

BODIES = stream(4)


async def put(running: Any, number: int, body: bytes, pod: Any = None, **changes: Any) -> Any:
    """Send a part: the first is the headers, each other a second; `changes` are of what is said of it."""
    digest = hashlib.sha256(body).hexdigest()
    about = RecordingPart(attempt=1, start_ms=max(0, number - 2) * 1000, duration_ms=1000 * (number > 1), sha256=digest)
    query = {**about.model_dump(by_alias=True), **changes}
    headers = {**await running.headers(pod), "Content-Type": "audio/ogg"}
    return await running.site.http.put(f"/bot/v1/recording/{number}", params=query, content=body, headers=headers)


def slug(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


@pytest.fixture
async def running(site: Any) -> Any:
    """An interview that is recorded, of a candidate who has agreed."""
    running = await site.interview("ada")
    await running.write_inputs(1, recording=True)
    ref = running.ref
    await session_status.update(
        site.services.kube, ref.namespace, ref.name, ref.uid, session_status.consented("2026-1", START)
    )
    await site.http.get("/bot/v1/assignment", headers=await running.headers())
    await post(running, "/bot/v1/events", batch(1, 5))
    return running


async def manifest(running: Any) -> Manifest:
    ref = running.ref
    return Manifest.model_validate_json(
        await running.site.store.get(layout.artifact(ref.namespace, ref.uid, layout.MANIFEST))
    )


async def test_parts_are_the_recording_when_the_interview_ends(running: Any) -> None:
    for number in (1, 2, 2, 4):
        assert (await put(running, number, BODIES[number - 1])).status_code == 204
    finish = '{"attempt": 1, "reason": "Completed", "lastEvent": 5}'
    for _ in range(2):
        assert (await post(running, "/bot/v1/finish", finish)).status_code == 204
    told = await manifest(running)
    entry, ref = told.artifacts[-1], running.ref
    content = await running.site.store.get(layout.artifact(ref.namespace, ref.uid, layout.RECORDING))
    heard = list(numbers(content))
    assert heard == [*range(50), *[None] * 50, *range(100, 150)], "what did not come is silence"
    assert (entry.name, entry.sha256) == (layout.RECORDING, hashlib.sha256(content).hexdigest())
    assert told.recording is not None
    assert told.recording.consent == told.consent == ConsentRecord(version="2026-1", given_at=START)
    (segment,) = told.recording.segments
    assert (segment.attempt, segment.start_ms, segment.duration_ms) == (1, 0, 3000)
    assert [(gap.start_ms, gap.duration_ms) for gap in segment.gaps] == [(1000, 1000)]
    assert await running.site.store.list(layout.recording_prefix(ref.namespace, ref.uid)) == []
    assert slug(await put(running, 5, BODIES[0])) == (409, "interview-finished")


async def test_what_a_dead_bot_has_recorded_is_sealed(running: Any) -> None:
    await put(running, 1, BODIES[0])
    await running.write_inputs(2, recording=True)
    second = await running.make_pod(2)
    await running.site.http.get("/bot/v1/assignment", headers=await running.headers())  # who asked is looked at anew
    assert slug(await put(running, 2, BODIES[1])) == (409, "stale-attempt"), "a replaced bot records no more"
    await put(running, 1, BODIES[1], second, attempt=2, startMs=60_000)
    await running.site.core.delete_namespaced_secret(running.child, running.site.bots)
    for _ in range(2):
        await order(running, "seal", reason="TechnicalFault")
    told = (await manifest(running)).recording
    assert told is not None
    assert [(one.attempt, one.start_ms) for one in told.segments] == [(1, 0), (2, 60_000)]


async def test_an_erasure_takes_what_was_recorded(running: Any) -> None:
    await put(running, 1, BODIES[0])
    await order(running, "erase")
    assert slug(await put(running, 2, BODIES[1])) == (409, "interview-erased")
    ref = running.ref
    left = await running.site.store.list(layout.prefix(ref.namespace, ref.uid))
    assert left == [layout.artifact(ref.namespace, ref.uid, layout.ERASURE)]


@pytest.mark.parametrize(
    ("number", "changes", "told"),
    [
        (1, {"sha256": "0" * 64}, (422, "invalid")),
        (1, {"attempt": 2}, (409, "stale-attempt")),
        (1, {"startMs": -1}, (422, "invalid")),
        (1, {"colour": "red"}, (422, "invalid")),
        (0, {}, (422, "invalid")),
        (20_001, {}, (422, "invalid")),
    ],
)
async def test_what_is_no_part_is_refused(
    running: Any, number: int, changes: dict[str, Any], told: tuple[int, str]
) -> None:
    about = {"startMs": 0, **changes}
    assert slug(await put(running, number, BODIES[0], **about)) == told


async def test_another_part_of_the_same_number_is_refused(running: Any) -> None:
    assert (await put(running, 1, BODIES[0])).status_code == 204
    assert slug(await put(running, 1, BODIES[1])) == (409, "part-conflict")


async def test_nobody_is_recorded_whose_interview_is_not_to_be(site: Any) -> None:
    running = await site.interview("ada")
    assert slug(await put(running, 1, BODIES[0])) == (409, "not-recorded")


async def test_who_is_no_bot_sends_no_sound(running: Any) -> None:
    headers = {"Authorization": f"Bearer {await running.site.operator_token()}"}
    answer = await running.site.http.put("/bot/v1/recording/1", content=BODIES[0], headers=headers)
    assert answer.status_code in (403, 422)


async def test_without_parts_the_manifest_says_that_nothing_came(running: Any) -> None:
    await order(running, "seal")
    told = (await manifest(running)).recording
    assert told is not None
    assert told.segments == []
    assert told.consent is not None
