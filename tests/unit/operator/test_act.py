"""What an action asks of the API server, where the amount matters."""

from typing import Any

from parley_operator.actions import CollectRevision
from parley_operator.shell.act import Actor
from parley_operator.shell.kube import Kube
from parley_operator.shell.revisions import COLLECT_PAGE_SIZE
from parley_protocol import InterviewRef
from support.operator_world import INSTALLATION

REF = InterviewRef(namespace="hiring", name="jane", uid="0")


class ManyInterviews(Kube):
    """A namespace of 1,000 Interviews, of which the first so many name the snapshot; the calls are counted."""

    def __init__(self, naming: int) -> None:
        self._naming = naming
        self.calls: list[str] = []

    async def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        self.calls.append(f"{method} {path.rpartition('/')[2]}")
        if method != "GET":
            return {}
        query = options["query"]
        start = int(query.get("continue", "0"))
        end = min(1000, start + int(query["limit"]))
        items = [self._interview(number) for number in range(start, end)]
        return {"items": items, "metadata": {"continue": str(end)} if end < 1000 else {}}

    def _interview(self, number: int) -> dict[str, Any]:
        revision = "backend-0123456789" if number < self._naming else "other-0123456789"
        return {"metadata": {"uid": str(number)}, "status": {"template": {"revision": revision}}}


async def collect(kube: ManyInterviews) -> list[str]:
    around: Any = None
    await Actor(kube, INSTALLATION, {}, around).perform(REF, CollectRevision("backend-0123456789"))
    return kube.calls


async def test_a_snapshot_that_another_names_stays_and_the_look_for_it_is_short() -> None:
    assert await collect(ManyInterviews(naming=1000)) == ["GET interviews"]


async def test_a_snapshot_that_nobody_else_names_goes() -> None:
    pages = ["GET interviews"] * (1000 // COLLECT_PAGE_SIZE)
    assert await collect(ManyInterviews(naming=1)) == [*pages, "DELETE backend-0123456789"]
