"""`manifest.json`, version 1: what readers rely on, and what was written before a field came."""

import json
from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest
from parley_api.transcripts.schema import schema
from parley_protocol import ConsentRecord, Manifest

BARE = {
    "version": 1,
    "namespace": "hiring",
    "name": "ada",
    "uid": "u-1",
    "createdAt": "2026-11-22T10:00:00Z",
    "artifacts": [{"name": "transcript.json", "sha256": "0" * 64, "size": 2, "contentType": "application/json"}],
}
AGREED = {"version": "2026-1", "givenAt": "2026-11-22T09:00:00Z"}
GIVEN = ConsentRecord(version="2026-1", given_at=datetime(2026, 11, 22, 9, tzinfo=UTC))
RECORDED = {"consent": AGREED, "segments": [], "providerRecordings": [], "found": True}


@pytest.mark.parametrize("written", [BARE, {**BARE, "recording": RECORDED}, {**BARE, "consent": AGREED}])
def test_what_was_written_is_read_and_stays_as_it_is(written: dict[str, Any]) -> None:
    manifest = Manifest.model_validate(written)
    assert json.loads(manifest.to_json()) == written
    assert manifest.consent == (GIVEN if "consent" in written else None)
    assert (manifest.recording is None) == ("recording" not in written)
    jsonschema.validate(written, json.loads(schema("manifest-v1.json")))


def test_the_published_schema_refuses_what_is_no_manifest() -> None:
    bare = {key: value for key, value in BARE.items() if key != "artifacts"}
    with pytest.raises(jsonschema.ValidationError, match="'artifacts' is a required property"):
        jsonschema.validate(bare, json.loads(schema("manifest-v1.json")))
