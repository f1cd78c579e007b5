"""(a) `kubectl apply` → a spoken interview → a transcript that says what was said."""

import json
from pathlib import Path

import jsonschema
from support.cluster import Hiring
from support.speech import ANSWERS, candidate, channel_of, recognise, said_by, turns_of, word_error_rate
from support.wait import until

MOST_WORD_ERRORS = 0.15
SCHEMAS = Path(__file__).parents[2] / "docs/schemas"
WRITTEN = ("transcript.json", "transcript.vtt", "transcript.txt", "recording.ogg", "manifest.json")


def test_an_interview_that_kubectl_applied_is_spoken_and_written_down(hiring: Hiring, tmp_path: Path) -> None:
    template = hiring.template(recording={"enabled": True})
    hiring.cluster.apply(template, hiring.interview("ada"))
    uid = hiring.uid("ada")
    with candidate(hiring.link("ada"), ANSWERS, tmp_path) as talk:
        hiring.wait_phase("ada", "InProgress", seconds=60)
        print(talk.finish())

    interview = hiring.wait_phase("ada", "Completed", seconds=60)
    assert hiring.condition("ada", "Complete")["status"] == "True"
    assert interview["status"]["session"]["reason"] == "Completed"

    transcript = hiring.transcript(uid)
    questions = {q["id"]: q for q in transcript["questions"]}
    assert set(questions) == {"incident", "rollout", "team"}
    assert all(q["asked"] and q["answerTurns"] for q in questions.values())
    assert questions["incident"]["followUps"] == 1
    starts = [turn["startMs"] for turn in transcript["turns"]]
    assert starts == sorted(starts)
    said = turns_of(transcript, "interviewer")
    texts = [question["text"] for question in template["spec"]["questions"]]
    asked = [[number for number, turn in enumerate(said) if text in turn] for text in texts]
    assert [len(turns) for turns in asked] == [1, 1, 1], said
    (first,), (second,), (third,) = asked
    assert (second - first, third - second) == (2, 1), f"one follow-up, after the first question: {said}"

    heard = recognise(talk.recording)
    interviewer = word_error_rate(said_by(transcript, "interviewer"), heard)
    answers = word_error_rate(" ".join(ANSWERS), said_by(transcript, "candidate"))
    print(f"word error rate: interviewer {interviewer:.1%}, candidate {answers:.1%}")
    assert interviewer < MOST_WORD_ERRORS, heard
    assert answers < MOST_WORD_ERRORS, said_by(transcript, "candidate")

    stored = hiring.stored(uid)
    names = {p.name for p in stored.iterdir()}
    assert {*WRITTEN} <= names
    assert "recording" not in names, "its parts are the file now"
    for name in ("transcript", "manifest"):
        written = json.loads((stored / f"{name}.json").read_text())
        jsonschema.validate(written, json.loads((SCHEMAS / f"{name}-v1.json").read_text()))
    manifest = json.loads((stored / "manifest.json").read_text())
    assert {entry["name"] for entry in manifest["artifacts"]} == {*WRITTEN} - {"manifest.json"}
    assert manifest["recording"]["consent"]["version"] == template["spec"]["consent"]["version"]
    (segment,) = manifest["recording"]["segments"]
    assert segment["gaps"] == []
    for channel, speaker in enumerate(("candidate", "interviewer")):
        recorded = recognise(channel_of(stored / "recording.ogg", channel, tmp_path))
        errors = word_error_rate(said_by(transcript, speaker), recorded)
        print(f"word error rate of the recording: {speaker} {errors:.1%}")
        assert errors < MOST_WORD_ERRORS, recorded
    until("everything temporary is gone", lambda: not hiring.leftovers(uid), 15)
