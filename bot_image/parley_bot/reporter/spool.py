"""Events on disk, from before they are sent until the pod is gone: a container that restarts sends them again."""

import os
from collections.abc import Sequence
from pathlib import Path

from parley_protocol import NumberedEvent
from pydantic import ValidationError


class Spool:
    """One file of JSON lines for each attempt, appended and flushed to the disk before anything is sent."""

    def __init__(self, folder: Path, attempt: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"events-{attempt:04d}.jsonl"

    def load(self) -> list[NumberedEvent]:
        """What an earlier container of this pod has spooled, in order. A line torn by its death is dropped."""
        if not self.path.exists():
            return []
        events: list[NumberedEvent] = []
        good = 0
        raw = self.path.read_bytes()
        for line in raw.splitlines(keepends=True):
            try:
                events.append(NumberedEvent.model_validate_json(line))
            except ValidationError:
                break
            good += len(line)
        if good < len(raw):
            os.truncate(self.path, good)
        return events

    def append(self, events: Sequence[NumberedEvent]) -> None:
        """Write events and wait until the disk has them. It blocks: call it in a thread.

        Raises:
            OSError: the disk is full or gone.
        """
        with self.path.open("ab") as file:
            file.write(b"".join(event.to_json() + b"\n" for event in events))
            file.flush()
            os.fsync(file.fileno())
