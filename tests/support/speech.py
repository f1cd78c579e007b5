"""The synthetic candidate and the recogniser as programs, and the word error rate."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jiwer
import soundfile
import yaml

from support.processes import Program

ANSWERS = [
    "Last winter our database ran out of connections, and I found the service that never closed them.",
    "We added a limit and an alarm, and it has not happened again.",
    "I send it to a few users first, watch the numbers closely, and keep the old version ready.",
    "I want people who say early when something is wrong.",
]
"""Answers to the example's three questions and its one follow-up, in the order in which they are asked."""

WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
NUMBERS = {str(number): word for number, word in enumerate(WORDS)}


@dataclass
class Candidate:
    """A synthetic candidate that is holding its interview."""

    program: Program
    recording: Path
    summary_file: Path

    def finish(self, seconds: float = 180) -> str:
        """What it printed, once its interview is over; that it ended well is asserted."""
        try:
            code = self.program.exit_code(seconds)
        except subprocess.TimeoutExpired as error:
            raise AssertionError(f"not over within {seconds:g} s:\n{self.program.output}") from error
        assert code == 0, self.program.output
        return self.program.output

    @property
    def summary(self) -> dict[str, Any]:
        """The times that it took down."""
        return json.loads(self.summary_file.read_text())  # type: ignore[no-any-return] # JSON


@contextmanager
def candidate(
    link: str, answers: list[str], folder: Path, *, api: str | None = None, **script: Any
) -> Iterator[Candidate]:
    """A synthetic candidate with these answers on the link; `api` stands for the API's own address.

    At the end of the block it closes its browser, so to say, wherever its interview stands.
    """
    script_file = folder / "script.yaml"
    script_file.write_text(yaml.safe_dump({"answers": answers, **script}))
    recording, summary = folder / "heard.wav", folder / "summary.json"
    command = [sys.executable, "-m", "parley_emulators.candidate", "--link", link, "--script", str(script_file)]
    command += ["--record", str(recording), "--summary", str(summary), *(["--api", api] if api else [])]
    program = Program(command, folder / "candidate.log")
    try:
        yield Candidate(program, recording, summary)
    finally:
        program.kill()


def channel_of(recording: Path, channel: int, folder: Path) -> Path:
    """One channel of a recording, 0 the candidate's, as a WAV file in the folder."""
    sound, rate = soundfile.read(recording, dtype="int16")
    file = folder / f"channel-{channel}.wav"
    soundfile.write(file, sound[:, channel], rate, subtype="PCM_16")
    return file


def recognise(recording: Path) -> str:
    """What a speech recogniser hears in a WAV file."""
    command = [sys.executable, "-m", "parley_emulators.recognise", str(recording)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


def said_by(transcript: dict[str, Any], speaker: str) -> str:
    """All that one speaker said, from a transcript.json."""
    return " ".join(turns_of(transcript, speaker))


def turns_of(transcript: dict[str, Any], speaker: str) -> list[str]:
    """What one speaker said, turn by turn."""
    return [turn["text"] for turn in transcript["turns"] if turn["speaker"] == speaker]


def normalised(text: str) -> str:
    """Words alone: lower case, digits as words, no punctuation."""
    words = re.sub(r"[^a-z0-9' ]", " ", text.lower().replace("\u2019", "'").replace("-", " ")).split()
    return " ".join(NUMBERS.get(word, word) for word in words)


def word_error_rate(reference: str, heard: str) -> float:
    """Word error rate of what was heard against what was said, from 0."""
    return float(jiwer.wer(normalised(reference), normalised(heard)))
