"""Links: only the key's holder makes one, each is bound to its Interview and epoch, and nothing else reads as one."""

import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from parley_rooms.links import (
    KEYS_MAX,
    LinkForged,
    LinkRevoked,
    claimed_uid,
    link_keys,
    link_url,
    mint_link,
    ticket_key,
    verify_link,
)

KEY = bytes(range(32))
UID = "6d0f1c34-5d15-4f0c-9d67-0f2ae0f1bb5a"
uids = st.uuids().map(str)
epochs = st.integers(min_value=0, max_value=2_147_483_647)
keys = st.binary(min_size=32, max_size=64)


@given(keys, uids, epochs)
def test_a_minted_link_says_what_it_was_minted_for(key: bytes, uid: str, epoch: int) -> None:
    link = verify_link([key], mint_link(key, uid, epoch))
    link.require_epoch(epoch)
    assert (link.uid, link.epoch) == (uid, epoch)


@given(keys, keys, uids, epochs)
def test_another_key_makes_no_link(key: bytes, other: bytes, uid: str, epoch: int) -> None:
    # HMAC pads keys up to its block size with zero bytes, so these two are one key.
    assume(key.ljust(64, b"\0") != other.ljust(64, b"\0"))
    with pytest.raises(LinkForged):
        verify_link([key], mint_link(other, uid, epoch))


@given(st.lists(keys, min_size=1, max_size=KEYS_MAX), st.data(), uids, epochs)
def test_each_of_several_keys_makes_true_links(several: list[bytes], data: st.DataObject, uid: str, epoch: int) -> None:
    """While the key is changed: links of the former one are out, and of the new one."""
    link = verify_link(several, mint_link(data.draw(st.sampled_from(several)), uid, epoch))
    assert (link.uid, link.epoch) == (uid, epoch)


@given(st.data(), uids, epochs)
def test_any_changed_character_is_a_forgery(data: st.DataObject, uid: str, epoch: int) -> None:
    token = mint_link(KEY, uid, epoch)
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from(string.printable + "é²"))
    assume(other != token[at])
    with pytest.raises(LinkForged):
        verify_link([KEY], token[:at] + other + token[at + 1 :])


@given(st.text(max_size=400))
def test_no_text_is_a_link(text: str) -> None:
    with pytest.raises(LinkForged):
        verify_link([KEY], text)


@given(st.text(max_size=400), st.text(alphabet="abc-.1", max_size=200))
def test_a_claimed_uid_is_short_whatever_was_sent(text: str, middle: str) -> None:
    """It is remembered for strangers: nobody may choose how much that takes."""
    for token in (text, f"v1.{middle}.0.{'x' * 43}"):
        assert len(claimed_uid(token) or "") <= 64


def test_a_forged_link_claims_a_uid_all_the_same() -> None:
    assert claimed_uid(mint_link(bytes(32), UID, 3)) == UID
    assert claimed_uid("v1.rubbish") is None


@pytest.mark.parametrize("damage", ["{}.", "{}\n", " {}", "{}=", "{}AA"])
def test_the_form_is_canonical(damage: str) -> None:
    with pytest.raises(LinkForged):
        verify_link([KEY], damage.format(mint_link(KEY, UID, 3)))


def test_an_epoch_is_written_in_one_way() -> None:
    version, uid, epoch, mac = mint_link(KEY, UID, 3).split(".")
    with pytest.raises(LinkForged):
        verify_link([KEY], f"{version}.{uid}.0{epoch}.{mac}")


@given(epochs, epochs)
def test_another_epoch_is_revoked(minted: int, current: int) -> None:
    assume(minted != current)
    link = verify_link([KEY], mint_link(KEY, UID, minted))
    with pytest.raises(LinkRevoked):
        link.require_epoch(current)


def test_keys_are_written_one_a_line() -> None:
    assert link_keys("n" * 32) == (b"n" * 32,)
    assert link_keys("n" * 32 + "\n" + "o" * 43 + "\r\n") == (b"n" * 32, b"o" * 43)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "at least 32 characters$"),
        ("\n\n", "at least 32 characters$"),
        ("secret", "at least 32 characters$"),
        ("n" * 32 + "\nsecret", "at least 32 characters each, one a line"),
        ("\n".join(["n" * 32] * 3 + ["secret" * 6] * 2), "4 keys at most"),
    ],
)
def test_what_are_no_keys_is_refused_and_not_told(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as refused:
        link_keys(text)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("key", [b"", b"short"])
def test_a_short_key_is_refused(key: bytes) -> None:
    with pytest.raises(ValueError, match="link key"):
        mint_link(key, UID, 0)
    with pytest.raises(ValueError, match="link key"):
        verify_link([key], "v1")


@pytest.mark.parametrize(("uid", "epoch"), [("", 0), ("a|b", 0), ("x" * 65, 0), (UID, -1)])
def test_no_link_for_what_is_no_interview(uid: str, epoch: int) -> None:
    with pytest.raises(ValueError, match="no link"):
        mint_link(KEY, uid, epoch)


def test_the_token_stays_in_the_fragment() -> None:
    assert link_url("https://talk.example/", "v1.a") == "https://talk.example/join#v1.a"


def test_each_interview_has_a_ticket_key_of_its_own() -> None:
    assert ticket_key(KEY, UID) == ticket_key(KEY, UID)
    assert ticket_key(KEY, UID) != ticket_key(KEY, "another")
    assert len(ticket_key(KEY, UID)) == 32
