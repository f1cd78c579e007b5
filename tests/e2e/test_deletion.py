"""(d) `kubectl delete` in the middle of an interview."""

import time
from pathlib import Path

from support.cluster import Hiring
from support.daily import DailyEmulator
from support.speech import ANSWERS, candidate
from support.wait import until

MOST_SECONDS = 10


def test_deleting_an_interview_takes_away_all_that_was_temporary(hiring: Hiring, tmp_path: Path) -> None:
    hiring.cluster.apply(hiring.template(), hiring.interview("ada"))
    uid = hiring.uid("ada")
    link_secret = until("link", lambda: hiring.get("ada")["status"].get("linkSecretName"), 30)
    with candidate(hiring.link("ada"), ANSWERS, tmp_path):
        hiring.wait_phase("ada", "InProgress", seconds=60)
        assert {entry.split("/")[0] for entry in hiring.leftovers(uid)} == {"Pod", "Secret"}, "there is what is to go"
        started = time.monotonic()
        hiring.cluster.delete("interview", "ada", hiring.namespace, "--wait=false")
        until("the Interview is gone", lambda: hiring.cluster.get("interview", "ada", hiring.namespace) is None, 30)
        until("pod and Secrets are gone", lambda: not hiring.leftovers(uid), 30)
        until("the link is gone", lambda: hiring.cluster.get("secret", link_secret, hiring.namespace) is None, 30)
        took = time.monotonic() - started
    print(f"everything gone after {took:.1f} s")
    # A bound of the design on what a user waits for, not a measure of speed.
    assert took < MOST_SECONDS


def test_deleting_an_interview_takes_its_daily_room_away(hiring: Hiring) -> None:
    daily = DailyEmulator(hiring.cluster)
    hiring.cluster.apply(hiring.template(room={"provider": "daily"}), hiring.interview("ada"))
    name = until("a room", lambda: hiring.get("ada").get("status", {}).get("room"), 30)["name"]
    until("the room at Daily", lambda: name in daily.rooms(), 30)
    uid = hiring.uid("ada")
    started = time.monotonic()
    hiring.cluster.delete("interview", "ada", hiring.namespace, "--wait=false")
    until("the Interview is gone", lambda: hiring.cluster.get("interview", "ada", hiring.namespace) is None, 30)
    until("the room is gone", lambda: name not in daily.rooms(), 30)
    until("pod and Secrets are gone", lambda: not hiring.leftovers(uid), 30)
    assert time.monotonic() - started < MOST_SECONDS
