"""Which words were really spoken: Nova's FINAL texts, matched to the sentences that it has announced. Pure.

Nova announces each sentence (SPECULATIVE), sends its sound, and tells afterwards, sentence by sentence, what it has
spoken (FINAL). Nothing in the texts says which of them belong together but their order and their words, and nothing
promises that both are cut alike.
"""

import re
from collections import Counter
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product

# A turn has a few sentences. Of more than these, the oldest keep the words that were announced.
_MOST = 16
# So many sentences may be told by one FINAL text, or so many FINAL texts tell of one sentence.
_TOGETHER = 3
_GROUPS = [(1, 1), *((1, n) for n in range(2, _TOGETHER + 1)), *((n, 1) for n in range(2, _TOGETHER + 1))]
# With a smaller share of what was announced, a FINAL text is taken for a part of it whose rest is still to come.
_WHOLE_SHARE = 0.6
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Match:
    """Sentences and the FINAL texts that tell of them, each from an index to the one after the last."""

    sentences: tuple[int, int]
    finals: tuple[int, int]


@dataclass(slots=True)
class Finals:
    """The sentences that were announced and not reported yet, and the FINAL texts that may be theirs."""

    _announced: dict[int, str] = field(default_factory=dict)
    _texts: list[str] = field(default_factory=list)

    def announce(self, number: int, sentence: str) -> None:
        """The model is about to speak a sentence; numbers grow."""
        self._announced[number] = sentence
        while len(self._announced) > _MOST:
            del self._announced[next(iter(self._announced))]

    def tell(self, text: str) -> None:
        """The model has spoken this; where no sentence awaits it, it comes too late."""
        if self._announced:
            self._texts = [*self._texts, text][-_MOST:]

    def spoken(self, sentences: Iterable[tuple[int, str]]) -> list[str]:
        """The words of a turn: the FINAL ones of sentences that have them, the announced ones of the others.

        Each sentence comes with its number. One that shares a FINAL text with a sentence of another turn, or with one
        that was cut short, keeps its own.
        """
        turn = dict(sentences)
        told: dict[int, str] = {}
        for numbers, text in self._matched():
            if all(number in turn for number in numbers):
                told |= dict.fromkeys(numbers, "") | {numbers[0]: text}
        return [words for number, sentence in turn.items() if (words := told.get(number, sentence))]

    def knows(self, numbers: Container[int]) -> bool:
        """Whether all that were announced of these sentences have their FINAL text."""
        told = {number for matched, _ in self._matched() for number in matched}
        return all(number in told for number in self._announced if number in numbers)

    def forget(self, until: int) -> None:
        """The sentences up to this number are reported, and so are the FINAL texts that tell of them."""
        numbers = list(self._announced)
        used = [m.finals[1] for m in self._matches() if numbers[m.sentences[1] - 1] <= until]
        del self._texts[: max(used, default=0)]
        self._announced = {number: words for number, words in self._announced.items() if number > until}

    def _matches(self) -> list[Match]:
        return matches(list(self._announced.values()), self._texts)

    def _matched(self) -> Iterable[tuple[list[int], str]]:
        numbers = list(self._announced)
        for match in self._matches():
            yield numbers[slice(*match.sentences)], " ".join(self._texts[slice(*match.finals)])


def is_interruption(text: str) -> bool:
    """Whether a text of Nova's is its word of an interruption: `{ "interrupted" : true }`, which nobody speaks."""
    return re.fullmatch(r'\s*\{\s*"interrupted"\s*:\s*true\s*\}\s*', text) is not None


def matches(announced: Sequence[str], finals: Sequence[str]) -> list[Match]:
    """What belongs together, in order, so that as many words as possible are alike.

    A FINAL text of which less than half is like anything that was announced is the next sentence's after a pair, and
    nobody's where it is the first: it may be one that comes late. A sentence may have none.
    """
    sentences, told = [_words(text) for text in announced], [_words(text) for text in finals]
    best: dict[tuple[int, int], tuple[float, list[Match]]] = {}
    for i, j in product(range(len(sentences) + 1), range(len(told) + 1)):
        ways = [best[before] for before in ((i - 1, j), (i, j - 1)) if before in best]
        for one, other in _GROUPS:
            if one > i or other > j:
                continue
            before, chosen = best[i - one, j - other]
            gain = _likeness(sentences[i - one : i], told[j - other : j])
            if gain <= 0 and (one, other) == (1, 1) and _follows(chosen, i, j):
                gain = _otherness(sentences[i - 1], told[j - 1])
            if gain > 0:
                ways.append((before + gain, [*chosen, Match((i - one, i), (j - other, j))]))
        best[i, j] = max(ways, key=lambda way: way[0], default=(0.0, []))
    return best[len(sentences), len(told)][1]


def _likeness(sentences: Sequence[Counter[str]], finals: Sequence[Counter[str]]) -> float:
    """How much speaks for these being the same words: more than 0 where over half of them are."""
    one, other = sum(sentences, Counter()), sum(finals, Counter())
    if other.total() < _WHOLE_SHARE * one.total():
        return 0.0
    return 2.0 * (one & other).total() - 0.5 * (one.total() + other.total())


def _follows(chosen: list[Match], i: int, j: int) -> bool:
    """Whether what was chosen ends just before the i-th sentence and the j-th FINAL text."""
    return bool(chosen) and (chosen[-1].sentences[1], chosen[-1].finals[1]) == (i - 1, j - 1)


def _otherness(sentence: Counter[str], final: Counter[str]) -> float:
    """Less than any likeness, but more than 0 where a FINAL text says something else: is no part of the sentence."""
    return 0.01 if 2 * (sentence & final).total() < final.total() else 0.0


def _words(text: str) -> Counter[str]:
    return Counter(_WORD.findall(text.casefold()))
