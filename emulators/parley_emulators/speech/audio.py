"""Mono 16-bit PCM: the one form in which sound moves between the parts, and its conversions."""

import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr  # type: ignore[import-untyped]  # the package has no types

type Samples = npt.NDArray[np.float32]
"""Mono samples in [-1, 1]."""

BYTES_PER_SAMPLE = 2
_FULL_SCALE = 32768.0


def to_samples(pcm: bytes) -> Samples:
    """Convert little-endian 16-bit PCM to samples; a trailing odd byte is left out."""
    whole = len(pcm) - len(pcm) % BYTES_PER_SAMPLE
    return np.frombuffer(pcm[:whole], dtype="<i2").astype(np.float32) / _FULL_SCALE


def to_pcm(samples: Samples) -> bytes:
    """Convert samples to little-endian 16-bit PCM, clipping what is louder than full scale."""
    return bytes(np.clip(samples * _FULL_SCALE, -_FULL_SCALE, _FULL_SCALE - 1).astype("<i2").tobytes())


def resample(pcm: bytes, from_rate: int, to_rate: int) -> bytes:
    """Resample one whole piece of PCM (rates in Hz)."""
    if from_rate == to_rate or not pcm:
        return pcm
    return to_pcm(np.asarray(soxr.resample(to_samples(pcm), from_rate, to_rate), dtype=np.float32))


def silence(seconds: float, rate: int) -> bytes:
    """PCM of that many seconds of digital silence."""
    return bytes(round(seconds * rate) * BYTES_PER_SAMPLE)


def duration(pcm: bytes, rate: int) -> float:
    """Seconds that the PCM lasts at the rate in Hz."""
    return len(pcm) / BYTES_PER_SAMPLE / rate


def read_wav(path: Path, rate: int) -> bytes:
    """Read a 16-bit WAV file as mono PCM at the rate wanted.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is no 16-bit PCM WAV file.
    """
    try:
        with wave.open(str(path)) as file:
            if file.getsampwidth() != BYTES_PER_SAMPLE:
                raise ValueError(f"{path}: {8 * file.getsampwidth()} bits a sample, expected 16")
            channels, file_rate = file.getnchannels(), file.getframerate()
            pcm = file.readframes(file.getnframes())
    except wave.Error as error:
        raise ValueError(f"{path}: {error}") from error
    if channels > 1:
        pcm = to_pcm(to_samples(pcm).reshape(-1, channels).mean(axis=1, dtype=np.float32))
    return resample(pcm, file_rate, rate)


def write_wav(path: Path, pcm: bytes, rate: int) -> None:
    """Write mono 16-bit PCM as a WAV file, making its folder where it is not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(BYTES_PER_SAMPLE)
        file.setframerate(rate)
        file.writeframes(pcm)
