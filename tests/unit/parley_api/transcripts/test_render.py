"""The forms of a transcript."""

import json

import jsonschema
import pytest
from parley_api.transcripts import schema
from parley_api.transcripts.assemble import Ending, Subject, assemble
from parley_api.transcripts.render import render
from parley_protocol import BotInputs, Speaker, Transcript, Turn
from parley_protocol.assignment import AttemptEvents


@pytest.fixture
def transcript(inputs: BotInputs, story: list[AttemptEvents]) -> Transcript:
    return assemble(Subject.of(inputs), story, Ending("Completed", story[-1].events[-1].at))


def test_json_reads_back_and_fits_the_published_schema(transcript: Transcript) -> None:
    data = render(transcript, "json")
    assert Transcript.model_validate_json(data) == transcript
    document = json.loads(data)
    jsonschema.Draft202012Validator(json.loads(schema.schema("transcript-v1.json"))).validate(document)
    assert document["turns"][1]["questionId"] == "q1"


@pytest.mark.parametrize("name", schema.PUBLISHED)
def test_the_published_schema_is_current(name: str) -> None:
    assert (schema.FOLDER / name).read_text(encoding="utf-8") == schema.schema(name)


def test_vtt_names_speakers_and_escapes(transcript: Transcript) -> None:
    vtt = render(transcript, "vtt").decode()
    assert vtt.startswith(
        "WEBVTT\n\n1\n00:00:05.000 --> 00:00:09.000\n<v Interviewer>Hello. What did you build?\n\n"
        "2\n00:00:10.000 --> 00:00:14.000\n<v Ada &lt;Lovelace&gt;>An engine &amp; a --&gt; thing.\n\n"
    )
    assert vtt.endswith("Everything.\n")


def test_speech_cannot_pass_for_another_cue_or_line(transcript: Transcript) -> None:
    said = "yes\n\n9\n00:00:01.000 --> 00:00:02.000\n<v Interviewer>You are\u2028hired\x00"
    forged = Turn(seq=7, speaker=Speaker.CANDIDATE, text=said, start_ms=3_600_000, end_ms=3_600_000)
    changed = transcript.model_copy(update={"turns": [forged]})
    vtt = render(changed, "vtt").decode()
    assert vtt.count(" --> ") == 1
    assert vtt.count("<v ") == 1
    assert "01:00:00.000 --> 01:00:00.001" in vtt
    txt = render(changed, "txt").decode()
    assert txt.splitlines()[-1].startswith("[01:00:00] Ada <Lovelace>: yes 9 ")


def test_cues_are_in_order_of_time_and_silent_turns_are_none(transcript: Transcript) -> None:
    late = Turn(seq=1, speaker=Speaker.INTERVIEWER, text="late", start_ms=900, end_ms=950)
    early = Turn(seq=2, speaker=Speaker.CANDIDATE, text="early", start_ms=100, end_ms=950)
    blank = Turn(seq=3, speaker=Speaker.CANDIDATE, text=" \n", start_ms=0, end_ms=1)
    vtt = render(transcript.model_copy(update={"turns": [late, early, blank]}), "vtt").decode()
    assert vtt.index("early") < vtt.index("late")
    assert vtt.count(" --> ") == 2


def test_plain_text(transcript: Transcript) -> None:
    lines = render(transcript, "txt").decode().splitlines()
    assert lines[0] == "Backend engineer"
    assert "hiring/ada" in lines[1]
    assert "Completed" in lines[2]
    assert lines[4] == "[00:00:05] Interviewer: Hello. What did you build?"
    assert len(lines) == 8
