"""What the mirror makes of an answer that is older than what a watch has told meanwhile."""

from typing import Any

from parley_operator.shell.client.kube import TEMPLATES, Json, NotFoundError
from parley_operator.shell.watch.mirror import Mirror

TEMPLATE = {"metadata": {"name": "backend", "namespace": "hiring", "uid": "u-1", "resourceVersion": "7"}}


class Late(Mirror):
    """Its API server answers that there is nothing, and a watch tells of the template before the answer arrives."""

    def __init__(self) -> None:
        around: Any = None
        super().__init__(around, "parley", "bots", ["hiring"])
        self.asked = 0

    async def _call(self, method: str, path: str, **sent: Any) -> Json:
        self.asked += 1
        if self.asked == 1:
            assert self.saw(TEMPLATES, TEMPLATE, deleted=False)
        raise NotFoundError(404, "NotFound", "not there yet")


async def test_what_a_watch_told_meanwhile_stands() -> None:
    mirror = Late()
    assert await mirror.get(TEMPLATES, "hiring", "backend") == TEMPLATE
    assert await mirror.get(TEMPLATES, "hiring", "backend") == TEMPLATE
    later = {"metadata": {**TEMPLATE["metadata"], "resourceVersion": "8"}}
    assert mirror.saw(TEMPLATES, later, deleted=False), "it is not taken for one that is gone"


async def test_what_was_doubted_is_not_there_where_the_answer_says_so() -> None:
    mirror = Late()
    mirror.asked = 1
    mirror.saw(TEMPLATES, TEMPLATE, deleted=False)
    mirror._memory.doubt((TEMPLATES, "hiring", "backend"))
    assert await mirror.get(TEMPLATES, "hiring", "backend") is None


class Mistaken(Mirror):
    """Its API server, or what speaks for it, says once that there is nothing."""

    def __init__(self) -> None:
        around: Any = None
        super().__init__(around, "parley", "bots", ["hiring"])
        self.mistakes = 1

    async def _call(self, method: str, path: str, **sent: Any) -> Json:
        if self.mistakes:
            self.mistakes -= 1
            raise NotFoundError(404, "NotFound", "there is no such thing")
        return TEMPLATE


async def test_what_was_taken_for_gone_by_mistake_is_back_with_the_next_read() -> None:
    mirror = Mistaken()
    key = (TEMPLATES, "hiring", "backend")
    mirror.saw(TEMPLATES, TEMPLATE, deleted=False)
    mirror._memory.doubt(key)
    assert await mirror.get(*key) is None
    mirror._memory.doubt(key)
    assert await mirror.get(*key) == TEMPLATE
    later = {"metadata": {**TEMPLATE["metadata"], "resourceVersion": "8"}}
    assert mirror.saw(TEMPLATES, later, deleted=False)


async def test_what_a_watch_told_the_end_of_meanwhile_is_gone() -> None:
    class Slow(Mistaken):
        async def _call(self, method: str, path: str, **sent: Any) -> Json:
            assert self.saw(TEMPLATES, TEMPLATE, deleted=True)
            return TEMPLATE

    mirror = Slow()
    mirror.saw(TEMPLATES, TEMPLATE, deleted=False)
    mirror._memory.doubt((TEMPLATES, "hiring", "backend"))
    assert await mirror.get(TEMPLATES, "hiring", "backend") is None
