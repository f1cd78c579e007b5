"""Tickets: bound to interview, attempt and seconds, used once, and remembered in bounded memory."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from parley_protocol.tickets import (
    CLOCK_SKEW_SECONDS,
    TICKET_SECONDS,
    Ticket,
    TicketBook,
    TicketBookFull,
    TicketError,
    TicketExpired,
    TicketForged,
    TicketMismatch,
    TicketUsed,
    mint_ticket,
    verify_ticket,
)

KEY = bytes(range(32))
UID = "6d0f1c34-5d15-4f0c-9d67-0f2ae0f1bb5a"
NOW = 1_800_000_000.5


def verified(ticket: str, *, now: float = NOW) -> Ticket:
    return verify_ticket([KEY], ticket, uid=UID, attempt=2, now=now)


@given(st.uuids().map(str), st.integers(1, 10_000), st.floats(0, 4e9))
def test_a_minted_ticket_says_what_it_was_minted_for(uid: str, attempt: int, now: float) -> None:
    read = verify_ticket([KEY], mint_ticket(KEY, uid, attempt, now=now), uid=uid, attempt=attempt, now=now)
    assert (read.uid, read.attempt, read.exp) == (uid, attempt, int(now) + TICKET_SECONDS)


def test_no_two_tickets_are_the_same() -> None:
    assert mint_ticket(KEY, UID, 2, now=NOW) != mint_ticket(KEY, UID, 2, now=NOW)


@given(st.data())
def test_any_changed_character_is_a_forgery(data: st.DataObject) -> None:
    ticket = mint_ticket(KEY, UID, 2, now=NOW)
    at = data.draw(st.integers(0, len(ticket) - 1))
    other = data.draw(st.characters(max_codepoint=0x17F))
    assume(other != ticket[at])
    with pytest.raises(TicketForged):
        verified(ticket[:at] + other + ticket[at + 1 :])


@given(st.text(max_size=700))
def test_no_text_is_a_ticket(text: str) -> None:
    with pytest.raises(TicketForged):
        verified(text)


def test_another_key_makes_no_ticket() -> None:
    with pytest.raises(TicketForged):
        verified(mint_ticket(b"k" * 32, UID, 2, now=NOW))


def test_a_ticket_of_either_key_is_true_while_the_key_is_changed() -> None:
    for key in (KEY, b"k" * 32):
        ticket = mint_ticket(key, UID, 2, now=NOW)
        assert verify_ticket([KEY, b"k" * 32], ticket, uid=UID, attempt=2, now=NOW).attempt == 2
    with pytest.raises(TicketForged):
        verify_ticket([KEY, b"k" * 32], mint_ticket(b"x" * 32, UID, 2, now=NOW), uid=UID, attempt=2, now=NOW)


@pytest.mark.parametrize(("uid", "attempt"), [("another", 2), (UID, 1), (UID, 3)])
def test_a_ticket_of_another_interview_or_attempt_is_refused(uid: str, attempt: int) -> None:
    with pytest.raises(TicketMismatch):
        verified(mint_ticket(KEY, uid, attempt, now=NOW))


@pytest.mark.parametrize("later", [TICKET_SECONDS, TICKET_SECONDS + 1, 3600])
def test_a_late_ticket_is_refused(later: float) -> None:
    ticket = mint_ticket(KEY, UID, 2, now=NOW)
    assert verified(ticket, now=NOW + TICKET_SECONDS - 1)
    with pytest.raises(TicketExpired):
        verified(ticket, now=NOW + later)


def test_a_ticket_for_the_future_is_refused() -> None:
    with pytest.raises(TicketExpired):
        verified(mint_ticket(KEY, UID, 2, now=NOW + CLOCK_SKEW_SECONDS + 2))


def test_a_ticket_is_used_once() -> None:
    book = TicketBook()
    ticket = verified(mint_ticket(KEY, UID, 2, now=NOW))
    book.burn(ticket, now=NOW)
    with pytest.raises(TicketUsed):
        book.burn(ticket, now=NOW + 1)


@given(st.lists(st.floats(0, 20), max_size=60), st.integers(1, 8))
def test_the_book_is_bounded_and_never_forgets_a_live_ticket(gaps: list[float], capacity: int) -> None:
    book, now = TicketBook(capacity), NOW
    burned: list[Ticket] = []
    for gap in gaps:
        now += gap
        ticket = verified(mint_ticket(KEY, UID, 2, now=now), now=now)
        try:
            book.burn(ticket, now=now)
        except TicketBookFull:
            assert len(book) == capacity
        else:
            burned.append(ticket)
        assert len(book) <= capacity
        for used in burned:
            if used.exp > now:
                with pytest.raises(TicketError):
                    book.burn(used, now=now)
