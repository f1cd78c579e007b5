"""A store in a folder: one API replica on a PersistentVolume, or a laptop."""

import asyncio
import os
import random
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

from parley_api.store.base import Keys, StoreUnavailableError, checked_key, checked_prefix

_STAGING = ".staging"  # no key can name it: segments never begin with a dot
_STALE_SECONDS = 3600.0
_ATTEMPTS = 20
_PAUSE_SECONDS = 0.002
_PAGE = 1000


class FolderStore:
    """Objects as files under `root`, readable by their owner alone.

    A file is written aside, flushed to the disk, and then linked (write once) or renamed (replace) into its place, so
    that a reader never sees half an object and a crash leaves at most a stray file in the staging folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._staging = root / _STAGING

    async def get(self, key: str) -> bytes | None:
        """See Store.get."""
        return await self._run(self._get, self._path(key))

    async def put_once(self, key: str, data: bytes, content_type: str) -> bool:
        """See Store.put_once; a folder has no place for the content type."""
        return await self._run(self._write, self._path(key), data, os.link)

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        """See Store.put; a folder has no place for the content type."""
        await self._run(self._write, self._path(key), data, os.rename)

    async def put_stream(self, key: str, data: AsyncIterator[bytes], content_type: str) -> None:
        """See Store.put_stream."""
        path, staged = self._path(key), self._staging / uuid.uuid4().hex
        await self._run(self._stage)
        try:
            async for piece in data:
                await self._run(_append, staged, piece)
            await self._run(_append, staged, b"", durably=True)
            await self._run(self._place, staged, path, os.rename)
        finally:
            await self._run(staged.unlink, missing_ok=True)

    async def size(self, key: str) -> int | None:
        """See Store.size."""
        return await self._run(_size, self._path(key))

    async def get_range(self, key: str, start: int, length: int) -> bytes | None:
        """See Store.get_range."""
        return await self._run(_read_range, self._path(key), start, length)

    async def list(self, prefix: str) -> Keys:
        """See Store.list."""
        return await self._run(self._list, checked_prefix(prefix))

    async def pages(self, prefix: str) -> AsyncIterator[Keys]:
        """See Store.pages."""
        files = _files(self._root / checked_prefix(prefix))
        while page := await self._run(lambda: [self._key(path) for path in islice(files, _PAGE)]):
            yield page

    async def delete_prefix(self, prefix: str, *, keep: frozenset[str] = frozenset()) -> int:
        """See Store.delete_prefix; folders left empty go too."""
        return await self._run(self._delete_prefix, checked_prefix(prefix), keep)

    async def check(self) -> None:
        """See Store.check: the root can be written."""
        await self._run(self._prepare)

    def _path(self, key: str) -> Path:
        return self._root / checked_key(key)

    def _key(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix()

    async def _run[**P, R](self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return await asyncio.to_thread(call, *args, **kwargs)
        except OSError as error:
            raise StoreUnavailableError(f"the folder store at {self._root} failed: {error}") from error

    def _prepare(self) -> None:
        self._stage()
        now = time.time()
        for stray in self._staging.iterdir():
            with suppress(FileNotFoundError):  # a write in another thread was placed
                if now - stray.stat().st_mtime > _STALE_SECONDS:
                    stray.unlink()
        probe = self._staging / f"{uuid.uuid4().hex}.probe"
        probe.touch(mode=0o600)
        probe.unlink()

    @staticmethod
    def _get(path: Path) -> bytes | None:
        try:
            return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _stage(self) -> None:
        self._staging.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _write(self, path: Path, data: bytes, place: Callable[[Path, Path], None]) -> bool:
        self._stage()
        staged = self._staging / uuid.uuid4().hex
        try:
            _write_durably(staged, data)
            return self._place(staged, path, place)
        finally:
            staged.unlink(missing_ok=True)

    def _place(self, staged: Path, path: Path, place: Callable[[Path, Path], None]) -> bool:
        for attempt in range(_ATTEMPTS):
            try:
                self._make_folder(path.parent)
                place(staged, path)
            except FileExistsError:
                placed = False
            except FileNotFoundError:
                # A deletion in another thread pruned the folder while it was empty; many of them may do so in turn.
                if attempt == _ATTEMPTS - 1:
                    raise
                time.sleep(random.uniform(0, _PAUSE_SECONDS * min(attempt, 10)))  # noqa: S311 - jitter keeps no secret
                continue
            else:
                placed = True
            # Also for what was there already: who placed it, or made its folders, may not have flushed them yet, or
            # may have failed to, and False says as much as True that the object is durable.
            for folder in self._folders(path.parent):
                _flush_folder(folder)
            return placed
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _folders(self, folder: Path) -> Sequence[Path]:
        """The folder and its parents, up to the root."""
        return [folder, *folder.parents][: len(folder.relative_to(self._root).parts) + 1]

    def _make_folder(self, folder: Path) -> None:
        for path in reversed(self._folders(folder)):
            # Not `exist_ok`: pathlib looks again, and where a deletion has pruned it meanwhile says that it exists.
            with suppress(FileExistsError):
                path.mkdir(mode=0o700)

    def _list(self, prefix: str) -> Keys:
        return sorted(map(self._key, _files(self._root / prefix)))

    def _delete_prefix(self, prefix: str, keep: frozenset[str]) -> int:
        kept = {self._path(key) for key in keep}
        doomed = [path for path in _files(self._root / prefix) if path not in kept]
        for path in doomed:
            path.unlink(missing_ok=True)
        for folder in {parent for path in doomed for parent in path.parents}:
            if folder.is_relative_to(self._root):
                with suppress(FileNotFoundError):  # another deletion pruned it, and flushed that
                    _flush_folder(folder)
        self._prune(self._root / prefix)
        return len(doomed)

    def _prune(self, top: Path) -> None:
        """Remove the empty folders under `top`, then `top` and its empty parents up to the root."""
        for folder, _, _ in os.walk(top, topdown=False, onerror=_raise_unless_missing):
            _remove_if_empty(Path(folder))
        for folder_path in top.parents:
            if folder_path == self._root or not _remove_if_empty(folder_path):
                return


def _files(top: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(top, onerror=_raise_unless_missing):
        for name in names:
            yield Path(folder, name)


def _raise_unless_missing(error: OSError) -> None:
    """A folder that can't be read must not pass for an empty one, which is what os.walk makes of it by itself."""
    if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
        raise error


def _write_durably(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _append(path: Path, data: bytes, *, durably: bool = False) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        if durably:
            os.fsync(file.fileno())


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return None


def _read_range(path: Path, start: int, length: int) -> bytes | None:
    try:
        with path.open("rb") as file:
            file.seek(start)
            return file.read(length)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_if_empty(folder: Path) -> bool:
    try:
        folder.rmdir()
    except OSError:
        return not folder.exists()
    return True
