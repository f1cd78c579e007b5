"""Publishing, reading and erasing transcripts."""

import asyncio
import hashlib
import json
from datetime import UTC, datetime

import pytest
from parley_api.store import FolderStore, layout
from parley_api.transcripts.archive import keep_plan, kept_plan, publish, read
from parley_api.transcripts.assemble import Ending
from parley_api.transcripts.erasure import ErasedError, erase
from parley_protocol import BotInputs, Manifest, ToolWebhook
from parley_protocol.assignment import AttemptEvents

AT = datetime(2026, 11, 22, 10, tzinfo=UTC)
Story = list[AttemptEvents]


async def test_a_publication_is_complete_and_its_manifest_true(
    store: FolderStore, inputs: BotInputs, story: Story
) -> None:
    await publish(store, inputs.interview, inputs, story, Ending("Completed", AT))
    data = await store.get(layout.artifact("hiring", "u-1", layout.MANIFEST))
    assert data is not None
    manifest = Manifest.model_validate_json(data)
    assert [entry.name for entry in manifest.artifacts] == ["transcript.json", "transcript.vtt", "transcript.txt"]
    for entry in manifest.artifacts:
        content = await store.get(layout.artifact("hiring", "u-1", entry.name))
        assert content is not None
        assert (entry.sha256, entry.size) == (hashlib.sha256(content).hexdigest(), len(content))
    assert manifest.delete_after is not None
    assert (manifest.delete_after - AT).days == 30
    vtt = await read(store, "hiring", "u-1", "vtt")
    assert vtt is not None
    assert vtt.startswith(b"WEBVTT")


async def test_the_first_publication_stands_also_among_many(
    store: FolderStore, inputs: BotInputs, story: Story
) -> None:
    reasons = ["Completed", "Sealed", "TimeLimit", "Silence"]
    results = await asyncio.gather(
        *(publish(store, inputs.interview, inputs, story, Ending(reason, AT)) for reason in reasons)
    )
    assert len({result.reason for result in results}) == 1
    data = await read(store, "hiring", "u-1", "json")
    manifest = await store.get(layout.artifact("hiring", "u-1", layout.MANIFEST))
    assert data is not None
    assert manifest is not None
    assert json.loads(data)["reason"] == results[0].reason
    assert hashlib.sha256(data).hexdigest() == json.loads(manifest)["artifacts"][0]["sha256"]


async def test_a_publication_cut_short_is_completed(store: FolderStore, inputs: BotInputs, story: Story) -> None:
    await publish(store, inputs.interview, inputs, story, Ending("Completed", AT))
    transcript = await read(store, "hiring", "u-1", "json")
    kept = frozenset({layout.artifact("hiring", "u-1", "transcript.json")})
    await store.delete_prefix(layout.prefix("hiring", "u-1"), keep=kept)
    again = await publish(store, inputs.interview, inputs, [], Ending("Sealed", AT))
    assert again.reason == "Completed"
    assert await read(store, "hiring", "u-1", "json") == transcript
    assert await read(store, "hiring", "u-1", "vtt") is not None
    assert await store.get(layout.artifact("hiring", "u-1", layout.MANIFEST)) is not None


async def test_the_kept_plan_holds_no_secret_and_no_document(store: FolderStore, inputs: BotInputs) -> None:
    hook = ToolWebhook(name="salary", url="https://tools.example/", key="dG9vbA", timeout_seconds=5)
    inputs = inputs.model_copy(update={"webhooks": [hook]})
    await keep_plan(store, inputs)
    await keep_plan(store, inputs)
    data = await store.get(layout.artifact("hiring", "u-1", layout.PLAN))
    assert data is not None
    assert b"c2VjcmV0" not in data
    assert b"CV" not in data
    assert b"dG9vbA" not in data
    kept = await kept_plan(store, inputs.interview)
    assert kept is not None
    assert kept.plan.questions == inputs.plan.questions
    assert kept.retention_days == 30


async def test_an_erasure_leaves_its_proof_alone_and_nothing_comes_back(
    store: FolderStore, inputs: BotInputs, story: Story
) -> None:
    await keep_plan(store, inputs)
    await publish(store, inputs.interview, inputs, story, Ending("Completed", AT))
    await erase(store, "hiring", "u-1", why="retention")
    proof = await store.get(layout.artifact("hiring", "u-1", layout.ERASURE))
    await erase(store, "hiring", "u-1", why="again")
    assert await store.list(layout.prefix("hiring", "u-1")) == [layout.artifact("hiring", "u-1", layout.ERASURE)]
    assert await store.get(layout.artifact("hiring", "u-1", layout.ERASURE)) == proof
    assert proof is not None
    assert json.loads(proof)["why"] == "retention"
    assert b"ada" not in proof
    with pytest.raises(ErasedError):
        await publish(store, inputs.interview, inputs, story, Ending("Sealed", AT))
    assert await read(store, "hiring", "u-1", "json") is None


async def test_a_plan_that_comes_after_the_erasure_goes_again(store: FolderStore, inputs: BotInputs) -> None:
    await erase(store, "hiring", "u-1", why="retention")
    with pytest.raises(ErasedError):
        await keep_plan(store, inputs)
    assert await store.list(layout.prefix("hiring", "u-1")) == [layout.artifact("hiring", "u-1", layout.ERASURE)]


async def test_the_attempts_that_left_no_event_count(store: FolderStore, inputs: BotInputs, story: Story) -> None:
    transcript = await publish(store, inputs.interview, inputs, story, Ending("Sealed", AT, attempt=4))
    assert transcript.attempts == 4
