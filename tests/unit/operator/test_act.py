"""What an action asks of the API server, where the amount matters."""

from typing import Any

import pytest
from parley_crds import InterviewStatus, Phase
from parley_operator.actions import Action, ApplyLink, ApplyStatus, CollectRevision, CreatePod, SetFinalizer
from parley_operator.shell.client.kube import AlreadyExistsError, ConflictError, Kube, KubeError, NotFoundError
from parley_operator.shell.reconcile.act import Actor
from parley_operator.shell.reconcile.revisions import COLLECT_PAGE_SIZE
from parley_operator.shell.watch.mirror import Mirror
from parley_protocol import InterviewRef
from support.operator_installation import INSTALLATION

REF = InterviewRef(namespace="hiring", name="jane", uid="0")
SNAPSHOT = "backend-0123456789"


class ManyInterviews(Mirror):
    """A namespace of 1,000 Interviews that no watch has told of; the first so many name the snapshot.

    The calls are counted.
    """

    def __init__(self, naming: int) -> None:
        around: Any = None
        super().__init__(around, "parley", "bots", ["hiring"])
        self._naming = naming
        self.calls: list[str] = []

    async def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        self.calls.append(f"{method} {path.rpartition('/')[2]}")
        if method != "GET":
            return {"kind": "Status"}
        if path.endswith(SNAPSHOT):
            return {"metadata": {"namespace": "hiring", "name": SNAPSHOT, "uid": "1", "resourceVersion": "1"}}
        query = options["query"]
        start = int(query.get("continue", "0"))
        end = min(1000, start + int(query["limit"]))
        items = [self._interview(number) for number in range(start, end)]
        return {"items": items, "metadata": {"continue": str(end)} if end < 1000 else {}}

    def _interview(self, number: int) -> dict[str, Any]:
        revision = SNAPSHOT if number < self._naming else "other-0123456789"
        return {"metadata": {"uid": str(number)}, "status": {"template": {"revision": revision}}}


async def collect(kube: ManyInterviews) -> list[str]:
    around: Any = None
    await Actor(kube, INSTALLATION, {}, around).perform(REF, CollectRevision(SNAPSHOT))
    return kube.calls


async def test_a_snapshot_that_another_names_stays_and_the_look_for_it_is_short() -> None:
    assert await collect(ManyInterviews(naming=1000)) == [f"GET {SNAPSHOT}", "GET interviews"]


async def test_a_snapshot_that_nobody_else_names_goes() -> None:
    pages = ["GET interviews"] * (1000 // COLLECT_PAGE_SIZE)
    assert await collect(ManyInterviews(naming=1)) == [f"GET {SNAPSHOT}", *pages, f"DELETE {SNAPSHOT}"]


class Answers(Kube):
    """An API server that gives one answer to all; the calls' bodies are kept."""

    def __init__(self, answer: dict[str, Any] | KubeError) -> None:
        self._answer = answer
        self.sent: list[tuple[str, Any]] = []

    async def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        self.sent.append((method, options.get("body")))
        if isinstance(self._answer, KubeError):
            raise self._answer
        return self._answer


def actor(kube: Kube) -> Actor:
    around: Any = None
    return Actor(kube, INSTALLATION, {}, around)


POD = CreatePod({"metadata": {"name": "bot", "namespace": "bots"}}, attempt=1)


async def test_a_pod_that_is_there_already_was_made_by_an_earlier_run() -> None:
    await actor(Answers(AlreadyExistsError(409, "AlreadyExists", "it is there"))).perform(REF, POD)


class Named(Answers):
    """An API server where every name is taken."""

    async def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        await super()._call(method, path, **options)
        if method == "POST":
            raise AlreadyExistsError(409, "AlreadyExists", "it is there")
        return {}


LINK = {"metadata": {"name": "itv-jane-link", "namespace": "hiring"}, "stringData": {"token": "secret"}}


@pytest.mark.parametrize(
    ("kube", "known", "calls"),
    [(Answers({}), False, ["POST"]), (Named({}), False, ["POST", "PATCH"]), (Named({}), True, ["PATCH"])],
    ids=["a new one", "one that was not seen", "one that was seen"],
)
async def test_a_links_secret_is_ours_whoever_made_it(kube: Answers, known: bool, calls: list[str]) -> None:
    await actor(kube).perform(REF, ApplyLink(LINK, known))
    assert kube.sent == [(call, LINK) for call in calls]


async def test_a_quotas_contention_made_no_pod() -> None:
    """kubernetes/kubernetes#67761."""
    with pytest.raises(ConflictError):
        await actor(Answers(ConflictError(409, "Conflict", "please apply your changes"))).perform(REF, POD)


async def test_a_long_message_of_any_letters_fits_into_an_event() -> None:
    kube = Answers({})
    await actor(kube).warn(REF, "StepFailed", "ü" * 1000)
    ((_, event),) = kube.sent
    assert event["note"] == "ü" * 512


FOUND = {"metadata": {"uid": "0", "resourceVersion": "7", "finalizers": ["parley.dev/interview", "example.com/x"]}}


async def test_the_finalizer_goes_whoever_put_it_on() -> None:
    kube = Answers(FOUND)
    await actor(kube).perform(REF, SetFinalizer(present=False))
    patch = {"metadata": {"uid": "0", "resourceVersion": "7", "finalizers": ["example.com/x"]}}
    assert kube.sent == [("GET", None), ("PATCH", patch)]


@pytest.mark.parametrize("found", [NotFoundError(404, "NotFound", "gone"), {"metadata": {"uid": "another"}}])
async def test_no_finalizer_is_taken_off_a_namesake(found: dict[str, Any] | KubeError) -> None:
    kube = Answers(found)
    await actor(kube).perform(REF, SetFinalizer(present=False))
    assert [method for method, _ in kube.sent] == ["GET"]


class Changing(Answers):
    """An Interview that others write to, each time just before the operator does; then no more."""

    def __init__(self, times: int) -> None:
        super().__init__(FOUND)
        self._times = times

    async def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        answer = await super()._call(method, path, **options)
        if method == "PATCH" and self._times > 0:
            self._times -= 1
            raise ConflictError(409, "Conflict", "it changed")
        return answer


async def test_a_finalizer_beside_another_writers_change_is_taken_off_at_once() -> None:
    """What led to it is not done again: an erasure would be ordered twice."""
    kube = Changing(times=1)
    await actor(kube).perform(REF, SetFinalizer(present=False))
    assert [method for method, _ in kube.sent] == ["GET", "PATCH", "GET", "PATCH"]


async def test_a_finalizer_beside_others_who_write_all_the_time_is_taken_off_later() -> None:
    with pytest.raises(ConflictError):
        await actor(Changing(times=9)).perform(REF, SetFinalizer(present=False))


@pytest.mark.parametrize(
    "action",
    [ApplyStatus(InterviewStatus(phase=Phase.OPEN), None), SetFinalizer(present=True)],
    ids=["status", "finalizer"],
)
async def test_each_apply_names_the_one_object_that_it_is_for(action: Action) -> None:
    kube = Answers({})
    await actor(kube).perform(REF, action)
    ((method, body),) = kube.sent
    assert method == "PATCH"
    assert body["metadata"]["uid"] == REF.uid
