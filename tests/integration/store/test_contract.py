"""The contract of a store, held by each kind."""

import asyncio
import itertools
from collections.abc import AsyncIterator

import pytest
from parley_api.store import Store, StoreKeyError

JSON = "application/json"


async def test_an_object_comes_back_as_it_was(store: Store) -> None:
    data = bytes(range(256)) * 1000
    await store.put("a/b/c.json", data, JSON)
    assert await store.get("a/b/c.json") == data


async def test_an_empty_object_is_an_object(store: Store) -> None:
    assert await store.put_once("a/empty", b"", JSON)
    assert await store.get("a/empty") == b""


async def test_what_is_not_there_is_none(store: Store) -> None:
    await store.put("a/b", b"1", JSON)
    assert await store.get("a/c") is None
    assert await store.get("a/b/c") is None
    assert await store.get("nowhere/at/all") is None
    assert await store.list("nowhere/") == []
    assert await store.delete_prefix("nowhere/") == 0


async def test_put_replaces(store: Store) -> None:
    await store.put("a/b", b"1", JSON)
    await store.put("a/b", b"22", JSON)
    assert await store.get("a/b") == b"22"


async def test_put_once_keeps_the_first(store: Store) -> None:
    assert await store.put_once("a/b", b"1", JSON)
    assert not await store.put_once("a/b", b"2", JSON)
    assert await store.get("a/b") == b"1"


async def test_put_once_lets_one_of_many_through(store: Store) -> None:
    answers = await asyncio.gather(*(store.put_once("a/b", str(n).encode(), JSON) for n in range(12)))
    assert answers.count(True) == 1
    assert await store.get("a/b") == str(answers.index(True)).encode()


async def test_list_is_sorted_and_keeps_to_its_prefix(store: Store) -> None:
    for key in ("a/events/0001-00000010.json", "a/events/0001-00000002.json", "a/plan.json", "ab/plan.json"):
        await store.put(key, b"x", JSON)
    assert await store.list("a/") == ["a/events/0001-00000002.json", "a/events/0001-00000010.json", "a/plan.json"]
    assert await store.list("a/events/") == ["a/events/0001-00000002.json", "a/events/0001-00000010.json"]


async def test_pages_are_the_list_and_no_other_folders_keys_part_one(store: Store) -> None:
    for key in ("a/1/plan.json", "a/1/events/0001", "a/1/events/0002", "a/2/plan.json", "ab/plan.json"):
        await store.put(key, b"x", JSON)
    keys = [key async for page in store.pages("a/") for key in page]
    assert sorted(keys) == await store.list("a/")
    owners = [key.split("/")[1] for key in keys]
    assert [owner for owner, _ in itertools.groupby(owners)] in (["1", "2"], ["2", "1"])
    assert [page async for page in store.pages("nowhere/") if page] == []


async def test_delete_prefix_takes_all_below_it_and_no_more(store: Store) -> None:
    for key in ("a/1", "a/deep/er/2", "ab/3"):
        await store.put(key, b"x", JSON)
    assert await store.delete_prefix("a/") == 2
    assert await store.list("a/") == []
    assert await store.get("a/1") is None
    assert await store.get("ab/3") == b"x"
    assert await store.delete_prefix("a/") == 0


async def test_delete_prefix_keeps_what_it_is_told_to(store: Store) -> None:
    for key in ("a/1", "a/erasure.json", "a/sealing.json"):
        await store.put(key, b"x", JSON)
    assert await store.delete_prefix("a/", keep=frozenset({"a/erasure.json", "a/sealing.json"})) == 1
    assert await store.list("a/") == ["a/erasure.json", "a/sealing.json"]


async def test_a_deleted_key_can_be_written_once_again(store: Store) -> None:
    await store.put_once("a/b", b"1", JSON)
    await store.delete_prefix("a/")
    assert await store.put_once("a/b", b"2", JSON)


async def test_writing_while_the_folder_goes_away_loses_nothing(store: Store) -> None:
    async def write(n: int) -> None:
        await store.put(f"a/keep-{n}", b"x", JSON)

    await store.put("a/deep/1", b"x", JSON)
    await asyncio.gather(*(write(n) for n in range(8)), *(store.delete_prefix("a/deep/") for _ in range(8)))
    assert len(await store.list("a/")) == 8


@pytest.mark.parametrize(
    "key", ["", "/a", "a/", "a//b", "../a", "a/../b", "a/.b", ".staging/a", "a b", "a\\b", "a\n", "a" * 901]
)
async def test_a_key_that_could_leave_the_store_is_refused(store: Store, key: str) -> None:
    with pytest.raises(StoreKeyError):
        await store.get(key)
    with pytest.raises(StoreKeyError):
        await store.put_once(key, b"", JSON)
    with pytest.raises(StoreKeyError):
        await store.put(key, b"", JSON)


@pytest.mark.parametrize("prefix", ["", "/", "a", "../", "a//", ".staging/"])
async def test_a_prefix_that_could_leave_the_store_is_refused(store: Store, prefix: str) -> None:
    with pytest.raises(StoreKeyError):
        await store.list(prefix)
    with pytest.raises(StoreKeyError):
        await anext(aiter(store.pages(prefix)))
    with pytest.raises(StoreKeyError):
        await store.delete_prefix(prefix)


MIB = 1024 * 1024


async def pieces(*sizes: int) -> AsyncIterator[bytes]:
    for number, size in enumerate(sizes, start=1):
        yield bytes([number]) * size


@pytest.mark.parametrize("sizes", [(), (0,), (1, 2, 3), (8 * MIB,), (5 * MIB, 5 * MIB, 7 * MIB, 1)])
async def test_a_stream_becomes_one_object(store: Store, sizes: tuple[int, ...]) -> None:
    await store.put_stream("a/b.ogg", pieces(*sizes), "audio/ogg")
    assert await store.get("a/b.ogg") == b"".join([piece async for piece in pieces(*sizes)])
    assert await store.size("a/b.ogg") == sum(sizes)
    assert await store.list("a/") == ["a/b.ogg"]


@pytest.mark.parametrize("sizes", [(1,), (9 * MIB, 1)])
async def test_a_stream_that_breaks_off_writes_nothing(store: Store, sizes: tuple[int, ...]) -> None:
    class OutOfSoundError(Exception):
        pass

    async def broken() -> AsyncIterator[bytes]:
        async for piece in pieces(*sizes):
            yield piece
        raise OutOfSoundError

    await store.put("a/b.ogg", b"before", "audio/ogg")
    with pytest.raises(OutOfSoundError):
        await store.put_stream("a/b.ogg", broken(), "audio/ogg")
    assert await store.get("a/b.ogg") == b"before"
    assert await store.list("a/") == ["a/b.ogg"]


async def test_a_range_of_an_object(store: Store) -> None:
    await store.put("a/b.ogg", bytes(range(100)), "audio/ogg")
    assert await store.get_range("a/b.ogg", 0, 100) == bytes(range(100))
    assert await store.get_range("a/b.ogg", 10, 5) == bytes(range(10, 15))
    assert await store.get_range("a/b.ogg", 98, 50) == bytes([98, 99])
    assert await store.get_range("a/nothing", 0, 5) is None
    assert await store.size("a/nothing") is None


async def test_check_passes(store: Store) -> None:
    await store.check()
