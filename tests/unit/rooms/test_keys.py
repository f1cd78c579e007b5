"""A provider's key: read at each call, told by its place and never by itself."""

from pathlib import Path

import pytest
from parley_rooms.errors import RoomAuthError
from parley_rooms.keys import mounted_key


def test_a_key_that_was_renewed_is_the_next_one_that_is_read(tmp_path: Path) -> None:
    file = tmp_path / "DAILY_API_KEY"
    file.write_text(" first\n")
    key = mounted_key(file, "parley/daily")
    assert key.read() == "first"
    file.write_text("second")
    assert key.read() == "second"


@pytest.mark.parametrize("content", [None, b"", b" \n", b"two\nlines", "schlüssel".encode(), b"\xff\xfe", b"nul\x00"])
def test_what_is_no_key_is_told_by_its_place(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "DAILY_API_KEY"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(RoomAuthError, match=r"mend key DAILY_API_KEY of Secret parley/daily") as caught:
        mounted_key(file, "parley/daily").read()
    for told in ("lines", "schl", "nul"):
        assert told not in str(caught.value)
    assert caught.value.__cause__ is None


def test_without_a_secrets_name_the_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(RoomAuthError, match=f"mend the file {tmp_path}/key"):
        mounted_key(tmp_path / "key", None).read()
