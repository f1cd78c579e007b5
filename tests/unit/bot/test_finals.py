"""Which FINAL text is of which sentence."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parley_bot.pipeline.finals import Finals, is_interruption, matches

THANKS, QUESTION, NUMBERS = (
    "Thank you.",
    "What do you look for in a team?",
    "We have 250 machines in 3 regions.",
)
ALL, OTHERWISE = "Thank you all.", "What do you want of a team?"
READ_OUT = "We have two hundred fifty machines in three regions."


def spoken(announced: list[str], finals: list[str]) -> list[str]:
    """The words of a turn that has all these sentences."""
    state = Finals()
    for number, sentence in enumerate(announced):
        state.announce(number, sentence)
    for text in finals:
        state.tell(text)
    return state.spoken(enumerate(announced))


@pytest.mark.parametrize(
    ("announced", "finals", "words"),
    [
        ([THANKS, QUESTION], [THANKS, QUESTION], [THANKS, QUESTION]),
        ([THANKS, NUMBERS], [THANKS, READ_OUT], [THANKS, READ_OUT]),
        ([THANKS, QUESTION], [ALL, OTHERWISE], [ALL, OTHERWISE]),
        ([THANKS, QUESTION], [], [THANKS, QUESTION]),
        ([THANKS, QUESTION], [THANKS], [THANKS, QUESTION]),
        ([THANKS, NUMBERS], [READ_OUT], [THANKS, READ_OUT]),
        ([THANKS, NUMBERS], [f"{THANKS} {READ_OUT}"], [f"{THANKS} {READ_OUT}"]),
        ([NUMBERS, THANKS], ["We have two hundred fifty machines", "in three regions.", THANKS], [READ_OUT, THANKS]),
        ([QUESTION, THANKS], ["What do you"], [QUESTION, THANKS]),
        ([THANKS, THANKS], [THANKS, THANKS], [THANKS, THANKS]),
        ([QUESTION], ["Goodbye.", "What do you look for in any team?"], ["What do you look for in any team?"]),
        ([QUESTION], ["Goodbye."], [QUESTION]),
        ([QUESTION, "Goodbye.", THANKS], [QUESTION, "Farewell.", THANKS], [QUESTION, "Farewell.", THANKS]),
        ([QUESTION, "Goodbye.", THANKS], [QUESTION, THANKS], [QUESTION, "Goodbye.", THANKS]),
        ([THANKS, QUESTION], [THANKS, "What do you"], [THANKS, QUESTION]),
        (["¿Qué buscas?"], ["¿Qué, buscas?"], ["¿Qué, buscas?"]),
    ],
    ids=[
        "alike", "a number read out", "other words", "none", "one that has not come yet", "one that never comes",
        "two in one", "one in two", "the first part of one", "twice the same", "one that came late", "nobody's",
        "another word for it", "none in the middle", "the first part after one", "other letters",
    ],
)  # fmt: skip
def test_the_words_of_a_turn(announced: list[str], finals: list[str], words: list[str]) -> None:
    assert spoken(announced, finals) == words


def test_what_is_reported_takes_its_texts_along() -> None:
    state = Finals()
    state.announce(1, THANKS)
    state.announce(2, QUESTION)
    state.tell(THANKS)
    assert state.knows([1])
    assert not state.knows([1, 2])
    state.forget(1)
    state.tell("What do you look for in the team?")
    assert state.knows([2])
    assert state.spoken([(2, QUESTION)]) == ["What do you look for in the team?"]
    state.forget(2)
    state.tell("Too late.")
    state.announce(3, "Too late.")
    assert not state.knows([3])


def test_a_sentence_that_was_cut_short_lends_no_words_to_the_one_before() -> None:
    state = Finals()
    state.announce(1, THANKS)
    state.announce(2, QUESTION)
    state.tell(f"{THANKS} {QUESTION}")
    assert state.spoken([(1, THANKS)]) == [THANKS]


@pytest.mark.parametrize("text", ['{ "interrupted" : true }', '{"interrupted":true}'])
def test_an_interruption_is_no_sentence(text: str) -> None:
    assert is_interruption(text)
    assert not is_interruption(f"He said {text}")


SENTENCES = st.lists(st.text("ab ", max_size=8), max_size=6)


@given(SENTENCES, SENTENCES)
def test_order_is_kept_and_nothing_is_told_twice(announced: list[str], finals: list[str]) -> None:
    found = matches(announced, finals)
    for before, after in pairwise(found):
        assert before.sentences[1] <= after.sentences[0]
        assert before.finals[1] <= after.finals[0]
    assert all(m.sentences[0] < m.sentences[1] <= len(announced) for m in found)
    assert all(m.finals[0] < m.finals[1] <= len(finals) for m in found)


@given(st.lists(st.text("abcdefgh ", min_size=1, max_size=20).filter(str.strip), max_size=20))
def test_what_was_spoken_as_announced_is_what_was_announced(sentences: list[str]) -> None:
    assert " ".join(spoken(sentences, sentences)) == " ".join(sentences)
