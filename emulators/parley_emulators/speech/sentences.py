"""Cutting text where a speaker would breathe."""

import re

_SENTENCE_END = re.compile(r"[.!?…][\"')\]]*(?=\s[\"'(\[]?[A-Z0-9])")
_ABBREVIATION = re.compile(r"\b(?:[A-Z]|Mr|Mrs|Ms|Dr|St|Prof|vs|e\.g|i\.e|etc|No)\.$")
_CLAUSE_END = re.compile(r"(?<=[,;:—])\s+")
_SHORTEST_FIRST_CLAUSE = 25
_LONGEST_UNCUT = 60


def split_sentences(text: str) -> list[str]:
    """The sentences of a text, without surrounding space, in order; abbreviations and initials end none."""
    text = " ".join(text.split())
    sentences: list[str] = []
    start = 0
    for found in _SENTENCE_END.finditer(text):
        if not _ABBREVIATION.search(text[start : found.end()]):
            sentences.append(text[start : found.end()])
            start = found.end() + 1
    if text[start:]:
        sentences.append(text[start:])
    return sentences


def split_first_clause(sentence: str) -> list[str]:
    """A long sentence in two where its first clause ends, so that the first sound does not wait for the whole of it."""
    if len(sentence) <= _LONGEST_UNCUT:
        return [sentence]
    for cut in _CLAUSE_END.finditer(sentence):
        if cut.start() >= _SHORTEST_FIRST_CLAUSE:
            return [sentence[: cut.start()], sentence[cut.end() :]]
    return [sentence]
