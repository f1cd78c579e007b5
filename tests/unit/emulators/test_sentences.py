"""Where texts are cut."""

import pytest
from parley_emulators.speech.sentences import split_first_clause, split_sentences


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("", []),
        ("Hello.", ["Hello."]),
        ("Hello. How are you?  Fine!", ["Hello.", "How are you?", "Fine!"]),
        ("I met Dr. Smith. He left.", ["I met Dr. Smith.", "He left."]),
        ("It costs 3.5 euros. Really", ["It costs 3.5 euros.", "Really"]),
        ('He said "Go." Then he left.', ['He said "Go."', "Then he left."]),
        ("no capitals here. and on", ["no capitals here. and on"]),
    ],
)
def test_sentences(text: str, sentences: list[str]) -> None:
    assert split_sentences(text) == sentences


def test_only_a_long_sentence_is_cut_at_its_first_clause() -> None:
    long = "Hello, I am Robin from the platform team, and I will interview you today about your work."
    assert split_first_clause("Short, and sweet.") == ["Short, and sweet."]
    assert split_first_clause(long) == [
        "Hello, I am Robin from the platform team,",
        "and I will interview you today about your work.",
    ]
    assert split_first_clause("word " * 30) == ["word " * 30]
