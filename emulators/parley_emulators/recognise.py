"""`python -m parley_emulators.recognise FILE.wav`: print what a speech recogniser hears in a recording."""

import sys
from itertools import chain
from pathlib import Path

import numpy as np

from parley_emulators.speech.audio import Samples, read_wav, to_samples
from parley_emulators.speech.recogniser import RATE, Recogniser
from parley_emulators.speech.turns import SegmentEnded, TurnDetector
from parley_emulators.speech.vad import WINDOW, SileroVad


def segments(sound: Samples) -> list[Samples]:
    """The stretches of speech in a recording (16 kHz); the recogniser hears at most 30 s at once."""
    detector, vad = TurnDetector(), SileroVad()
    # Silence after the end closes the last segment.
    padded = np.concatenate((sound, np.zeros(RATE * 2 - len(sound) % WINDOW, dtype=np.float32)))
    windows = (padded[at : at + WINDOW] for at in range(0, len(padded) - WINDOW + 1, WINDOW))
    events = chain.from_iterable(detector.feed(window, vad.probability(window)) for window in windows)
    return [event.samples for event in events if isinstance(event, SegmentEnded)]


def recognise(path: Path) -> str:
    """The words in a WAV file.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is no 16-bit PCM WAV file.
    """
    sound = to_samples(read_wav(path, RATE))
    recogniser = Recogniser()
    try:
        texts = [recogniser.recognise_now(segment) for segment in segments(sound)]
    finally:
        recogniser.close()
    return " ".join(text for text in texts if text)


def main(arguments: list[str]) -> int:
    """Print the words in the file that the arguments name; the answer is the exit code."""
    if len(arguments) != 1:
        print("usage: python -m parley_emulators.recognise FILE.wav", file=sys.stderr)
        return 2
    try:
        print(recognise(Path(arguments[0])))
    except (OSError, ValueError) as error:
        print(f"cannot recognise: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
