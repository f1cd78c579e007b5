"""(c) The bot is killed in the middle, with no time for a last word: a new pod goes on where it stopped."""

import json
from pathlib import Path
from typing import Any

from support.cluster import Hiring, kill_processes
from support.speech import ANSWERS, candidate, said_by
from support.wait import until


def test_a_killed_bot_is_replaced_and_does_not_greet_again(hiring: Hiring, tmp_path: Path) -> None:
    template = hiring.template()
    hiring.cluster.apply(template, hiring.interview("ada"))
    uid = hiring.uid("ada")
    with candidate(hiring.link("ada"), [*ANSWERS, *ANSWERS[-1:]], tmp_path) as talk:
        acknowledged = hiring.stored(uid) / "events"
        until("the second answer is stored", lambda: _candidate_turns(acknowledged) >= 2, 90)
        before = _turns(acknowledged)

        (pod,) = hiring.bots(uid)
        kill_processes(pod)
        print(talk.finish())

    interview = hiring.wait_phase("ada", "Completed", seconds=60)
    assert interview["status"]["attempts"]["current"] == 2
    transcript = hiring.transcript(uid)
    turns = transcript["turns"]
    assert [turn["text"] for turn in turns][: len(before)] == before, "no acknowledged turn is lost, doubled or moved"
    numbers = [turn["seq"] for turn in turns]
    assert numbers == sorted(set(numbers))
    greeting = template["spec"]["interviewer"]["greeting"]
    assert said_by(transcript, "interviewer").count(greeting) == 1
    assert all(q["asked"] for q in transcript["questions"])


def _events(folder: Path) -> list[dict[str, Any]]:
    return [e for file in sorted(folder.glob("*.json")) for e in json.loads(file.read_text())["events"]]


def _turns(folder: Path) -> list[str]:
    return [e["event"]["turn"]["text"] for e in _events(folder) if e["event"]["kind"] == "turn"]


def _candidate_turns(folder: Path) -> int:
    turns = [e["event"]["turn"] for e in _events(folder) if e["event"]["kind"] == "turn"]
    return sum(turn["speaker"] == "candidate" for turn in turns)
