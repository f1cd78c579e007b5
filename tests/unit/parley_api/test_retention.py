"""Retention: what is past its time goes, everything else stays."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from parley_api.retention import sweep
from parley_api.store import FolderStore, layout
from parley_protocol import Manifest

NOW = datetime.now(UTC)


async def keep(store: FolderStore, uid: str, delete_after: datetime | None) -> None:
    manifest = Manifest(namespace="hiring", name=uid, uid=uid, created_at=NOW, delete_after=delete_after, artifacts=[])
    await store.put(layout.artifact("hiring", uid, layout.MANIFEST), manifest.to_json(), "application/json")
    await store.put(layout.artifact("hiring", uid, layout.TRANSCRIPT_JSON), b"{}", "application/json")


@pytest.fixture
async def store(tmp_path: Path) -> FolderStore:
    store = FolderStore(tmp_path / "store")
    await keep(store, "past", NOW - timedelta(seconds=1))
    await keep(store, "due", NOW + timedelta(days=1))
    await keep(store, "for-ever", None)
    await store.put("interviews/hiring/running/events/0001-00000001.json", b"{}", "application/json")
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


def run(**env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "parley_api.retention"]
    return subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, check=False)


async def test_the_program(store: FolderStore, tmp_path: Path) -> None:
    done = run(PARLEY_STORE__PATH=str(tmp_path / "store"))
    assert done.returncode == 0, done.stderr
    assert "Erased 1 interviews" in done.stderr
    assert run(PARLEY_STORE__TYPE="floppy").returncode == 2
    missing = run(PARLEY_STORE__TYPE="s3")
    assert missing.returncode == 2
    assert "PARLEY_STORE__BUCKET" in missing.stderr
