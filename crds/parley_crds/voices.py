"""What Nova Sonic speaks: its languages, and which voice speaks which.

As AWS lists them: https://docs.aws.amazon.com/nova/latest/nova2-userguide/sonic-language-support.html; nobody here has
heard them.

A language is looked at without its region. AWS lists a few locales of each at most (`ACCENTS`), and those are accents
of voices: Nova is made to understand others ("robustness to different accents for supported languages", its guide
says), and who interviews in Austria, Spain or South Africa has voices to choose from, none of which is from there. The
region tells the model and the pages which words and formats to use.
"""

from typing import Final, Literal

from parley_crds.rules import Rule

Voice = Literal[
    "amy",
    "ambre",
    "arjun",
    "beatrice",
    "carlos",
    "carolina",
    "florian",
    "kiara",
    "lennart",
    "leo",
    "lorenzo",
    "lupe",
    "matthew",
    "olivia",
    "tiffany",
    "tina",
]
POLYGLOT: Final = ("matthew", "tiffany")
"""They speak every language."""
VOICES_OF: Final = {
    "de": ("lennart", "tina"),
    "en": ("amy", "arjun", "kiara", "olivia"),
    "es": ("carlos", "lupe"),
    "fr": ("ambre", "florian"),
    "hi": ("arjun", "kiara"),
    "it": ("beatrice", "lorenzo"),
    "pt": ("carolina", "leo"),
}
"""By the primary part of a language's tag: the voices that speak it, beside the polyglot ones."""
ACCENTS: Final = {
    "de-DE": ("lennart", "tina"),
    "en-AU": ("olivia",),
    "en-GB": ("amy",),
    "en-IN": ("arjun", "kiara"),
    "en-US": ("matthew", "tiffany"),
    "es-US": ("carlos", "lupe"),
    "fr-FR": ("ambre", "florian"),
    "hi-IN": ("arjun", "kiara"),
    "it-IT": ("beatrice", "lorenzo"),
    "pt-BR": ("carolina", "leo"),
}
"""By the locales that AWS lists: whose voice is from there."""
TOLD_ACCENTS: Final = "; ".join(f"{locale}: {', '.join(voices)}" for locale, voices in ACCENTS.items())


def language_problem(language: str) -> str | None:
    """Why an interview can't be held in a language, a BCP 47 tag, or None."""
    if _primary(language) in VOICES_OF:
        return None
    return f"must be a language that Nova Sonic speaks: {', '.join(VOICES_OF)}, with or without a region"


def voice_problem(language: str, voice: str) -> str | None:
    """Why a voice can't hold an interview in a language, or None."""
    able = (*POLYGLOT, *VOICES_OF.get(_primary(language), ()))
    return None if voice in able else f"{voice} does not speak {language}; these do: {', '.join(sorted(able))}"


def language_rule(path: str) -> Rule:
    """The rule of `language_problem` over a model with the field `language`, which stands at `path` of the spec."""
    spoken = f"self.language.matches('{_tag('|'.join(VOICES_OF))}')"
    return Rule(f"!has(self.language) || {spoken}", f"{path} {language_problem('')}", ".language")


def voice_rule() -> Rule:
    """The rule of `voice_problem` over a template's spec."""
    voice = "self.interviewer.voice"
    each = (
        f"{voice} in {list(voices)} && self.language.matches('{_tag(language)}')"
        for language, voices in VOICES_OF.items()
    )
    spoken = "; ".join(f"{language}: {', '.join(voices)}" for language, voices in VOICES_OF.items())
    message = f"interviewer.voice must speak the language. Every language: {', '.join(POLYGLOT)}; {spoken}"
    return Rule(f"{voice} in {list(POLYGLOT)} || {' || '.join(each)}", message, ".interviewer.voice")


def _primary(language: str) -> str:
    return language.split("-")[0].lower()


def _tag(primary: str) -> str:
    return f"(?i)^({primary})(-|$)"
