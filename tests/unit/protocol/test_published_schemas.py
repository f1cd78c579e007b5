"""What a reader of version 1 has to bear: within a version fields and members of enumerations may be added."""

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest
from parley_api.transcripts.schema import PUBLISHED, schema
from parley_protocol import Manifest, RecordingAccount, Speaker, Transcript, Turn
from parley_protocol.recording import ProviderRecording
from parley_protocol.transcript import (
    ManifestEntry,
    TranscriptConnection,
    TranscriptQuestion,
    TranscriptToolCall,
)
from pydantic import ValidationError

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
TRANSCRIPT = Transcript(
    namespace="hiring", name="ada", uid="u-1", title="Engineer", language="en-US", template="t", finished_at=AT,
    reason="Completed", attempts=1,
    turns=[Turn(seq=1, speaker=Speaker.CANDIDATE, text="Yes.", start_ms=0, end_ms=9)],
    questions=[TranscriptQuestion(id="q", text="?", required=True, asked=True, follow_ups=0, answer_turns=[1])],
    tool_calls=[TranscriptToolCall(at_ms=1, name="t", outcome="ok")],
    connections=[TranscriptConnection(at_ms=1, who="candidate", what="joined", attempt=1)],
)  # fmt: skip
MANIFEST = Manifest(
    namespace="hiring", name="ada", uid="u-1", created_at=AT,
    artifacts=[ManifestEntry(name="transcript.json", sha256="0" * 64, size=2, content_type="application/json")],
    recording=RecordingAccount(provider="daily", provider_recordings=[ProviderRecording(id="r", duration_seconds=4)]),
)  # fmt: skip
DOCUMENTS = {"transcript-v1.json": TRANSCRIPT, "manifest-v1.json": MANIFEST}


def objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else []:
        yield from objects(inner)


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_reader_bears_a_field_that_it_does_not_know(name: str) -> None:
    document = json.loads(DOCUMENTS[name].to_json())
    jsonschema.validate(document, json.loads(schema(name)))
    for place in list(objects(document)):
        place["fromALaterVersion"] = {"any": ["thing"]}
    jsonschema.validate(document, json.loads(schema(name)))
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        PUBLISHED[name].model_validate(document)


@pytest.mark.parametrize(("path", "field"), [("turns", "speaker"), ("connections", "who"), ("connections", "what")])
def test_a_reader_bears_a_member_that_it_does_not_know(path: str, field: str) -> None:
    document = json.loads(TRANSCRIPT.to_json())
    document[path][0][field] = "observer"
    jsonschema.validate(document, json.loads(schema("transcript-v1.json")))
    document[path][0][field] = 7
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, json.loads(schema("transcript-v1.json")))


@pytest.mark.parametrize("name", PUBLISHED)
def test_what_a_reader_relies_on_is_required_and_another_version_refused(name: str) -> None:
    document, published = json.loads(DOCUMENTS[name].to_json()), json.loads(schema(name))
    for field in published["required"]:
        without = copy.deepcopy(document)
        del without[field]
        with pytest.raises(jsonschema.ValidationError, match="required"):
            jsonschema.validate(without, published)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**document, "version": 2}, published)
