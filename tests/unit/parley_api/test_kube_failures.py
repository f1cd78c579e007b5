"""What a failing API server costs: what is safe to repeat is repeated, nothing else is, and patience has an end."""

from collections.abc import AsyncIterator

import pytest
from parley_api import kube
from parley_api.kube import TRIES, KubeError
from support.kube_stub import KubeStub, always, first, kube_stub

PATH = "/api/v1/namespaces/bots/pods/one"
POD = {"metadata": {"name": "one"}}


@pytest.fixture
async def stub(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[KubeStub]:
    monkeypatch.setattr(kube, "PAUSE_SECONDS", 0.001)
    async with kube_stub() as stub:
        yield stub


@pytest.mark.parametrize("failures", [(None,), (429,), (503, None), (500, 504)])
async def test_a_passing_failure_is_not_noticed(stub: KubeStub, failures: tuple[int | None, ...]) -> None:
    stub.answers[PATH] = first(*failures, then=POD)
    assert await stub.kube.get(PATH) == POD
    stub.answers[PATH] = first(*failures, then=POD)
    assert await stub.kube.review(PATH, {}) == POD


@pytest.mark.parametrize(("failure", "reason"), [(None, "Unreachable"), (503, "Failed")])
async def test_a_lasting_failure_is_told(stub: KubeStub, failure: int | None, reason: str) -> None:
    stub.answers[PATH] = first(*[failure] * 20, then=POD)
    with pytest.raises(KubeError) as failed:
        await stub.kube.review(PATH, {})
    assert (failed.value.status, failed.value.reason) == (503, reason)
    assert stub.asked[PATH] == TRIES


async def test_a_caller_who_waited_long_waits_no_longer(stub: KubeStub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kube, "TRY_AGAIN_WITHIN_SECONDS", 0.0)
    stub.answers[PATH] = first(503, then=POD)
    with pytest.raises(KubeError):
        await stub.kube.get(PATH)
    assert stub.asked[PATH] == 1


@pytest.mark.parametrize("status", [400, 401, 403, 409, 410, 422])
async def test_a_refusal_is_not_repeated(stub: KubeStub, status: int) -> None:
    stub.answers[PATH] = first(status, then=POD)
    with pytest.raises(KubeError):
        await stub.kube.get(PATH)
    assert stub.asked[PATH] == 1


async def test_a_write_is_not_repeated(stub: KubeStub) -> None:
    stub.answers[PATH] = first(None, then=POD)
    with pytest.raises(KubeError):
        await stub.kube.create(PATH, POD)
    assert stub.asked[PATH] == 1


async def test_finding_tells_nothing_there_from_nothing_known(stub: KubeStub) -> None:
    stub.answers[PATH] = always({"kind": "Status", "reason": "NotFound"}, 404)
    assert await stub.kube.find(PATH) is None
    assert stub.asked[PATH] == 1
    stub.answers[PATH] = always({}, 403)
    with pytest.raises(KubeError):
        await stub.kube.find(PATH)
    stub.answers[PATH] = always(POD)
    assert await stub.kube.find(PATH) == POD


@pytest.mark.parametrize("page", [{}, {"message": "no route"}, {"kind": "Status", "reason": "Unknown"}])
async def test_a_404_of_something_between_is_no_word_that_nothing_is_there(
    stub: KubeStub, page: dict[str, str]
) -> None:
    stub.answers[PATH] = always(page, 404)
    with pytest.raises(KubeError) as failed:
        await stub.kube.find(PATH)
    assert (failed.value.status, failed.value.reason) == (503, "NotAnObject")
    assert stub.asked[PATH] == TRIES, "it may pass"
