"""The operator's orders to the API: what can't be given is one error, whatever was the matter."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from parley_api.problems import ProblemError
from parley_operator.shell.client.api import ApiClient, ApiError
from parley_protocol import InterviewRef
from support.certificates import Authority
from support.operator_site import Orders

REF = InterviewRef(namespace="hiring", name="jane", uid="u")


@pytest.fixture
def orders(tmp_path: Path) -> Iterator[Orders]:
    taken = Orders(tmp_path)
    yield taken
    taken.stop()


@pytest.fixture
def token(tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.write_text("first\n")
    return file


def renew(token: Path) -> None:
    token.write_text("second\n")


async def test_the_token_is_read_at_each_order(orders: Orders, token: Path) -> None:
    client = ApiClient(orders.url, orders.ca_file, token)
    await client.seal(REF, "Cancelled")
    renew(token)
    await client.erase(REF)
    assert [(path.rpartition("/")[2], authorization) for path, _, authorization in orders.taken] == [
        ("seal", "Bearer first"),
        ("erase", "Bearer second"),
    ]


async def test_an_api_that_fails(orders: Orders, token: Path) -> None:
    orders.broken = True
    with pytest.raises(ApiError, match="seal: the API answered 503"):
        await ApiClient(orders.url, orders.ca_file, token).seal(REF, "Cancelled")


async def test_what_the_api_says_to_it_is_told_in_its_own_words(orders: Orders, token: Path) -> None:
    cause = "Daily answered 503: server-error It is being mended"
    said = f"Nothing was stored; send it again. the recordings of room parley-{'a' * 63} are still there: {cause}"
    orders.broken = True
    orders.says = ProblemError(503, "store-unavailable", said).document()
    with pytest.raises(ApiError) as raised:
        await ApiClient(orders.url, orders.ca_file, token).erase(REF)
    assert str(raised.value) == f"erase: the API answered 503: {said}"


async def test_an_api_of_another_authority_gets_no_order(orders: Orders, token: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    client = ApiClient(orders.url, Authority(tmp_path / "other").file, token)
    with pytest.raises(ApiError, match="certificate verify failed"):
        await client.erase(REF)
    assert orders.taken == []


@pytest.mark.parametrize("missing", ["ca.crt", "token"])
async def test_what_the_order_needs_is_not_there(orders: Orders, token: Path, missing: str) -> None:
    (token.parent / missing).unlink()
    with pytest.raises(ApiError, match=missing):
        await ApiClient(orders.url, orders.ca_file, token).erase(REF)


async def test_a_ca_that_is_none(orders: Orders, token: Path) -> None:
    orders.ca_file.write_text("not PEM")
    with pytest.raises(ApiError, match=r"ca\.crt: .*certificate"):
        await ApiClient(orders.url, orders.ca_file, token).erase(REF)
