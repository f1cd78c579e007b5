"""The candidate's paths: what the link opens, consent, connect."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from parley_protocol.tickets import verify_ticket
from parley_rooms.links import ticket_key
from support.api import CONSENT_VERSION, LINK_KEY, Api, Interviewed, eventually

MakeInterview = Callable[..., Interviewed]
CONSENT = {"version": CONSENT_VERSION}
POD_IP = "127.0.0.3"


def slug(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    assert answer.json()["status"] == answer.status_code
    return str(answer.json()["type"].removeprefix("https://parley.dev/problems/"))


def time(minutes: float) -> str:
    return (datetime.now(UTC) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


async def opened(http: httpx.AsyncClient, made: Interviewed, **expected: Any) -> dict[str, Any]:
    """What the link opens, once the API's cache has heard of it and shows what is expected."""

    async def view() -> dict[str, Any] | None:
        answer = await http.get("/join/v1/interview", headers=made.headers())
        document: dict[str, Any] = answer.json()
        fits = answer.status_code == 200 and all(document.get(key) == value for key, value in expected.items())
        return document if fits else None

    found: dict[str, Any] = await eventually(f"{made.name} shows {expected}", view)
    return found


async def test_what_the_link_opens(http: httpx.AsyncClient, interview: MakeInterview) -> None:
    made = interview(
        overrides={"language": "de-DE", "limits": {"durationSeconds": 600}},
        candidate={"name": "Ada", "extraTimePercent": 50},
    )
    view = await opened(http, made, state="open")
    assert view == {
        "title": "Data engineer",
        "interviewerName": "Ava",
        "language": "de-DE",
        "state": "open",
        "opensAt": None,
        "expiresAt": None,
        "consent": {"text": "An AI interviews you.", "version": CONSENT_VERSION, "required": True, "given": False},
        "recording": False,
        "questions": 2,
        "durationSeconds": 900,
    }


@pytest.mark.parametrize(
    ("phase", "state"),
    [
        ("Provisioning", "preparing"),
        ("Ready", "ready"),
        ("InProgress", "in_progress"),
        ("Completed", "finished"),
        ("Failed", "failed"),
        ("Cancelled", "cancelled"),
        ("Expired", "expired"),
    ],
)
async def test_the_state_follows_the_phase(
    http: httpx.AsyncClient, interview: MakeInterview, phase: str, state: str
) -> None:
    await opened(http, interview(phase), state=state)


async def test_a_get_changes_nothing(http: httpx.AsyncClient, interview: MakeInterview) -> None:
    made = interview()
    await opened(http, made)
    before = made.read()["metadata"]["resourceVersion"]
    answer = await http.get("/join/v1/interview", headers=made.headers())
    assert answer.headers["cache-control"] == "no-store"
    assert made.read()["metadata"]["resourceVersion"] == before
    for path in ("consent", "connect"):
        assert (await http.get(f"/join/v1/{path}", headers=made.headers())).status_code == 405


async def test_forged_links(http: httpx.AsyncClient, interview: MakeInterview) -> None:
    made = interview()
    forged = [made.token(key="x" * 40), made.token()[:-1], "rubbish", made.token().replace("v1.", "v2.")]
    for token in forged:
        for method, path in (("GET", "interview"), ("POST", "consent"), ("POST", "connect")):
            answer = await http.request(
                method, f"/join/v1/{path}", headers={"Authorization": f"Bearer {token}"}, json=CONSENT
            )
            assert answer.status_code in (401, 429)
            assert slug(answer) in ("link-invalid", "too-many-requests")
    # Guessing at an interview never locks its candidate out.
    await opened(http, made)


async def test_guessing_is_slowed_down(http: httpx.AsyncClient, interview: MakeInterview) -> None:
    headers = {"Authorization": f"Bearer {interview().token(key='x' * 40)}"}
    answers = [await http.get("/join/v1/interview", headers=headers) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert int(answers[-1].headers["retry-after"]) > 0


async def test_a_revoked_link(http: httpx.AsyncClient, interview: MakeInterview) -> None:
    made = interview()
    await opened(http, made)
    made.cluster.patch(made.path, {"spec": {"linkEpoch": 1}})
    # What opens or changes something asks the API server: revoked at once.
    for path in ("consent", "connect"):
        answer = await http.post(f"/join/v1/{path}", headers=made.headers(0), json=CONSENT)
        assert (answer.status_code, slug(answer)) == (410, "link-revoked")

    async def revoked() -> bool:
        answer = await http.get("/join/v1/interview", headers=made.headers(0))
        return answer.status_code == 410 and slug(answer) == "link-revoked"

    await eventually("the old link is revoked", revoked)
    assert (await http.get("/join/v1/interview", headers=made.headers(1))).status_code == 200


@pytest.mark.parametrize("path", ["consent", "connect"])
async def test_an_expired_link(http: httpx.AsyncClient, interview: MakeInterview, path: str) -> None:
    """The window counts, also before the operator has written the phase."""
    made = interview("Open", window={"expiresAt": time(-1)})
    await opened(http, made, state="expired")
    answer = await http.post(f"/join/v1/{path}", headers=made.headers(), json=CONSENT)
    assert (answer.status_code, slug(answer), answer.json()["state"]) == (410, "interview-over", "expired")
    assert "session" not in made.read()["status"]


@pytest.mark.parametrize("path", ["consent", "connect"])
async def test_a_link_before_its_time(http: httpx.AsyncClient, interview: MakeInterview, path: str) -> None:
    opens = time(10)
    made = interview("Scheduled", window={"notBefore": opens})
    assert (await opened(http, made, state="scheduled"))["opensAt"] == opens
    answer = await http.post(f"/join/v1/{path}", headers=made.headers(), json=CONSENT)
    assert (answer.status_code, slug(answer), answer.json()["opensAt"]) == (403, "not-yet-open", opens)


async def test_a_deleted_interview(http: httpx.AsyncClient, interview: MakeInterview) -> None:
    made = interview()
    await opened(http, made)
    made.cluster.delete(made.path)
    answer = await http.post("/join/v1/consent", headers=made.headers(), json=CONSENT)
    assert (answer.status_code, slug(answer)) == (410, "interview-over")


async def test_consent_is_written_by_the_api_and_survives_the_operator(
    http: httpx.AsyncClient, interview: MakeInterview
) -> None:
    made = interview()
    await opened(http, made)
    answer = await http.post("/join/v1/consent", headers=made.headers(), json=CONSENT)
    assert answer.status_code == 204, answer.text
    made.operator_status("Provisioning", 1)
    document = made.read()
    status = document["status"]
    assert status["session"]["consentVersion"] == CONSENT_VERSION
    [condition] = [item for item in status["conditions"] if item["type"] == "CandidateArrived"]
    assert (condition["status"], condition["reason"]) == ("True", "Consented")
    assert condition["observedGeneration"] == document["metadata"]["generation"]
    assert status["phase"] == "Provisioning"
    managers = {entry["manager"] for entry in document["metadata"]["managedFields"]}
    assert {"parley-api", "parley-operator"} <= managers
    assert (await opened(http, made, state="preparing"))["consent"]["given"] is True


async def test_consent_again_changes_nothing(http: httpx.AsyncClient, interview: MakeInterview) -> None:
    made = interview()
    await opened(http, made)
    answers = await asyncio.gather(
        *(http.post("/join/v1/consent", headers=made.headers(), json=CONSENT) for _ in range(8))
    )
    assert [answer.status_code for answer in answers] == [204] * 8
    first = made.read()["status"]
    assert (await http.post("/join/v1/consent", headers=made.headers(), json=CONSENT)).status_code == 204
    assert made.read()["status"] == first


async def test_consent_to_another_text(http: httpx.AsyncClient, interview: MakeInterview) -> None:
    made = interview()
    await opened(http, made)
    answer = await http.post("/join/v1/consent", headers=made.headers(), json={"version": "2020"})
    assert (answer.status_code, slug(answer)) == (409, "consent-changed")
    answer = await http.post("/join/v1/consent", headers=made.headers(), json={})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "version")


async def test_no_room_without_consent(http: httpx.AsyncClient, interview: MakeInterview) -> None:
    made = interview("Ready", attempt=1)
    made.bot(ip=POD_IP)
    await opened(http, made)
    answer = await http.post("/join/v1/connect", headers=made.headers())
    assert (answer.status_code, slug(answer)) == (403, "consent-required")


async def test_connect_waits_for_the_bot(http: httpx.AsyncClient, interview: MakeInterview, api: Api) -> None:
    made = interview("Open")
    await opened(http, made)
    await http.post("/join/v1/consent", headers=made.headers(), json=CONSENT)

    async def not_ready() -> None:
        answer = await http.post("/join/v1/connect", headers=made.headers())
        assert (answer.status_code, slug(answer)) == (409, "not-ready")
        assert int(answer.headers["retry-after"]) > 0

    await not_ready()
    made.operator_status("Provisioning", 1)
    await not_ready()
    made.operator_status("Ready", 1)
    await not_ready()  # there is no pod
    made.bot(ip=POD_IP)
    answer = await http.post("/join/v1/connect", headers=made.headers())
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json().keys() == {"wsUrl", "token"}
    assert answer.json()["wsUrl"] == f"{api.url.replace('http', 'ws')}/rooms/{made.uid}/ws"
    key = ticket_key(LINK_KEY.encode(), made.uid)
    verify_ticket([key], answer.json()["token"], uid=made.uid, attempt=1, now=datetime.now(UTC).timestamp())
    made.operator_status("InProgress", 2)
    await not_ready()  # the successor is not there yet


async def test_a_pod_that_is_not_ready_takes_nobody(http: httpx.AsyncClient, interview: MakeInterview) -> None:
    made = interview("Ready", attempt=1)
    await opened(http, made)
    made.bot(ip=None)
    await http.post("/join/v1/consent", headers=made.headers(), json=CONSENT)
    answer = await http.post("/join/v1/connect", headers=made.headers())
    assert (answer.status_code, slug(answer)) == (409, "not-ready")


async def test_a_daily_room_without_a_key_says_so(http: httpx.AsyncClient, interview: MakeInterview) -> None:
    made = interview("Ready", attempt=1)
    await opened(http, made)
    made.bot(ip=POD_IP, provider="daily")
    await http.post("/join/v1/consent", headers=made.headers(), json=CONSENT)
    answer = await http.post("/join/v1/connect", headers=made.headers())
    assert (answer.status_code, slug(answer)) == (503, "room-unavailable")


async def test_no_link_and_no_ticket_stands_in_the_log(
    http: httpx.AsyncClient, interview: MakeInterview, api: Api
) -> None:
    made = interview("Ready", attempt=1)
    made.bot(ip=POD_IP)
    await opened(http, made)
    await http.post("/join/v1/consent", headers=made.headers(), json=CONSENT)
    ticket = (await http.post("/join/v1/connect", headers=made.headers())).json()["token"]
    log = api.logged()
    assert made.token() not in log
    assert ticket not in log
    assert LINK_KEY not in log


@pytest.mark.parametrize(
    ("recording", "agrees", "record"), [(True, True, True), (True, False, False), (False, True, False)]
)
async def test_the_ticket_tells_whether_the_connection_is_recorded(
    http: httpx.AsyncClient, interview: MakeInterview, recording: bool, agrees: bool, record: bool
) -> None:
    consent = {"text": "An AI interviews you.", "version": CONSENT_VERSION, "required": False}
    template = {"recording": {"enabled": recording}, "consent": consent}
    made = interview("Ready", attempt=1, template=template)
    made.bot(ip=POD_IP)
    await opened(http, made)
    if agrees:
        await http.post("/join/v1/consent", headers=made.headers(), json=CONSENT)
    answer = await http.post("/join/v1/connect", headers=made.headers())
    assert answer.status_code == 200, answer.text
    key, now = ticket_key(LINK_KEY.encode(), made.uid), datetime.now(UTC).timestamp()
    assert verify_ticket([key], answer.json()["token"], uid=made.uid, attempt=1, now=now).record is record


async def test_a_recording_that_is_required_needs_consent(http: httpx.AsyncClient, interview: MakeInterview) -> None:
    consent = {"text": "An AI interviews you.", "version": CONSENT_VERSION, "required": False}
    template = {"recording": {"enabled": True, "required": True}, "consent": consent}
    made = interview("Ready", attempt=1, template=template)
    made.bot(ip=POD_IP)
    assert (await opened(http, made))["consent"]["required"] is True
    answer = await http.post("/join/v1/connect", headers=made.headers())
    assert (answer.status_code, slug(answer)) == (403, "consent-required")
