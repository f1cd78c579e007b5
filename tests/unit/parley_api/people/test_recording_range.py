"""Which bytes of a recording a Range asks for, and what is said where there are none."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parley_api.people.recording import wanted, why_none
from parley_api.problems import ProblemError
from parley_protocol import Manifest, ProviderRecording, RecordingAccount


@pytest.mark.parametrize(
    ("header", "span"),
    [
        (None, (0, 100)),
        ("bytes=0-", (0, 100)),
        ("bytes=0-0", (0, 1)),
        ("bytes=10-19", (10, 20)),
        ("bytes=90-999", (90, 100)),
        ("bytes=-30", (70, 100)),
        ("bytes=-999", (0, 100)),
    ],
)
def test_a_range(header: str | None, span: tuple[int, int]) -> None:
    assert wanted(header, 100) == span


@pytest.mark.parametrize(
    "header", ["bytes=100-", "bytes=20-10", "bytes=-0", "bytes=-", "bytes=0-1,5-6", "items=0-1", "bytes=a-b", ""]
)
def test_what_is_no_range_of_it(header: str) -> None:
    with pytest.raises(ProblemError) as refused:
        wanted(header, 100)
    assert refused.value.status == 416
    assert refused.value.headers["Content-Range"] == "bytes */100"


@given(st.from_regex(r"[0-9]{0,4}-[0-9]{0,4}", fullmatch=True), st.integers(1, 9999))
def test_whatever_is_asked_for_lies_within(text: str, size: int) -> None:
    try:
        start, end = wanted(f"bytes={text}", size)
    except ProblemError:
        return
    assert 0 <= start < end <= size


@pytest.mark.parametrize(
    ("account", "told"),
    [
        (None, "was not recorded"),
        (RecordingAccount(), "nothing of it has reached the store"),
        (RecordingAccount(provider="daily", provider_recordings=[ProviderRecording(id="r-1")]), "by the id r-1"),
        (RecordingAccount(provider="daily", found=False), "kept by daily, which has not told"),
    ],
)
def test_who_asks_for_a_recording_that_is_not_here_is_told_why(account: RecordingAccount | None, told: str) -> None:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    manifest = Manifest(namespace="hiring", name="ada", uid="u-1", created_at=at, artifacts=[], recording=account)
    assert told in why_none(manifest)
