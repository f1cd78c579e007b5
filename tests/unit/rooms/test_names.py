"""Names of rooms: an installation knows its own, and takes no other room for one, however alike it is called."""

import string

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from parley_crds.names import child_name
from parley_rooms.names import child_of_room, room_name

KEY = b"k" * 32
CHILD = "itv-ada-0123456789"

legal = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?", fullmatch=True)
similar = st.sampled_from(["parley", "parley-test", "parley-", "parley-itv-ada", "p", "a-itv-b", "a"]).flatmap(
    lambda start: st.text(string.ascii_lowercase + "-", max_size=12).map(lambda end: f"{start}{end}")
)
installations = st.one_of(legal, similar)
children = st.builds(child_name, st.text("abc-.itv0", min_size=1, max_size=60), st.uuids().map(str))
keys = st.binary(min_size=32, max_size=64)


@given(keys, legal, children)
@example(KEY, "i" * 63, child_name("x" * 253, "uid"))
def test_every_installation_finds_its_own_rooms_again(key: bytes, installation: str, child: str) -> None:
    name = room_name(key, installation, child)
    assert len(name) <= 128
    assert child_of_room([key], installation, name) == child


@given(keys, keys, legal, children)
def test_rooms_of_a_former_key_stay_ones_own(key: bytes, former: bytes, installation: str, child: str) -> None:
    assert child_of_room([key, former], installation, room_name(former, installation, child)) == child


@given(installations, installations, children)
@example("parley", "parley-test", CHILD)
@example("a", "a-itv-b", "itv-b-itv-c-0123456789")
@example("i" * 62 + "a", "i" * 62 + "b", CHILD)
def test_no_room_of_another_installation_is_ones_own(mine: str, others: str, child: str) -> None:
    """Not even where both have the same key."""
    assume(mine != others)
    assert child_of_room([KEY], mine, room_name(KEY, others, child)) is None


@given(keys, keys, legal, children)
def test_no_room_of_a_namesake_with_another_key_is_ones_own(
    key: bytes, other: bytes, installation: str, child: str
) -> None:
    # HMAC pads keys up to its block size with zero bytes, so these two are one key.
    assume(key.ljust(64, b"\0") != other.ljust(64, b"\0"))
    assert child_of_room([key], installation, room_name(other, installation, child)) is None


@given(installations, children, st.text(max_size=60))
@example("parley", CHILD, "")
@example("parley", CHILD, "-0123456789abcdef")
def test_no_room_that_a_person_called_alike_is_ones_own(installation: str, child: str, end: str) -> None:
    for name in (f"parley-{installation}-{end}", f"parley-{installation}-{child}{end}", f"{installation}-{end}", end):
        found = child_of_room([KEY], installation, name)
        assert found is None or room_name(KEY, installation, found) == name


@given(legal, children, st.data())
def test_one_other_letter_makes_it_another_room(installation: str, child: str, data: st.DataObject) -> None:
    name = room_name(KEY, installation, child)
    at = data.draw(st.integers(0, len(name) - 1))
    letter = data.draw(st.sampled_from(string.printable + "é²"))
    assume(letter != name[at])
    for damaged in (name[:at] + letter + name[at + 1 :], name[:at], name + letter, name.upper()):
        assume(damaged != name)
        assert child_of_room([KEY], installation, damaged) is None


def test_a_room_tells_people_whose_it_is() -> None:
    assert room_name(KEY, "prod", CHILD).startswith("parley-prod-itv-ada-0123456789-")


@pytest.mark.parametrize(
    ("installation", "child"), [("a b", CHILD), ("ä", CHILD), ("a/b", CHILD), ("p", ""), ("p", "x" * 120)]
)
def test_a_name_that_no_provider_takes_is_refused(installation: str, child: str) -> None:
    with pytest.raises(ValueError, match="name of a room"):
        room_name(KEY, installation, child)
