"""Tombstones as objects: which one is read, when it is asked for, and how long it stays."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from parley_crds.names import tombstone_name
from parley_operator.actions import DeleteInterview, RemoveTombstone
from parley_operator.shell.client.kube import (
    METADATA_ONLY,
    REVISIONS,
    ConflictError,
    Kube,
    KubeError,
    NotFoundError,
    Resource,
)
from parley_operator.shell.reconcile.act import Actor
from parley_operator.shell.reconcile.observe import Observer, interview_of
from parley_operator.shell.sweep.sweep import sweep_tombstones
from parley_operator.shell.watch.watching import at_rest
from parley_operator.tombstones import KEPT_DAYS, tombstone_of
from parley_protocol import InterviewRef
from support.operator_installation import INSTALLATION
from support.operator_world import World

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
REF = InterviewRef(namespace="hiring", name="jane", uid="u")
FINAL = {"conditions": [{"type": "Failed", "status": "True", "reason": "NoShow", "lastTransitionTime": NOW}]}


def stored() -> dict[str, Any]:
    """A tombstone as the operator made it."""
    world = World(spec={"cancel": True, "ttlSecondsAfterFinished": 0})
    world.reconcile()
    world.reconcile()
    assert world.tombstone is not None
    return world.tombstone


def test_it_is_read_as_it_was_written() -> None:
    found = tombstone_of("test", "jane", stored())
    assert found.end is not None
    assert (found.end.interview, found.end.phase, found.end.reason) == ("jane", "Cancelled", "Cancelled")


@pytest.mark.parametrize(
    ("installation", "name", "change"),
    [
        ("another", "jane", {}),
        ("test", "joan", {}),
        ("test", "jane", {"data": {}}),
        ("test", "jane", {"data": None}),
        ("test", "jane", {"metadata": {"uid": "x"}}),
        ("test", "jane", {"metadata": {"uid": "x", "labels": None}}),
    ],
)
def test_what_is_none_tells_nothing(installation: str, name: str, change: dict[str, Any]) -> None:
    assert tombstone_of(installation, name, {**stored(), **change}).end is None


@pytest.mark.parametrize("name", ["jane", "a" * 253, ".".join(["i" * 63] * 3 + ["i" * 61])])
def test_its_name_is_legal_and_no_snapshots(name: str) -> None:
    assert len(tombstone_name(name)) <= 63
    assert tombstone_name(name) != tombstone_name(name + "x")
    assert tombstone_name(name).endswith("-finished"), "a snapshot's ends with ten hex digits"


class Namespace(Kube):
    """A namespace with these tombstones and Interviews; the calls are kept."""

    def __init__(self, *found: dict[str, Any], named: tuple[str, ...] = (), refuses: KubeError | None = None) -> None:
        self.found, self.named, self.refuses = found, named, refuses
        self.calls: list[tuple[str, str, Any]] = []

    async def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        self.calls.append((method, path.rpartition("/")[2], options.get("body")))
        if method != "GET":
            if self.refuses is not None:
                raise self.refuses
            return {}
        assert options["accept"] == METADATA_ONLY
        if path.endswith("interviews"):
            return {"items": [{"metadata": {"namespace": "hiring", "name": name}} for name in self.named]}
        assert "parley.dev/tombstone=true" in options["query"]["labelSelector"]
        return {"items": [{"metadata": metadata} for metadata in self.found]}

    def done(self) -> list[tuple[str, str]]:
        return [(method, name) for method, name, _ in self.calls if method != "GET"]


def tombstone(name: str, days: int, seen: int | str | None = None) -> dict[str, Any]:
    """Metadata of a tombstone of that age, for which an Interview was seen so many days ago."""
    metadata = {"namespace": "hiring", "name": tombstone_name(name), "uid": name, "resourceVersion": "7"}
    metadata["creationTimestamp"] = (NOW - timedelta(days=days)).isoformat()
    if seen is None:
        return metadata
    noted = seen if isinstance(seen, str) else (NOW - timedelta(days=seen)).isoformat()
    return {**metadata, "annotations": {"parley.dev/last-seen": noted}}


async def test_one_goes_that_nobody_needed_for_long() -> None:
    kube = Namespace(
        tombstone("old", KEPT_DAYS), tombstone("younger", KEPT_DAYS - 1), tombstone("seen", 2 * KEPT_DAYS, 5)
    )
    await sweep_tombstones(kube, INSTALLATION, ["hiring"], NOW)
    assert kube.done() == [("DELETE", tombstone_name("old"))]
    assert kube.calls[-1][2]["preconditions"] == {"uid": "old", "resourceVersion": "7"}


async def test_one_whose_interview_is_there_stays_and_counts_anew() -> None:
    kube = Namespace(tombstone("old", 2 * KEPT_DAYS), named=("old",))
    await sweep_tombstones(kube, INSTALLATION, ["hiring"], NOW)
    assert kube.done() == [("PATCH", tombstone_name("old"))]
    noted = {"metadata": {"annotations": {"parley.dev/last-seen": "2026-11-22T12:00:00Z"}}}
    assert kube.calls[-1][2] == noted


async def test_it_is_noted_once_a_day() -> None:
    kube = Namespace(tombstone("old", 2 * KEPT_DAYS, 0), named=("old",))
    await sweep_tombstones(kube, INSTALLATION, ["hiring"], NOW)
    assert [name for _, name, _ in kube.calls] == ["controllerrevisions"], "nor are the Interviews read for it"


@pytest.mark.parametrize("noted", ["yesterday", "2026-11-22T12:00:00"])
async def test_a_note_that_nobody_can_read_is_none(noted: str) -> None:
    kube = Namespace(tombstone("old", KEPT_DAYS, noted))
    await sweep_tombstones(kube, INSTALLATION, [], NOW)
    assert kube.done() == [("DELETE", tombstone_name("old"))]


async def test_one_that_went_meanwhile_is_no_fault() -> None:
    kube = Namespace(tombstone("a", 200), named=("a",), refuses=NotFoundError(404, "NotFound", "gone"))
    await sweep_tombstones(kube, INSTALLATION, ["hiring"], NOW)


def actor(kube: Kube) -> Actor:
    around: Any = None
    return Actor(kube, INSTALLATION, {}, around)


async def test_an_interview_is_deleted_as_it_was_observed() -> None:
    kube = Namespace(refuses=ConflictError(409, "Conflict", "the TTL was raised meanwhile"))
    await actor(kube).perform(REF, DeleteInterview("41"))
    ((method, name, body),) = kube.calls
    assert (method, name) == ("DELETE", "jane")
    assert body["preconditions"] == {"uid": "u", "resourceVersion": "41"}


async def test_a_deletion_that_is_refused_is_told() -> None:
    with pytest.raises(KubeError, match="no right"):
        await actor(Namespace(refuses=KubeError(403, "Forbidden", "no right"))).perform(REF, DeleteInterview("41"))


async def test_a_tombstone_is_removed_by_its_uid() -> None:
    kube = Namespace()
    await actor(kube).perform(REF, RemoveTombstone("t-1"))
    ((method, name, body),) = kube.calls
    assert (method, name, body["preconditions"]) == ("DELETE", tombstone_name("jane"), {"uid": "t-1"})


class Reads:
    """An API server that has tombstones only, and notes who asks for them."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def get(self, resource: Resource, namespace: str, name: str) -> dict[str, Any] | None:
        if resource is REVISIONS:
            self.asked.append(name)
            return stored()
        return None

    recall = get

    def is_unheard_of(self, resource: Resource, namespace: str, name: str) -> bool:
        return True

    async def ledger(self, name: str) -> None:
        return None

    async def bots(self, uid: str) -> list[dict[str, Any]]:
        return []


@pytest.mark.parametrize(
    ("status", "ttl", "deleted", "asked"),
    [
        ({}, None, False, True),
        ({"acceptedAt": NOW}, 60, False, False),
        ({"acceptedAt": NOW, **FINAL}, None, False, False),
        ({"acceptedAt": NOW, **FINAL}, 60, False, True),
        ({}, 60, True, False),
    ],
)
async def test_it_is_read_where_it_is_asked_for(
    status: dict[str, Any], ttl: int | None, deleted: bool, asked: bool
) -> None:
    kube: Any = Reads()
    metadata = {"name": "jane", "namespace": "hiring", "uid": "u"} | ({"deletionTimestamp": NOW} if deleted else {})
    spec = {"templateRef": {"name": "backend"}, "ttlSecondsAfterFinished": ttl}
    observed = await Observer(kube, INSTALLATION).snapshot(
        interview_of({"metadata": metadata, "spec": spec, "status": status}), {}
    )
    assert kube.asked == ([tombstone_name("jane")] if asked else [])
    assert (observed.tombstone is not None) == asked


@pytest.mark.parametrize(
    ("ttl", "reason", "rests"), [(None, "NoShow", True), (60, "NoShow", False), (60, "AlreadyFinished", True)]
)
def test_a_final_interview_with_a_ttl_is_woken_at_a_start(ttl: int | None, reason: str, rests: bool) -> None:
    conditions = [{"type": "Failed", "status": "True", "reason": reason}]
    status = {"phase": "Expired", "observedGeneration": 1, "conditions": conditions}
    spec = {} if ttl is None else {"ttlSecondsAfterFinished": ttl}
    metadata = {"generation": 1, "finalizers": ["parley.dev/interview"]}
    assert at_rest({"metadata": metadata, "spec": spec, "status": status}) == rests
