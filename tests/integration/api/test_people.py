"""People's paths: create, list, get, cancel, link, transcript, recording."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from parley_api.people.recording import PIECE_BYTES
from parley_api.recordings.parts import keep
from parley_api.store import FolderStore
from parley_api.transcripts import erase
from parley_api.transcripts.archive import publish
from parley_api.transcripts.assemble import Ending
from parley_protocol import InterviewRef, RecordingPart
from parley_rooms.links import Link, verify_link
from support.api import ALL_RIGHTS, LINK_KEY, PAGE, Api, Interviewed
from support.ogg import SECOND, numbers, stream

Person = Callable[..., Awaitable[dict[str, str]]]
MakeInterview = Callable[..., Interviewed]
SPEC: dict[str, Any] = {"templateRef": {"name": "data-engineer"}, "candidate": {"name": "Ada"}}


@pytest.fixture
async def headers(person: Person) -> dict[str, str]:
    return await person(ALL_RIGHTS)


@pytest.fixture
def path(namespace: str) -> str:
    return f"/v1/namespaces/{namespace}/interviews"


async def test_create_and_get(http: httpx.AsyncClient, path: str, headers: dict[str, str], cluster: Any) -> None:
    body = {"name": "ada.lovelace", "labels": {"team": "data"}, "spec": SPEC}
    created = await http.post(path, json=body, headers=headers)
    assert created.status_code == 201, created.text
    assert created.headers["location"] == f"{path}/ada.lovelace"
    got = await http.get(created.headers["location"], headers=headers)
    assert got.json() == created.json()
    assert got.json()["template"] == "data-engineer"
    assert got.json()["labels"] == {"team": "data"}
    stored = cluster.get(path.replace("/v1/", "/apis/parley.dev/v1alpha1/") + "/ada.lovelace")
    assert stored["metadata"]["annotations"]["parley.dev/created-by"].startswith("system:serviceaccount:")
    # The schema's defaults are its own: what the caller left out was left out.
    assert stored["spec"]["noShowSeconds"] == 900


async def test_a_name_that_is_taken(http: httpx.AsyncClient, path: str, headers: dict[str, str]) -> None:
    body = {"name": "twice", "spec": SPEC}
    assert (await http.post(path, json=body, headers=headers)).status_code == 201
    again = await http.post(path, json=body, headers=headers)
    assert again.status_code == 409
    assert again.json()["type"].endswith("/already-exists")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "x", "spec": {}}, "spec.templateRef"),
        ({"name": "x", "spec": {"templateRef": {"name": "Not A Name"}}}, "spec.templateRef.name"),
        ({"name": "x", "spec": {**SPEC, "noShowSeconds": 1}}, "spec.noShowSeconds"),
        ({"name": "x", "spec": {**SPEC, "colour": "red"}}, "spec.colour"),
        ({"name": "x", "spec": {**SPEC, "candidate": {"extraTimePercent": 900}}}, "spec.candidate.extraTimePercent"),
        # Only the API server knows these: its CEL rules, and what a name is.
        (
            {
                "name": "x",
                "spec": {**SPEC, "window": {"notBefore": "2031-01-02T00:00:00Z", "expiresAt": "2031-01-01T00:00:00Z"}},
            },
            "spec.window.expiresAt",
        ),
        (
            {"name": "x", "spec": {**SPEC, "overrides": {"recording": {"enabled": True}}}},
            "spec.overrides.recording.enabled",
        ),
        ({"name": "Not A Name", "spec": SPEC}, "metadata.name"),
        ({"name": "x", "labels": {"not a key": "x"}, "spec": SPEC}, "metadata.labels"),
    ],
)
async def test_bad_input_is_a_422_that_names_the_field(
    http: httpx.AsyncClient, path: str, headers: dict[str, str], body: dict[str, Any], field: str
) -> None:
    answer = await http.post(path, json=body, headers=headers)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == "https://parley.dev/problems/invalid"
    assert field in [error["field"] for error in problem["errors"]]
    assert field in problem["detail"]
    assert all(error["message"] for error in problem["errors"])


@pytest.mark.parametrize("names", [{}, {"name": "a", "generateName": "a-"}])
async def test_one_name_is_needed(
    http: httpx.AsyncClient, path: str, headers: dict[str, str], names: dict[str, str]
) -> None:
    answer = await http.post(path, json={**names, "spec": SPEC}, headers=headers)
    assert answer.status_code == 422
    assert "generateName" in answer.json()["detail"]


async def test_what_is_no_json_is_a_problem_too(http: httpx.AsyncClient, path: str, headers: dict[str, str]) -> None:
    answer = await http.post(path, content=b"{", headers={**headers, "Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["type"].endswith("/bad-request")


async def test_a_list_has_pages(
    http: httpx.AsyncClient, path: str, headers: dict[str, str], interview: MakeInterview
) -> None:
    names = {interview().name for _ in range(5)}
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = (await http.get(path, params=query, headers=headers)).json()
        assert len(page["items"]) <= 2
        seen += [item["name"] for item in page["items"]]
        if page["continue"] is None:
            break
        query["continue"] = page["continue"]
    assert sorted(seen) == sorted(names)


async def test_a_list_by_label(http: httpx.AsyncClient, path: str, headers: dict[str, str]) -> None:
    for team in ("data", "web"):
        await http.post(path, json={"generateName": "x-", "labels": {"team": team}, "spec": SPEC}, headers=headers)
    page = (await http.get(path, params={"labelSelector": "team=web"}, headers=headers)).json()
    assert [item["labels"] for item in page["items"]] == [{"team": "web"}]
    bad = await http.get(path, params={"labelSelector": "=="}, headers=headers)
    assert bad.status_code == 400


async def test_what_is_not_there(http: httpx.AsyncClient, path: str, headers: dict[str, str]) -> None:
    answer = await http.get(f"{path}/nobody", headers=headers)
    assert answer.status_code == 404
    assert answer.json()["type"].endswith("/not-found")


async def test_cancel(http: httpx.AsyncClient, path: str, headers: dict[str, str], interview: MakeInterview) -> None:
    made = interview()
    for _ in range(2):
        answer = await http.post(f"{path}/{made.name}/cancel", headers=headers)
        assert answer.status_code == 200, answer.text
        assert answer.json()["cancel"] is True
    assert made.read()["spec"]["cancel"] is True


async def test_what_is_over_can_not_be_cancelled(
    http: httpx.AsyncClient, path: str, headers: dict[str, str], interview: MakeInterview
) -> None:
    answer = await http.post(f"{path}/{interview('Completed').name}/cancel", headers=headers)
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("/interview-over")


async def test_the_link(http: httpx.AsyncClient, path: str, headers: dict[str, str], interview: MakeInterview) -> None:
    made = interview(linkEpoch=3)
    answer = await http.get(f"{path}/{made.name}/link", headers=headers)
    assert answer.headers["cache-control"] == "no-store"
    base, _, token = answer.json()["url"].partition("#")
    assert base == f"{PAGE}/join"
    assert verify_link([LINK_KEY.encode()], token) == Link(made.uid, 3)


@pytest.mark.parametrize(
    ("form", "content_type"),
    [
        ("json", "application/json"),
        ("vtt", "text/vtt; charset=utf-8"),
        ("txt", "text/plain; charset=utf-8"),
    ],
)
async def test_a_transcript_in_each_form(
    http: httpx.AsyncClient,
    path: str,
    headers: dict[str, str],
    interview: MakeInterview,
    api: Api,
    form: str,
    content_type: str,
) -> None:
    made = interview("Completed")
    folder = api.store / "interviews" / made.namespace / made.uid
    folder.mkdir(parents=True)
    (folder / f"transcript.{form}").write_bytes(b"what was said")
    answer = await http.get(f"{path}/{made.name}/transcript", params={"format": form}, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.content == b"what was said"
    assert answer.headers["content-type"] == content_type


async def test_a_transcript_that_is_not_there(
    http: httpx.AsyncClient, path: str, headers: dict[str, str], interview: MakeInterview
) -> None:
    running, expired = interview("InProgress"), interview("Expired")
    answer = await http.get(f"{path}/{running.name}/transcript", headers=headers)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "not-finished")
    answer = await http.get(f"{path}/{expired.name}/transcript", headers=headers)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (404, "no-transcript")
    answer = await http.get(f"{path}/{expired.name}/transcript?format=pdf", headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "format"


async def test_a_quota_is_the_callers_to_know(
    http: httpx.AsyncClient, path: str, cluster: Any, namespace: str, headers: dict[str, str]
) -> None:
    quotas = f"/api/v1/namespaces/{namespace}/resourcequotas"
    hard = {"count/interviews.parley.dev": "0"}
    cluster.create(quotas, {"metadata": {"name": "few"}, "spec": {"hard": hard}})
    # No controller counts here.
    cluster.patch(f"{quotas}/few/status", {"status": {"hard": hard, "used": hard}})
    answer = await http.post(path, json={"name": "one-too-many", "spec": SPEC}, headers=headers)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (403, "refused-by-cluster"), answer.text
    assert "exceeded quota" in answer.json()["detail"]


async def test_a_transcript_that_was_erased(
    http: httpx.AsyncClient, api: Api, interview: MakeInterview, path: str, headers: dict[str, str]
) -> None:
    made = interview("Completed")
    await erase(FolderStore(api.store), made.namespace, made.uid, why="retention")
    answer = await http.get(f"{path}/{made.name}/transcript", headers=headers)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (410, "transcript-erased")
    assert "its time was over" in answer.json()["detail"]
    assert answer.json()["erasedAt"][:2] == "20"


@pytest.fixture
async def recorded(api: Api, interview: MakeInterview) -> Interviewed:
    """An interview that has ended, with its recording stored."""
    made, store = interview("Completed"), FolderStore(api.store)
    ref = InterviewRef(namespace=made.namespace, name=made.name, uid=made.uid)
    first, *seconds = stream(240)
    minutes = [b"".join(seconds[at : at + 60]) for at in range(0, 240, 60)]
    for number, body in enumerate([first, *minutes], start=1):
        digest = hashlib.sha256(body).hexdigest()
        start = max(0, number - 2) * 60_000
        about = RecordingPart(attempt=1, start_ms=start, duration_ms=60_000 * (number > 1), sha256=digest)
        await keep(store, ref, number, about, body)
    await publish(store, ref, None, [], Ending("Completed", datetime.now(UTC)))
    return made


async def test_a_recording_whole_and_in_parts(
    http: httpx.AsyncClient, path: str, headers: dict[str, str], recorded: Interviewed
) -> None:
    whole = await http.get(f"{path}/{recorded.name}/recording", headers=headers)
    assert whole.status_code == 200, whole.text
    assert list(numbers(whole.content)) == list(range(240 * SECOND))
    assert len(whole.content) > PIECE_BYTES
    assert whole.headers["content-type"] == "audio/ogg; codecs=opus"
    assert whole.headers["cache-control"] == "private, no-store"
    part = await http.get(f"{path}/{recorded.name}/recording", headers={**headers, "Range": "bytes=100-1200099"})
    assert (part.status_code, part.content) == (206, whole.content[100:1_200_100])
    assert part.headers["content-range"] == f"bytes 100-1200099/{len(whole.content)}"
    beyond = await http.get(f"{path}/{recorded.name}/recording", headers={**headers, "Range": "bytes=9999999-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(whole.content)}")


async def test_a_recording_that_is_not_there(
    http: httpx.AsyncClient, path: str, headers: dict[str, str], interview: MakeInterview, api: Api
) -> None:
    async def refusal(name: str) -> tuple[int, str]:
        answer = await http.get(f"{path}/{name}/recording", headers=headers)
        return answer.status_code, answer.json()["type"].rpartition("/")[2]

    assert await refusal(interview("InProgress").name) == (409, "not-finished")
    assert await refusal(interview("Expired").name) == (404, "no-recording")
    unrecorded = interview("Completed")
    ref = InterviewRef(namespace=unrecorded.namespace, name=unrecorded.name, uid=unrecorded.uid)
    await publish(FolderStore(api.store), ref, None, [], Ending("Completed", datetime.now(UTC)))
    assert await refusal(unrecorded.name) == (404, "no-recording")
    erased = interview("Completed")
    await erase(FolderStore(api.store), erased.namespace, erased.uid, why="erased")
    assert await refusal(erased.name) == (410, "recording-erased")
