"""The memory of the cluster: whatever comes in whatever order, it never goes back to an older state."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from parley_operator.shell.client.kube import PODS, SECRETS, Key
from parley_operator.shell.watch.memory import GONE_SECONDS, Memory

KEY: Key = (PODS, "bots", "bot")


def pod(version: int, uid: str = "u-1", name: str = "bot", interview: str = "i-1") -> dict[str, Any]:
    labels = {"parley.dev/interview-uid": interview}
    return {
        "metadata": {
            "name": name,
            "namespace": "bots",
            "uid": uid,
            "resourceVersion": str(version),
            "labels": labels,
        }
    }


def version_of(memory: Memory) -> int | None:
    held = memory.find(KEY)
    return None if held is None or held.body is None else int(held.body["metadata"]["resourceVersion"])


@st.composite
def words(draw: st.DrawFn) -> list[tuple[str, int]]:
    """An object's life, told by two mouths: each word twice, in any order."""
    versions = draw(st.lists(st.integers(1, 50), min_size=1, max_size=8, unique=True))
    told = [("state", version) for version in versions] * 2
    if draw(st.booleans()):
        told += [("gone", 0)] * draw(st.integers(1, 2))
    return draw(st.permutations(told))


@given(words())
def test_the_latest_state_stands_and_an_end_is_one(told: list[tuple[str, int]]) -> None:
    memory, latest, gone = Memory(), 0, False
    for word, version in told:
        if word == "gone":
            assert memory.lose(KEY, "u-1") == (not gone)
            gone = True
        else:
            news = memory.put(PODS, pod(version))
            assert news == (not gone and version > latest)
            latest = max(latest, version)
        assert version_of(memory) == (None if gone else latest)
        assert len(memory.of_interview(PODS, "bots", "i-1")) == (0 if gone else 1)


def test_a_namesake_takes_the_place_and_the_formers_end_is_still_news() -> None:
    memory = Memory()
    memory.put(PODS, pod(1))
    assert memory.put(PODS, pod(5, uid="u-2", interview="i-2"))
    assert memory.of_interview(PODS, "bots", "i-1") == []
    assert memory.lose(KEY, "u-1"), "whoever waits for its end is to be told"
    assert version_of(memory) == 5


def test_what_is_doubted_is_not_answered_until_it_was_read() -> None:
    memory = Memory()
    memory.put(PODS, pod(3))
    memory.doubt(KEY)
    assert memory.find(KEY) is None
    assert memory.doubted(PODS, "bots") == [KEY]
    memory.confirm(KEY, pod(2), memory.now)  # from an API server that lags behind
    assert version_of(memory) == 3
    memory.doubt(KEY)
    memory.confirm_absent(KEY, memory.held(KEY))
    held = memory.find(KEY)
    assert held is not None
    assert held.body is None


def test_what_is_read_after_it_was_lost_is_there_though_it_was_taken_for_gone() -> None:
    now = 1.0
    memory = Memory(lambda: now)
    memory.put(PODS, pod(3))
    memory.lose(KEY)
    now = 2.0
    memory.confirm(KEY, pod(3), 1.0)
    assert version_of(memory) is None, "it was asked for before it was lost"
    memory.confirm(KEY, pod(3), 2.0)
    assert version_of(memory) == 3
    assert memory.put(PODS, pod(4)), "and what a watch tells of it is news"


def test_metadata_alone_are_no_content_but_tell_of_a_later_one() -> None:
    memory, key = Memory(), (SECRETS, "bots", "bot")
    assert memory.put(SECRETS, pod(1), read=False)
    stub = memory.find(key)
    assert stub is not None
    assert not stub.read
    memory.confirm(key, pod(1), memory.now)
    full = memory.find(key)
    assert full is not None
    assert full.read
    assert not memory.put(SECRETS, pod(1), read=False), "what is known in full stays"
    assert memory.put(SECRETS, pod(2), read=False)
    assert memory.is_behind(key, pod(3)["metadata"])
    assert not memory.is_behind(key, pod(2)["metadata"])


def test_it_forgets_in_time() -> None:
    now = 0.0
    memory = Memory(lambda: now)
    memory.put(PODS, pod(1))
    memory.put(SECRETS, pod(1, uid="s-1"))
    memory.lose(KEY)
    now = 61.0
    memory.tidy(60, lasting=lambda key: key[0] == PODS)
    assert len(memory) == 0
    assert not memory.put(PODS, pod(2)), "a late word of what is gone"
    now = GONE_SECONDS + 62.0
    memory.tidy(60, lasting=lambda key: True)
    assert memory.put(PODS, pod(2))
