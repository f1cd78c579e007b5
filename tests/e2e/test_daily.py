"""(f) Daily without Daily: what the operator makes there, how a bot ends that can't join, and the bot's part in a call.

The emulator has Daily's REST API and no calls. So the cluster shows rooms, tokens and a failed join; and the bot image
runs with its real DailyTransport, to which the events of a call are delivered as Daily's client would.
"""

import json
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from support.cluster import API, Cluster, Hiring, Json
from support.daily import DailyEmulator
from support.in_image import run_in_bot_image
from support.wait import until

EVENTS = Path(__file__).parent / "in_image" / "daily_events.py"
MOST_SECONDS_TO_FAIL = 30
ROOM_LOST = 14
DAILY = {"room": {"provider": "daily"}}


def seconds_between(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def test_a_bot_that_cannot_join_its_daily_room_ends_with_the_reason(hiring: Hiring) -> None:
    daily = DailyEmulator(hiring.cluster)
    hiring.cluster.apply(hiring.template(**DAILY), hiring.interview("ada", backoffLimit=0))
    name = until("a room", lambda: hiring.get("ada").get("status", {}).get("room"), 30)["name"]
    uid, link = hiring.uid("ada"), hiring.get("ada")["status"]["linkSecretName"]
    room = until("the room at Daily", lambda: daily.rooms().get(name), 30)
    assert room["privacy"] == "private"
    assert {"max_participants": 2, "eject_at_room_exp": True}.items() <= room["config"].items()
    assert room["participants"] == []
    assert _connect(hiring) == (403, "consent-required"), "nobody gets a token before agreeing"

    interview = hiring.wait_phase("ada", "Failed", seconds=90)
    (attempt,) = interview["status"]["attempts"]["history"]
    assert attempt["reason"] == "RoomJoinFailed"
    assert room["url"] in attempt["message"], "the bot was given the room's address"
    assert seconds_between(attempt["startedAt"], attempt["endedAt"]) < MOST_SECONDS_TO_FAIL
    failed = hiring.condition("ada", "Failed")
    assert (failed["status"], failed["reason"]) == ("True", "BackoffLimitExceeded")
    assert "RoomJoinFailed" in failed["message"]
    assert "room" not in interview["status"]

    assert name not in daily.rooms()
    until("nothing is left", lambda: not hiring.leftovers(uid), 15)
    until("the link is gone", lambda: hiring.cluster.get("secret", link, hiring.namespace) is None, 15)


def _connect(hiring: Hiring) -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {hiring.token('ada')}"}
    answer = httpx.post(f"{API}/join/v1/connect", headers=headers, timeout=10)
    return answer.status_code, answer.json()["type"].rsplit("/")[-1]


def played(cluster: Cluster, scenario: str) -> tuple[Json, list[str]]:
    """The outcome of a scenario in the bot's image, and the messages of the bot's own log."""
    *lines, last = run_in_bot_image(cluster, EVENTS, scenario).splitlines()
    assert not [line for line in lines if "the-token" in line], "a token is nothing for a log"
    records = [json.loads(line) for line in lines if line.startswith('{"time"')]
    own = [r["message"] for r in records if r["logger"].startswith("parley_bot")]
    return json.loads(last)["outcome"], own


def test_the_events_of_a_call_reach_the_bot(cluster: Cluster) -> None:
    outcome, log = played(cluster, "comings_and_goings")
    (room, token), *later = outcome["asked"]
    assert (room, token) == ("https://parley-emulator.daily.co/driven", "the-token")
    connections = [event for event in outcome["events"] if event.endswith((" joined", " left"))]
    assert connections == [
        "bot joined",
        "candidate joined",
        "candidate left",
        "candidate joined",
        "candidate left",
        "bot left",
    ]
    turns = [event for event in outcome["events"] if event.startswith("turn interviewer")]
    assert turns[0] == "turn interviewer: Hello Kim. Which outage have you solved?"
    assert "Welcome back" in turns[1]
    assert [message for message in log if message.startswith("recording")] == [
        "recording started",
        "recording failed: no space",
        "recording stopped",
    ]
    # The call ended underneath the bot: there is nothing left to leave, and the interview is another attempt's.
    assert later == []
    assert (outcome["finished"], outcome["exit_code"]) == (None, ROOM_LOST)


def test_a_call_that_breaks_down_is_a_fault(cluster: Cluster) -> None:
    outcome, _ = played(cluster, "failed")
    assert (outcome["finished"], outcome["exit_code"]) == (None, ROOM_LOST)
    assert outcome["events"][-2:] == ["candidate left", "bot left"]
    assert outcome["seconds"] < MOST_SECONDS_TO_FAIL


def test_a_candidate_who_leaves_for_good_ends_the_call(cluster: Cluster) -> None:
    outcome, _ = played(cluster, "left_for_good")
    assert (outcome["finished"], outcome["exit_code"]) == ("CandidateLeft", 0)
    assert outcome["events"][-2:] == ["candidate left", "bot left"]
    assert outcome["asked"][-1][0] == "leave", "the bot leaves the room itself"


@pytest.mark.parametrize(
    ("scenario", "finished", "exit_code", "events"),
    [("put_out", None, ROOM_LOST, ["bot joined", "bot left"]), ("refused", None, 11, [])],
)
def test_a_call_without_a_candidate(
    cluster: Cluster, scenario: str, finished: str | None, exit_code: int, events: list[str]
) -> None:
    outcome, log = played(cluster, scenario)
    assert (outcome["finished"], outcome["exit_code"], outcome["events"]) == (finished, exit_code, events)
    assert outcome["seconds"] < MOST_SECONDS_TO_FAIL
    if scenario == "refused":
        assert "exp-token" in log[-1]
