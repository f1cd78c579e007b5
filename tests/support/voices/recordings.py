"""People's voices with their words: LibriVox readers, as Debian's pocketsphinx-testdata has them (BSD-2-Clause)."""

import re
from functools import cache
from pathlib import Path

from parley_emulators.speech.audio import read_wav

from support.voices.sounds import RATE

FOLDER = Path("/usr/share/pocketsphinx/test/data/librivox")
PACKAGE = "pocketsphinx-testdata"
_LINE = re.compile(r"<s> (?P<words>.*) </s> \((?P<name>\S+)\)")


@cache
def transcripts() -> dict[str, str]:
    """The words of each recording, by its number.

    Raises:
        FileNotFoundError: the package is not installed; the message says how to get it.
    """
    file = FOLDER / "transcription"
    if not file.exists():
        raise FileNotFoundError(f"{file} is not there: run `cluster/debian-packages {PACKAGE}`")
    found = (_LINE.fullmatch(line.strip()) for line in file.read_text().splitlines())
    return {match["name"].rsplit("-", 1)[1]: match["words"] for match in found if match}


def recording(number: str) -> bytes:
    """The sound of a recording, 16 kHz."""
    (file,) = FOLDER.glob(f"*-{number}.wav")
    return read_wav(file, RATE)
