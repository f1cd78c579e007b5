"""Sound for a microphone: 16 kHz, 16 bit, mono. Pure."""

import numpy as np
import numpy.typing as npt

RATE = 16_000
BYTES_PER_SECOND = 2 * RATE
_FULL_SCALE = 32767
# Quieter than this (about -50 dB of full scale) is no part of speech whose level is measured.
_AUDIBLE = 100

type Pcm = npt.NDArray[np.int16]


def samples(pcm: bytes) -> Pcm:
    """PCM as numbers."""
    return np.frombuffer(pcm, dtype="<i2")


def silence(seconds: float) -> bytes:
    """Digital silence."""
    return bytes(2 * round(seconds * RATE))


def duration(pcm: bytes) -> float:
    """Seconds that it lasts."""
    return len(pcm) / BYTES_PER_SECOND


def level(pcm: bytes) -> float:
    """The root mean square of what is audible of it; 0 where nothing is."""
    loud = samples(pcm).astype(np.float64)
    loud = loud[np.abs(loud) >= _AUDIBLE]
    return float(np.sqrt(np.mean(loud**2))) if len(loud) else 0.0


def mixed(*sounds: bytes) -> bytes:
    """All of them at once, as long as the first; clipped where they are too loud together."""
    size = len(sounds[0])
    total = sum(samples(sound[:size].ljust(size, b"\0")).astype(np.int32) for sound in sounds)
    return np.clip(total, -_FULL_SCALE, _FULL_SCALE).astype("<i2").tobytes()


def amplified(pcm: bytes, decibels: float) -> bytes:
    """Louder, or quieter by a negative number."""
    scaled = samples(pcm).astype(np.float64) * 10 ** (decibels / 20)
    return np.clip(scaled, -_FULL_SCALE, _FULL_SCALE).astype("<i2").tobytes()


def at_ratio(noise: bytes, speech: bytes, decibels: float) -> bytes:
    """The noise, so loud that the speech lies this far above it."""
    reference, own = level(speech), level(noise)
    if not reference or not own:
        raise ValueError("speech and noise must both be audible")
    return amplified(noise, 20 * np.log10(reference / own) - decibels)


def pink(seconds: float, seed: int = 1) -> bytes:
    """Pink noise (as much of it in each octave), as of a fan or a street; the same for the same seed."""
    count = round(seconds * RATE)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    frequencies = np.fft.rfftfreq(count, 1 / RATE)
    spectrum[1:] /= np.sqrt(frequencies[1:])
    spectrum[0] = 0
    noise = np.fft.irfft(spectrum, count)
    return (noise / np.abs(noise).max() * 0.3 * _FULL_SCALE).astype("<i2").tobytes()


def babble(voices: list[bytes], seconds: float) -> bytes:
    """Many talkers at once: each voice over and over, begun at its own moment, all together for so long."""
    size = 2 * round(seconds * RATE)
    loops = []
    for number, voice in enumerate(voices):
        start = 2 * (number * len(voice) // (2 * len(voices)))
        loops.append((voice * (size // len(voice) + 2))[start : start + size])
    quieter = [amplified(loop, -20 * float(np.log10(len(loops)))) for loop in loops]
    return mixed(*quieter)
