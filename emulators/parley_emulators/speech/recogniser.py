"""Speech to text by Moonshine (tiny, English), from the files inside the moonshine-voice package."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from moonshine_voice import (  # type: ignore[import-untyped]  # the package has no types
    ModelArch,
    Transcriber,
    get_assets_path,
)

from parley_emulators.speech.audio import Samples

RATE = 16_000
# Without a little silence round it the first word suffers, with much of it Moonshine hears a stray "You" (measured).
_PADDING = np.zeros(RATE // 10, dtype=np.float32)
# Moonshine now and then hears a word-less mark where a segment starts with breath; it is nothing that was said.
_NO_WORDS = re.compile(r"^\W*$")


class Recogniser:
    """One model for all streams. The work is done on one thread of its own, first come first served."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="recogniser")
        self._model: Transcriber | None = None

    async def load(self) -> None:
        """Load the model (about 0.8 s of CPU), so that the first utterance does not wait for it."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._load)

    async def recognise(self, samples: Samples) -> str:
        """The words in the samples (16 kHz), "" where there are none. Costs about 5 % of the sound's length in CPU."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self.recognise_now, samples)

    def recognise_now(self, samples: Samples) -> str:
        """The same, in the calling thread."""
        padded = np.concatenate((_PADDING, samples, _PADDING))
        lines = self._load().transcribe_without_streaming(padded.tolist(), RATE).lines
        texts = (line.text.strip() for line in lines)
        return " ".join(text for text in texts if not _NO_WORDS.match(text))

    def close(self) -> None:
        """Let the thread go. Work that has not begun is dropped."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _load(self) -> Transcriber:
        if self._model is None:
            self._model = Transcriber(Path(get_assets_path()) / "tiny-en", ModelArch.TINY)
        return self._model
