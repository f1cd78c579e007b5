"""(d) `kubectl delete` in the middle of an interview."""

import time
from pathlib import Path

from support.cluster import Hiring
from support.speech import ANSWERS, candidate
from support.wait import until

MOST_SECONDS = 10


def test_deleting_an_interview_takes_away_all_that_was_temporary(hiring: Hiring, tmp_path: Path) -> None:
    hiring.cluster.apply(hiring.template(), hiring.interview("ada"))
    uid = hiring.uid("ada")
    link_secret = until("link", lambda: hiring.get("ada")["status"].get("linkSecretName"), 30)
    talk = candidate(hiring.link("ada"), ANSWERS, tmp_path)
    try:
        hiring.wait_phase("ada", "InProgress", seconds=60)
        started = time.monotonic()
        hiring.cluster.delete("interview", "ada", hiring.namespace, "--wait=false")
        until("the Interview is gone", lambda: hiring.cluster.get("interview", "ada", hiring.namespace) is None, 30)
        until("pod and Secrets are gone", lambda: not hiring.leftovers(uid), 30)
        until("the link is gone", lambda: hiring.cluster.get("secret", link_secret, hiring.namespace) is None, 30)
        took = time.monotonic() - started
    finally:
        talk.stop()
    print(f"everything gone after {took:.1f} s")
    # A bound of the design on what a user waits for, not a measure of speed.
    assert took < MOST_SECONDS
