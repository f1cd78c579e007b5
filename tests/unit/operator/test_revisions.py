"""Snapshots of templates: those that nobody names go, and none goes as it is being named."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from parley_operator.shell.client.kube import INTERVIEWS, METADATA_ONLY, Kube
from parley_operator.shell.reconcile.revisions import Pins, collect, collect_behind
from parley_operator.shell.sweep.sweep import sweep_revisions
from parley_operator.shell.watch.mirror import Mirror
from parley_protocol import InterviewRef
from support.operator_installation import INSTALLATION

OLD = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
YOUNG = datetime.now(UTC).isoformat()


class Namespace(Kube):
    """A namespace with snapshots of these names and creation times, and an Interview for each of `named`."""

    def __init__(self, revisions: dict[str, str], *named: str) -> None:
        self.revisions = revisions
        self.named = list(named)
        self.deleted = False
        self.lists = 0

    async def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        if method == "DELETE":
            del self.revisions[path.rpartition("/")[2]]
            return {}
        if path.endswith("interviews"):
            self.lists += 1
            return {"items": [self._interview(name) for name in tuple(self.named)]}
        assert options["accept"] == METADATA_ONLY
        return {"items": [{"metadata": self._metadata(*item)} for item in self.revisions.items()]}

    def _interview(self, revision: str) -> dict[str, Any]:
        metadata = {"namespace": "hiring", "uid": f"of-{revision}"}
        metadata |= {"deletionTimestamp": YOUNG} if self.deleted else {}
        return {"metadata": metadata, "status": {"template": {"revision": revision}}}

    def _metadata(self, name: str, created: str) -> dict[str, Any]:
        return {"namespace": "hiring", "name": name, "uid": name, "creationTimestamp": created}


async def test_the_sweep_takes_what_nobody_names_and_what_is_old_enough() -> None:
    kube = Namespace({"named-1": OLD, "lost-1": OLD, "new-1": YOUNG}, "named-1")
    await sweep_revisions(kube, INSTALLATION, ["hiring"], Pins())
    assert set(kube.revisions) == {"named-1", "new-1"}


async def test_where_there_is_nothing_old_the_interviews_are_not_read() -> None:
    kube = Namespace({"new-1": YOUNG})
    await sweep_revisions(kube, INSTALLATION, ["hiring"], Pins())
    assert kube.lists == 0


async def test_a_snapshot_that_is_named_during_the_sweep_stays() -> None:
    pins = Pins()

    class Race(Namespace):
        def _interview(self, revision: str) -> dict[str, Any]:
            found = super()._interview(revision)
            if self.lists == 1:
                self.named.append("lost-1")
            return found

    kube = Race({"named-1": OLD, "lost-1": OLD}, "named-1")
    await sweep_revisions(kube, INSTALLATION, ["hiring"], pins)
    assert set(kube.revisions) == {"named-1", "lost-1"}


async def test_a_snapshot_that_is_about_to_be_named_stays() -> None:
    pins, kube = Pins(), Namespace({"lost-1": OLD, "lost-2": OLD})
    async with pins.naming("hiring", "lost-1"), pins.naming("hiring", "lost-1"):
        await sweep_revisions(kube, INSTALLATION, ["hiring"], pins)
    assert set(kube.revisions) == {"lost-1"}
    await sweep_revisions(kube, INSTALLATION, ["hiring"], pins)
    assert kube.revisions == {}


async def test_of_interviews_that_are_deleted_at_once_none_holds_the_snapshot_for_the_others() -> None:
    kube = Namespace({"shared-1": YOUNG}, "shared-1", "shared-1")
    assert not await collect(kube, "hiring", "shared-1", besides="another")
    kube.deleted = True
    assert await collect(kube, "hiring", "shared-1", besides="another")
    assert kube.revisions == {}


class Hiring(Mirror):
    """A namespace with a thousand Interviews that name one snapshot; all are known, as is the snapshot."""

    def __init__(self) -> None:
        around: Any = None
        super().__init__(around, "parley", "bots", ["hiring"])
        self.there = {f"i-{number}": self._interview(number) for number in range(1000)}
        self.calls = Counter[str]()
        for interview in self.there.values():
            self.saw(INTERVIEWS, interview, deleted=False)

    def _interview(self, number: int) -> dict[str, Any]:
        name = f"i-{number}"
        metadata = {"namespace": "hiring", "name": name, "uid": name, "resourceVersion": "1"}
        return {"metadata": metadata, "status": {"template": {"revision": "shared-1"}}}

    def mark_deleted(self, *names: str) -> None:
        for name in names:
            metadata = self.there[name]["metadata"]
            self.there[name] = {
                **self.there[name],
                "metadata": {**metadata, "resourceVersion": "2", "deletionTimestamp": YOUNG},
            }
            self.saw(INTERVIEWS, self.there[name], deleted=False)

    async def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        self.calls[f"{method} {path.rpartition('/')[2]}"] += 1
        if method == "DELETE":
            return {"kind": "Status", "details": {"uid": "shared-1"}}
        if path.endswith("interviews"):
            return {"items": list(self.there.values())}
        metadata = {"namespace": "hiring", "name": "shared-1", "uid": "shared-1", "resourceVersion": "1"}
        return {"metadata": metadata}


async def test_of_a_thousand_interviews_that_are_deleted_one_alone_reads_the_others() -> None:
    mirror = Hiring()
    refs = [InterviewRef(namespace="hiring", name=name, uid=name) for name in mirror.there]
    mirror.mark_deleted(refs[0].name)
    assert not await collect_behind(mirror, refs[0], "shared-1")
    assert mirror.calls == {"GET shared-1": 1}, "another one is known to name it"
    mirror.mark_deleted(*mirror.there)
    collected = [await collect_behind(mirror, ref, "shared-1") for ref in refs]
    assert collected == [True, *[False] * 999]
    assert mirror.calls == {"GET shared-1": 1, "GET interviews": 1, "DELETE shared-1": 1}


async def test_an_interview_that_no_watch_has_told_of_holds_its_snapshot() -> None:
    mirror = Hiring()
    mirror.mark_deleted(*mirror.there)
    mirror.there["unseen"] = mirror._interview(1000)
    assert not await collect_behind(mirror, InterviewRef(namespace="hiring", name="i-0", uid="i-0"), "shared-1")
    assert "DELETE shared-1" not in mirror.calls


async def test_a_snapshot_is_named_only_when_its_collection_is_over() -> None:
    pins, order = Pins(), list[str]()

    async def name(revision: str) -> None:
        async with pins.naming("hiring", revision):
            order.append(revision)

    async with pins.collecting("hiring", "a") as free:
        assert free
        naming = asyncio.create_task(name("a"))
        await name("b")
        order.append("collected")
    await naming
    assert order == ["b", "collected", "a"]
