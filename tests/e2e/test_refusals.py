"""(e) Bad input: a clear error that names the field, nothing provisioned, nothing left."""

import asyncio
import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import websockets
from parley_crds.names import child_name
from support.cluster import API, Hiring
from support.daily import DailyEmulator
from support.wait import until

HOUR = timedelta(hours=1)
AT_ONCE = 10
"""Seconds."""


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def candidate_api() -> Iterator[httpx.Client]:
    with httpx.Client(base_url=API, timeout=10) as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def nothing_provisioned(hiring: Hiring, name: str) -> bool:
    """Neither pod nor Secret, in the bots' namespace and the team's, nor a room at Daily."""
    child = child_name(name, hiring.uid(name))
    return not hiring.provisioned(name) and not any(child in room for room in DailyEmulator(hiring.cluster).rooms())


def test_the_api_names_the_field(hiring: Hiring) -> None:
    headers = hiring.bearer("recruiter", "create:interviews")
    body = {"name": "ada", "spec": {"templateRef": {"name": "engineer"}, "noShowSeconds": -1, "candidat": {}}}
    answer = httpx.post(f"{API}/v1/namespaces/{hiring.namespace}/interviews", json=body, headers=headers)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"spec.noShowSeconds", "spec.candidat"} <= {e["field"] for e in answer.json()["errors"]}
    assert hiring.cluster.get("interview", "ada", hiring.namespace) is None


def test_kubectl_is_told_the_field_by_the_schema(hiring: Hiring) -> None:
    import yaml

    said = hiring.cluster.refused("apply", "-f", "-", stdin=yaml.safe_dump(hiring.interview("ada", noShowSeconds=-1)))
    assert "spec.noShowSeconds" in said
    recorded = hiring.template(recording={"required": True})
    assert "spec.recording.required" in hiring.cluster.refused("apply", "-f", "-", stdin=yaml.safe_dump(recorded))


def test_an_unknown_template_waits_and_goes_on_when_it_appears(hiring: Hiring) -> None:
    hiring.cluster.apply(hiring.interview("ada"))
    accepted = hiring.wait_condition("ada", "Accepted", "False")
    assert accepted["reason"] == "TemplateNotFound"
    assert "engineer" in accepted["message"]
    assert hiring.phase("ada") == "Pending"
    assert nothing_provisioned(hiring, "ada")
    hiring.cluster.apply(hiring.template())
    hiring.wait_phase("ada", "Ready")
    assert {entry.split("/")[0] for entry in hiring.provisioned("ada")} == {"Pod", "Secret"}, "what is looked for"


def test_a_window_that_is_past_is_expired_at_once(hiring: Hiring) -> None:
    now = datetime.now(UTC)
    window = {"notBefore": stamp(now - 2 * HOUR), "expiresAt": stamp(now - HOUR)}
    hiring.cluster.apply(hiring.template(), hiring.interview("ada", window=window))
    hiring.wait_phase("ada", "Expired", seconds=AT_ONCE)
    assert nothing_provisioned(hiring, "ada")


def test_a_secret_that_is_not_marked_readable_is_refused(hiring: Hiring) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "cv", "namespace": hiring.namespace}}
    context = {"secretKeyRef": {"name": "cv", "key": "text"}}
    hiring.cluster.apply(hiring.template(), secret | {"stringData": {"text": "A life"}})
    hiring.cluster.apply(hiring.interview("ada", context=context))
    accepted = hiring.wait_condition("ada", "Accepted", "False")
    assert accepted["reason"] == "ContextNotReadable"
    assert "parley.dev/readable" in accepted["message"]
    assert nothing_provisioned(hiring, "ada")


def test_forged_revoked_and_expired_links(hiring: Hiring, candidate_api: httpx.Client) -> None:
    hiring.cluster.apply(hiring.template(start="OnArrival"), hiring.interview("ada"))
    hiring.wait_phase("ada", "Open")
    token = hiring.token("ada")
    get = candidate_api.get("/join/v1/interview", headers=bearer(token))
    assert get.status_code == 200, get.text

    forged = token[:-4] + ("AAAA" if not token.endswith("AAAA") else "BBBB")
    answer = candidate_api.get("/join/v1/interview", headers=bearer(forged))
    assert (answer.status_code, answer.json()["type"].rsplit("/")[-1]) == (401, "link-invalid")

    patch = ["patch", "interview", "ada", "-n", hiring.namespace, "--type=merge", "-p"]
    hiring.cluster.kubectl(*patch, '{"spec":{"linkEpoch":1}}')
    until("a new link", lambda: hiring.token("ada") != token, 20)
    answer = candidate_api.get("/join/v1/interview", headers=bearer(token))
    assert (answer.status_code, answer.json()["type"].rsplit("/")[-1]) == (410, "link-revoked")

    renewed = hiring.token("ada")
    past = stamp(datetime.now(UTC) - timedelta(seconds=1))
    hiring.cluster.kubectl(*patch, f'{{"spec":{{"window":{{"expiresAt":"{past}"}}}}}}')
    hiring.wait_phase("ada", "Expired")
    answer = candidate_api.post("/join/v1/connect", headers=bearer(renewed))
    assert (answer.status_code, answer.json()["type"].rsplit("/")[-1]) == (410, "interview-over")
    until("the link is gone too", lambda: nothing_provisioned(hiring, "ada"), AT_ONCE)


def test_a_ticket_opens_the_room_once(hiring: Hiring, candidate_api: httpx.Client) -> None:
    hiring.cluster.apply(hiring.template(), hiring.interview("ada"))
    hiring.wait_phase("ada", "Ready")
    headers = bearer(hiring.token("ada"))
    assert candidate_api.post("/join/v1/connect", headers=headers).status_code == 403, "consent comes first"
    consent = candidate_api.post("/join/v1/consent", json={"version": "2026-11"}, headers=headers)
    assert consent.status_code == 204, consent.text
    grant = until(
        "the room",
        lambda: a.json() if (a := candidate_api.post("/join/v1/connect", headers=headers)).status_code == 200 else None,
        30,
    )
    url = f"{grant['wsUrl']}?token={grant['token']}"
    forged = f"{grant['wsUrl']}?token={base64.urlsafe_b64encode(b'{}').decode()}.AAAA"

    async def enter(url: str, origin: str | None = None) -> int:
        """The code with which the room closes; 0 while it stays open."""
        try:
            async with websockets.connect(url, origin=origin) as room:  # type: ignore[arg-type] # Origin is a str
                try:
                    async with asyncio.timeout(1.5):
                        while True:
                            await room.recv()
                except TimeoutError:
                    return 0
        except websockets.ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006
        except websockets.InvalidStatus as refused:
            return refused.response.status_code

    assert asyncio.run(enter(url, origin="https://elsewhere.example")) == 403
    assert asyncio.run(enter(forged)) == 4401
    assert asyncio.run(enter(url)) == 0
    assert asyncio.run(enter(url)) == 4409
