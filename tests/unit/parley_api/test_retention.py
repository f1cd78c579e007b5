"""Retention: what is past its time goes, everything else stays."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from parley_api.retention import sweep
from parley_api.store import FolderStore, layout
from parley_api.transcripts.archive import KeptPlan
from parley_api.transcripts.sealing import Sealing, close_log
from parley_protocol import (
    BotInputs,
    InterviewerPlan,
    InterviewPlan,
    InterviewRef,
    Manifest,
    QuestionPlan,
    RoomInputs,
)

NOW = datetime.now(UTC)


async def keep(store: FolderStore, uid: str, delete_after: datetime | None) -> None:
    manifest = Manifest(namespace="hiring", name=uid, uid=uid, created_at=NOW, delete_after=delete_after, artifacts=[])
    await store.put(layout.artifact("hiring", uid, layout.MANIFEST), manifest.to_json(), "application/json")
    await store.put(layout.artifact("hiring", uid, layout.TRANSCRIPT_JSON), b"{}", "application/json")


async def begin(store: FolderStore, uid: str, kept_at: datetime, retention_days: int | None) -> None:
    """An interview that has a plan and no end."""
    inputs = BotInputs(
        interview=InterviewRef(namespace="hiring", name=uid, uid=uid),
        attempt=1,
        template="backend-1",
        plan=InterviewPlan(
            title="Backend engineer",
            interviewer=InterviewerPlan(name="Sam", greeting="Hello.", closing="Goodbye."),
            questions=[QuestionPlan(id="q1", text="Why?")],
        ),
        room=RoomInputs(provider="websocket", name=uid),
        retention_days=retention_days,
    )
    plan = KeptPlan(kept_at=kept_at, inputs=inputs)
    await store.put(layout.artifact("hiring", uid, layout.PLAN), plan.to_json(), "application/json")
    await store.put(f"interviews/hiring/{uid}/events/0001-00000001.json", b"{}", "application/json")


@pytest.fixture
async def store(tmp_path: Path) -> FolderStore:
    store = FolderStore(tmp_path / "store")
    await keep(store, "past", NOW - timedelta(seconds=1))
    await keep(store, "due", NOW + timedelta(days=1))
    await keep(store, "for-ever", None)
    await begin(store, "running", NOW, 30)
    return store


async def test_what_is_past_its_time_leaves_a_proof_alone(store: FolderStore) -> None:
    others = [key for key in await store.list(layout.ROOT) if "/past/" not in key]
    assert (await sweep(store, NOW)).erased == 1
    proof = layout.artifact("hiring", "past", layout.ERASURE)
    assert await store.list(layout.ROOT) == sorted([*others, proof])
    assert (await sweep(store, NOW)).erased == 0
    assert (await sweep(store, NOW + timedelta(days=2))).erased == 1


async def test_a_manifest_that_cannot_be_read_stops_nothing_and_is_told(store: FolderStore) -> None:
    await store.put("interviews/hiring/broken/manifest.json", b"{}", "application/json")
    done = await sweep(store, NOW)
    assert (done.erased, done.unreadable) == (1, ["interviews/hiring/broken/manifest.json"])
    assert await store.get("interviews/hiring/broken/manifest.json") == b"{}"


async def test_a_plan_that_cannot_be_read_stops_no_erasure_but_its_own(store: FolderStore) -> None:
    """It names the room whose recording is to go first."""
    await keep(store, "before", NOW - timedelta(seconds=1))
    await store.put("interviews/hiring/before/plan.json", b"{}", "application/json")
    done = await sweep(store, NOW)
    assert (done.erased, len(done.kept)) == (1, 1)
    assert "hiring/before: plan.json" in done.kept[0]
    assert await store.get("interviews/hiring/before/transcript.json") == b"{}"


async def test_an_interview_without_an_end_is_kept_no_longer_than_one_with(store: FolderStore) -> None:
    await begin(store, "given-up", NOW - timedelta(days=31), 30)
    await begin(store, "given-up-for-ever", NOW - timedelta(days=31), None)
    assert (await sweep(store, NOW)).erased == 2
    assert await store.list("interviews/hiring/given-up/") == [layout.artifact("hiring", "given-up", layout.ERASURE)]
    assert await store.get(layout.artifact("hiring", "given-up-for-ever", layout.PLAN)) is not None
    assert await store.get(layout.artifact("hiring", "running", layout.PLAN)) is not None


@pytest.mark.parametrize(("name", "told"), [("plan.json", "plan.json"), ("events/0001-00000001.json", "")])
async def test_what_tells_no_time_is_kept_and_told(store: FolderStore, name: str, told: str) -> None:
    await store.put(f"interviews/hiring/odd/{name}", b"{}", "application/json")
    assert (await sweep(store, NOW)).unreadable == [f"interviews/hiring/odd/{told}"]
    assert await store.get(f"interviews/hiring/odd/{name}") == b"{}"


async def test_the_end_of_a_log_in_which_nothing_was_said_goes_after_a_day(store: FolderStore) -> None:
    ref = InterviewRef(namespace="hiring", name="silent", uid="silent")
    await close_log(store, ref, Sealing(closed_at=NOW, reason="NoShow", attempt=1))
    await store.put("interviews/hiring/silent/events/0001-00000001.json", b"refused", "application/json")
    await begin(store, "sealed", NOW - timedelta(days=2), 30)
    sealed = InterviewRef(namespace="hiring", name="sealed", uid="sealed")
    await close_log(store, sealed, Sealing(closed_at=NOW - timedelta(days=2), reason="Sealed", attempt=1))
    before = await store.list("interviews/hiring/sealed/")
    done = await sweep(store, NOW + timedelta(hours=23))
    assert (done.unreadable, len(await store.list("interviews/hiring/silent/"))) == ([], 2)
    done = await sweep(store, NOW + timedelta(hours=25))
    assert (done.unreadable, await store.list("interviews/hiring/silent/")) == ([], [])
    assert await store.list("interviews/hiring/sealed/") == before, "an end that was broken off is as old as its plan"


async def test_what_came_after_an_erasure_goes_again(store: FolderStore) -> None:
    await sweep(store, NOW)
    await store.put("interviews/hiring/past/events/0001-00000007.json", b"{}", "application/json")
    assert (await sweep(store, NOW)).erased == 0
    assert await store.list("interviews/hiring/past/") == [layout.artifact("hiring", "past", layout.ERASURE)]


def run(**env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "parley_api.retention"]
    return subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, check=False)


async def test_the_program(store: FolderStore, tmp_path: Path) -> None:
    done = run(PARLEY_STORE__PATH=str(tmp_path / "store"))
    assert done.returncode == 0, done.stderr
    assert "Erased 1 interviews, linked the recordings of 0" in done.stderr
    assert run(PARLEY_STORE__TYPE="floppy").returncode == 2
    missing = run(PARLEY_STORE__TYPE="s3")
    assert missing.returncode == 2
    assert "PARLEY_STORE__BUCKET" in missing.stderr
    nowhere = run(PARLEY_STORE__TYPE="s3", PARLEY_STORE__BUCKET="transcripts", PARLEY_STORE__REGION="Not a region")
    assert (nowhere.returncode, nowhere.stderr.count("\n")) == (2, 1)
    assert "PARLEY_STORE__REGION" in nowhere.stderr
