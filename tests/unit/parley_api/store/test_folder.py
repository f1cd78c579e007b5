"""What is the folder's own: durability by staging, privacy, pruning, and its errors."""

import asyncio
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from parley_api.store import FolderStore, StoreUnavailableError

JSON = "application/json"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "store"


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_files_are_their_owners_alone(root: Path) -> None:
    await FolderStore(root).put("a/b/c", b"x", JSON)
    assert stat.S_IMODE((root / "a/b/c").stat().st_mode) == 0o600
    assert stat.S_IMODE((root / "a/b").stat().st_mode) == 0o700


async def test_empty_folders_are_pruned_up_to_the_root(root: Path) -> None:
    store = FolderStore(root)
    await store.put("a/b/c/1", b"x", JSON)
    await store.put("a/d", b"x", JSON)
    await store.delete_prefix("a/b/")
    assert names(root / "a") == ["d"]
    await store.delete_prefix("a/")
    assert names(root) == [".staging"]


async def test_writers_and_deletions_in_the_same_folders_do_not_harm_each_other(root: Path) -> None:
    store = FolderStore(root)

    async def write(worker: int) -> None:
        for n in range(25):
            assert await store.put_once(f"a/b/{worker}/{n}", b"x", JSON)
            await store.delete_prefix(f"a/b/{worker}/")
        assert await store.put_once(f"a/b/{worker}/last", b"x", JSON)

    await asyncio.gather(*(write(worker) for worker in range(6)))
    assert await store.list("a/") == [f"a/b/{worker}/last" for worker in range(6)]


async def test_a_folder_that_is_pruned_again_and_again_is_made_again(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pruned = 0

    def link(staged: Path, path: Path) -> None:
        nonlocal pruned
        if pruned < 8:
            pruned += 1
            path.parent.rmdir()
        real(staged, path)

    real = os.link
    monkeypatch.setattr(os, "link", link)
    assert await FolderStore(root).put_once("a/b/c", b"x", JSON)
    assert pruned == 8


async def test_a_folder_that_is_pruned_as_it_is_found_is_made_again(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else its being there would pass for the object's, and what was never written for stored."""
    folder, pruned = root / "a/b", 0
    folder.mkdir(parents=True)

    def mkdir(path: Path, mode: int = 0o777) -> None:
        nonlocal pruned
        try:
            real(path, mode)
        except FileExistsError:
            if Path(path) == folder and pruned < 3:
                pruned += 1
                folder.rmdir()
            raise

    real = os.mkdir
    monkeypatch.setattr(os, "mkdir", mkdir)
    store = FolderStore(root)
    assert await store.put_once("a/b/c", b"x", JSON)
    assert pruned
    assert await store.get("a/b/c") == b"x"


def test_a_writer_that_is_killed_leaves_no_half_object(root: Path) -> None:
    program = (
        "import asyncio, sys, pathlib\n"
        "from parley_api.store import FolderStore\n"
        "store = FolderStore(pathlib.Path(sys.argv[1]))\n"
        "async def main():\n"
        "    n = 0\n"
        "    while True:\n"
        "        await store.put_once(f'a/{n:08d}', b'x' * 300_000, 'text/plain')\n"
        "        print(n, flush=True)\n"
        "        n += 1\n"
        "asyncio.run(main())\n"
    )
    writer = subprocess.Popen([sys.executable, "-c", program, str(root)], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    acknowledged = [int(writer.stdout.readline()) for _ in range(20)][-1]
    writer.kill()
    acknowledged = max([acknowledged, *(int(line) for line in writer.stdout.read().split())])
    writer.wait()
    writer.stdout.close()
    store = FolderStore(root)
    keys = asyncio.run(store.list("a/"))
    assert len(keys) >= acknowledged + 1
    for key in keys:
        assert asyncio.run(store.get(key)) == b"x" * 300_000


async def test_check_removes_what_a_crash_left_long_ago_and_nothing_newer(root: Path) -> None:
    store = FolderStore(root)
    await store.check()
    old, new = root / ".staging/old", root / ".staging/new"
    for path in (old, new):
        path.write_bytes(b"x")
    past = time.time() - 7200
    os.utime(old, (past, past))
    await store.check()
    assert not old.exists()
    assert new.exists()


async def test_a_folder_that_cannot_be_used_is_a_clear_error(tmp_path: Path) -> None:
    root = tmp_path / "file"
    root.touch()
    store = FolderStore(root)
    with pytest.raises(StoreUnavailableError, match=f"the folder store at {root} failed"):
        await store.put_once("a/b", b"x", JSON)
    with pytest.raises(StoreUnavailableError):
        await store.check()


async def test_a_folder_that_cannot_be_read_is_not_an_empty_one(root: Path) -> None:
    store = FolderStore(root)
    await store.put("b/c", b"x", JSON)
    (root / "a").symlink_to("a")
    with pytest.raises(StoreUnavailableError, match="symbolic links"):
        await store.list("a/")
    with pytest.raises(StoreUnavailableError, match="symbolic links"):
        await store.delete_prefix("a/")


async def test_a_repeat_is_as_durable_as_the_first(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first may have been cut short after its link, before its flush: the repeat's False acknowledges it."""
    store = FolderStore(root)
    flushed: list[str] = []
    flush = os.fsync

    def record(descriptor: int) -> None:
        flushed.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", record)
    for first in (True, False):
        flushed.clear()
        assert await store.put_once("a/b/c", b"x", JSON) is first
        assert {str(root), str(root / "a"), str(root / "a/b")} <= set(flushed)
