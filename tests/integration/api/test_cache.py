"""The cache of Interviews, followed in this process while the API server ends its watches."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pytest
from parley_api import interviews, kube
from parley_api.interviews import InterviewCache, read_again
from parley_api.kube import Document, Kube, KubeError, Query, interviews_path
from support.api import Interviewed, eventually

MakeInterview = Callable[..., Interviewed]


@pytest.fixture
async def connection(kubeconfig: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Kube]:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    connection = await Kube.connect()
    yield connection
    await connection.close()


class Followed:
    """A running cache, and what it told of."""

    def __init__(self, connection: Kube, namespace: str) -> None:
        self.heard: list[str] = []
        self.cache = InterviewCache(connection, [namespace], self.heard.append)
        self.watches = 0

    def knows(self, made: Interviewed) -> bool:
        return self.cache.by_uid(made.uid) is not None

    def lacks(self, made: Interviewed) -> bool:
        return not self.knows(made)

    async def until(self, what: str, condition: Callable[[], bool]) -> None:
        async def ask() -> bool:
            return condition()

        await eventually(what, ask)


@pytest.fixture
async def followed(connection: Kube, namespace: str, monkeypatch: pytest.MonkeyPatch) -> Followed:
    # Pages and watches as short as they can be: every join between two of them is passed.
    monkeypatch.setattr(interviews, "PAGE", 2)
    monkeypatch.setattr(kube, "WATCH_SECONDS", 1)
    followed, real = Followed(connection, namespace), Kube.watch

    def watch(self: Kube, path: str, query: Query) -> AsyncIterator[Document]:
        followed.watches += 1
        return real(self, path, query)

    monkeypatch.setattr(Kube, "watch", watch)
    return followed


async def test_it_follows_through_pages_and_watches(followed: Followed, interview: MakeInterview) -> None:
    early = [interview() for _ in range(5)]
    task = asyncio.create_task(followed.cache.run())
    try:
        await followed.until("the cache is ready", lambda: followed.cache.ready)
        assert all(followed.cache.by_uid(made.uid) for made in early)
        assert followed.cache.fresh
        late, begun = [], followed.watches
        while followed.watches < begun + 3:
            made = interview()
            late.append(made)
            await followed.until("the new one is known", partial(followed.knows, made))
        for made in (*early, *late):
            made.cluster.delete(made.path)
            await followed.until("it is gone", partial(followed.lacks, made))
        assert {made.uid for made in (*early, *late)} <= set(followed.heard)
    finally:
        task.cancel()


async def test_what_a_candidate_told_beforehand_is_not_kept(followed: Followed, interview: MakeInterview) -> None:
    made = interview(context={"inline": "Ten years of Python." * 1000})
    applied = {"metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "Ten years", "a": "b"}}}
    made.cluster.patch(made.path, applied)
    task = asyncio.create_task(followed.cache.run())
    try:
        await followed.until("it is known", partial(followed.knows, made))
        known = followed.cache.by_uid(made.uid)
        assert known is not None
        assert "Ten years" not in str(known)
        assert known["metadata"]["annotations"] == {"a": "b"}
        assert known["spec"]["candidate"] == {"name": "Ada", "extraTimePercent": 0}
    finally:
        task.cancel()


async def test_a_name_made_anew_is_another_interview(followed: Followed, interview: MakeInterview) -> None:
    first = interview()
    task = asyncio.create_task(followed.cache.run())
    try:
        await followed.until("the first is known", lambda: followed.cache.by_uid(first.uid) is not None)
        document = followed.cache.by_uid(first.uid)
        assert document is not None
        first.cluster.delete(first.path)
        again = first.cluster.create(
            first.path.rpartition("/")[0],
            {
                "apiVersion": "parley.dev/v1alpha1",
                "kind": "Interview",
                "metadata": {"name": first.name},
                "spec": {"templateRef": {"name": "data-engineer"}},
            },
        )
        uid = again["metadata"]["uid"]
        await followed.until("the second is known", lambda: followed.cache.by_uid(uid) is not None)
        assert followed.cache.by_uid(first.uid) is None
        assert await read_again(followed.cache._kube, document) is None
    finally:
        task.cancel()


async def test_a_version_that_is_too_old_begins_anew(
    followed: Followed, interview: MakeInterview, monkeypatch: pytest.MonkeyPatch
) -> None:
    """410 Gone, as after a long pause: the list is read again, and what went meanwhile goes."""
    kept, gone = interview(), interview()
    task = asyncio.create_task(followed.cache.run())
    try:
        await followed.until("both are known", lambda: followed.cache.by_uid(gone.uid) is not None)
        real, broken = Kube.watch, asyncio.Event()

        def stale(self: Kube, path: str, query: object) -> AsyncIterator[dict[str, object]]:
            async def refuse() -> AsyncIterator[dict[str, object]]:
                broken.set()
                raise KubeError(410, "Expired", "too old resource version")
                yield {}

            if broken.is_set():
                return real(self, path, query)  # type: ignore[arg-type]  # passed on as it came
            gone.cluster.delete(gone.path)
            return refuse()

        monkeypatch.setattr(Kube, "watch", stale)
        await followed.until("the watch broke", broken.is_set)
        await followed.until("what went is gone", lambda: followed.cache.by_uid(gone.uid) is None)
        assert followed.cache.by_uid(kept.uid) is not None
    finally:
        task.cancel()


async def test_names_can_not_reach_another_path(connection: Kube, namespace: str) -> None:
    with pytest.raises(KubeError) as refused:
        await connection.get(interviews_path(namespace, f"../secrets/{secrets.token_hex(2)}"))
    assert refused.value.status == 404
    assert "secrets" not in refused.value.details.get("kind", "")
