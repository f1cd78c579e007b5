"""What `override-dependencies` in pyproject.toml relies on: an older python-dateutil than kubernetes asks for."""

from datetime import UTC, datetime
from importlib.metadata import version

import pytest
from kubernetes.client.api_client import ApiClient


def test_dateutil_is_the_one_that_botocore_allows() -> None:
    assert version("python-dateutil").startswith("2.")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-22T21:52:30Z", datetime(2026, 11, 22, 21, 52, 30, tzinfo=UTC)),
        ("2026-11-22T21:52:30.123456Z", datetime(2026, 11, 22, 21, 52, 30, 123456, tzinfo=UTC)),
        ("2026-11-22T22:52:30+01:00", datetime(2026, 11, 22, 21, 52, 30, tzinfo=UTC)),
    ],
)
def test_kubernetes_reads_an_api_servers_times_by_it(text: str, expected: datetime) -> None:
    client = ApiClient.__new__(ApiClient)  # without a connection, which reading a time needs not
    assert client._ApiClient__deserialize_datetime(text) == expected  # type: ignore[attr-defined] # kubernetes has no public way
