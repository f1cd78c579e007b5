"""What befalls bots on a real node: drains, a kubelet's death, no place, no image, no memory."""

from pathlib import Path
from typing import Any

import pytest
from support import nodes
from support.cluster import BOTS, Hiring, Json
from support.speech import ANSWERS, candidate
from support.wait import until

pytestmark = pytest.mark.alone
MARK = "parley.dev/in-interview"


def short(hiring: Hiring) -> Json:
    """The example's template with its first question alone, which has one follow-up."""
    template = hiring.template()
    template["spec"]["questions"] = template["spec"]["questions"][:1]
    return template


def bot(hiring: Hiring, uid: str) -> Json:
    """The one bot of an interview."""
    (pod,) = until("a bot", lambda: hiring.bots(uid), 30)
    return pod


def attempts(hiring: Hiring) -> Json:
    """What the status tells of the bots."""
    found: Json = hiring.get("ada")["status"].get("attempts", {})
    return found


def told(hiring: Hiring, reason: str) -> list[str]:
    """What holds the interview up for this reason."""
    conditions = hiring.get("ada").get("status", {}).get("conditions", [])
    abnormal = [c for c in conditions if c["type"] in ("Reconciling", "Stalled") and c["status"] == "True"]
    return [c["message"] for c in abnormal if c["reason"] == reason]


def test_a_bot_that_waits_is_evicted_at_once_and_replaced(hiring: Hiring) -> None:
    hiring.cluster.apply(hiring.template(), hiring.interview("ada"))
    hiring.wait_phase("ada", "Ready")
    first = bot(hiring, hiring.uid("ada"))
    assert nodes.evict(hiring.cluster, first) == ""
    until("the next bot is in the room", lambda: "readyAt" in _record(hiring, 2), 60)
    assert (attempts(hiring)["current"], attempts(hiring)["failures"]) == (2, 1)
    assert _record(hiring, 1)["reason"] == "Evicted"
    assert hiring.phase("ada") == "Ready"
    assert hiring.condition("ada", "Joinable")["status"] == "True"


def test_a_bot_that_waits_moves_when_its_node_is_drained(hiring: Hiring, tmp_path: Path) -> None:
    if len(nodes.for_bots(hiring.cluster)) < 2:
        pytest.skip("one node alone: see KIND_WORKERS in docs/development.md")
    hiring.cluster.apply(hiring.template(), hiring.interview("ada"))
    hiring.wait_phase("ada", "Ready")
    first = bot(hiring, hiring.uid("ada"))
    with nodes.draining(hiring.cluster, first, tmp_path / "drain.log") as drain:
        assert drain.exit_code(60) == 0, drain.output
        until("the next bot is in the room", lambda: "readyAt" in _record(hiring, 2), 60)
        second = bot(hiring, hiring.uid("ada"))
    assert second["spec"]["nodeName"] != first["spec"]["nodeName"]
    assert _record(hiring, 1)["reason"] == "Evicted"
    assert hiring.phase("ada") == "Ready"


def test_a_drain_waits_for_a_conversation_to_end(hiring: Hiring, tmp_path: Path) -> None:
    hiring.cluster.apply(short(hiring), hiring.interview("ada"))
    uid = hiring.uid("ada")
    with candidate(hiring.link("ada"), ANSWERS[:2], tmp_path) as talk:
        hiring.wait_phase("ada", "InProgress")
        pod = until("its bot is marked", lambda: _marked(bot(hiring, uid)), 10)
        refusal = nodes.evict(hiring.cluster, pod)
        assert "TooManyRequests" in refusal, "429"
        assert "disruption budget" in refusal
        with nodes.draining(hiring.cluster, pod, tmp_path / "drain.log") as drain:
            until("the drain is refused, and tries again", lambda: "will retry" in drain.output, 30)
            print(talk.finish())
            assert drain.exit_code(30) == 0, drain.output
            print(drain.output)
    _completed_by_its_first_bot(hiring)


def test_an_interview_goes_on_while_the_kubelet_is_away(hiring: Hiring, tmp_path: Path) -> None:
    hiring.cluster.apply(short(hiring), hiring.interview("ada"))
    uid = hiring.uid("ada")
    with candidate(hiring.link("ada"), ANSWERS[:2], tmp_path) as talk:
        hiring.wait_phase("ada", "InProgress")
        pod = bot(hiring, uid)
        nodes.restart_kubelet(hiring.cluster, pod)
        assert talk.program.running, "it was restarted during the interview"
        assert bot(hiring, uid)["metadata"]["uid"] == pod["metadata"]["uid"]
        print(talk.finish())
    _completed_by_its_first_bot(hiring)


def test_a_bot_without_a_node_is_told_of_at_once_and_starts_when_there_is_one(hiring: Hiring) -> None:
    with nodes.cordoned(hiring.cluster):
        hiring.cluster.apply(hiring.template(), hiring.interview("ada"))
        (message,) = until("it is told", lambda: told(hiring, "Unschedulable"), 20)
        assert "unschedulable" in message
        assert bot(hiring, hiring.uid("ada"))["status"]["phase"] == "Pending"
    hiring.wait_phase("ada", "Ready")
    assert attempts(hiring)["current"] == 1
    assert told(hiring, "Unschedulable") == []


def test_an_image_that_does_not_exist_is_told_of_at_once_and_mended(hiring: Hiring) -> None:
    """No template names an image: the pod's is changed before a node has it, as wrong values of the chart would be."""
    with nodes.cordoned(hiring.cluster):
        hiring.cluster.apply(hiring.template(), hiring.interview("ada"))
        pod = bot(hiring, hiring.uid("ada"))
        image = pod["spec"]["containers"][0]["image"]
        _set_image(hiring, pod, "parley/bot:does-not-exist")
    (message,) = until("it is told", lambda: told(hiring, "ImagePullFailed"), 30)
    assert pod["metadata"]["name"] in message
    assert "does-not-exist" in message
    _set_image(hiring, pod, image)
    hiring.wait_phase("ada", "Ready")
    assert attempts(hiring)["current"] == 1


def test_a_bot_without_memory_is_replaced_up_to_the_limit(hiring: Hiring) -> None:
    memory = {"memory": "48Mi"}
    template = hiring.template(bot={"resources": {"requests": memory, "limits": memory}})
    hiring.cluster.apply(template, hiring.interview("ada", backoffLimit=1))
    uid = hiring.uid("ada")
    hiring.wait_phase("ada", "Failed", seconds=90)
    history = attempts(hiring)["history"]
    # containerd may hear of an end before it hears why, and then calls it an error: the exit code is the same.
    assert [record["attempt"] for record in history if "exit code 137" in record["message"]] == [1, 2], history
    reasons = {record["reason"] for record in history}
    assert "OutOfMemory" in reasons
    assert reasons <= {"OutOfMemory", "BotCrashed"}
    assert hiring.condition("ada", "Failed")["reason"] == "BackoffLimitExceeded"
    until("nothing of it is left", lambda: not hiring.leftovers(uid), 15)


def _record(hiring: Hiring, attempt: int) -> Json:
    history: list[Json] = attempts(hiring).get("history", [])
    return next((record for record in history if record["attempt"] == attempt), {})


def _marked(pod: Json) -> Json | None:
    return pod if pod["metadata"]["labels"].get(MARK) == "true" else None


def _set_image(hiring: Hiring, pod: Json, image: str) -> None:
    hiring.cluster.kubectl("set", "image", f"pod/{pod['metadata']['name']}", "-n", BOTS, f"bot={image}")


def _completed_by_its_first_bot(hiring: Hiring) -> None:
    interview = hiring.wait_phase("ada", "Completed")
    assert (attempts(hiring)["current"], attempts(hiring).get("failures", 0)) == (1, 0)
    transcript: dict[str, Any] = hiring.transcript(interview["metadata"]["uid"])
    assert all(question["asked"] and question["answerTurns"] for question in transcript["questions"])
