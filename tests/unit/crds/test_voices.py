"""Who speaks what: the models' word and the API server's rule are made of one table."""

import typing
from pathlib import Path

import pytest
from parley_crds.voices import ACCENTS, POLYGLOT, VOICES_OF, Voice, language_problem, voice_problem

PAGES = Path(__file__).parents[3] / "web/src/text/languages"
EVERY = typing.get_args(Voice)


def test_every_voice_speaks_something() -> None:
    assert {*POLYGLOT, *(voice for voices in VOICES_OF.values() for voice in voices)} == set(EVERY)


@pytest.mark.parametrize("language", ["en", "en-US", "EN-gb", "de-AT", "hi-Latn-IN"])
def test_a_language_is_known_by_its_first_part(language: str) -> None:
    assert language_problem(language) is None


@pytest.mark.parametrize("language", ["nl", "ja-JP", "ens", "e", ""])
def test_another_is_refused_with_those_that_there_are(language: str) -> None:
    assert language_problem(language) == (
        "must be a language that Nova Sonic speaks: de, en, es, fr, hi, it, pt, with or without a region"
    )


@pytest.mark.parametrize("language", VOICES_OF)
@pytest.mark.parametrize("voice", EVERY)
def test_a_voice_speaks_its_own_languages_and_a_polyglot_all(language: str, voice: str) -> None:
    able = voice in POLYGLOT or voice in VOICES_OF[language]
    assert (voice_problem(f"{language}-XX", voice) is None) is able


def test_a_voice_is_from_where_one_of_its_languages_is_spoken() -> None:
    """So that an accent is told for each voice, and no voice for a language that it does not speak."""
    assert {voice for voices in ACCENTS.values() for voice in voices} == set(EVERY)
    for locale, voices in ACCENTS.items():
        assert [voice_problem(locale, voice) for voice in voices] == [None] * len(voices)
        assert language_problem(locale) is None
    assert {locale.split("-")[0] for locale in ACCENTS} == set(VOICES_OF)


@pytest.mark.parametrize("tag", ["es-ES", "pt-PT", "fr-CA", "de-AT", "en-ZA"])
def test_a_region_that_no_voice_is_from_is_no_obstacle(tag: str) -> None:
    assert tag not in ACCENTS
    assert language_problem(tag) is None
    assert voice_problem(tag, VOICES_OF[tag.split("-")[0]][0]) is None


def test_who_could_is_told() -> None:
    assert voice_problem("de-DE", "lupe") == "lupe does not speak de-DE; these do: lennart, matthew, tiffany, tina"


def test_the_candidates_pages_have_words_in_every_language() -> None:
    assert {file.stem for file in PAGES.iterdir()} == set(VOICES_OF)
