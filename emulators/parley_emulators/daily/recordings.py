"""Cloud recordings of a domain: begun and ended by the API, kept until they are deleted."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from parley_emulators.daily.errors import invalid, not_found

_LONGEST_PAGE = 100


@dataclass
class Recording:
    """One recording of one meeting."""

    id: str
    room_name: str
    meeting: str
    instance: str | None
    started: float
    stopped: float | None = None

    def document(self) -> dict[str, Any]:
        """The recording as the API shows it."""
        document: dict[str, Any] = {
            "id": self.id, "room_name": self.room_name, "start_ts": int(self.started), "max_participants": 2,
            "status": "in-progress" if self.stopped is None else "finished", "mtgSessionId": self.meeting,
            "s3key": f"emulated/{self.room_name}/{int(self.started * 1000)}",
        }  # fmt: skip
        if self.stopped is not None:
            document["duration"] = int(self.stopped - self.started)
        return document


@dataclass
class RecordingBook:
    """All recordings, oldest first."""

    _recordings: dict[str, Recording] = field(default_factory=dict)

    def start(self, room: str, meeting: str, instance: str | None, now: float) -> Recording:
        """Begin one.

        Raises:
            DailyError: The room's meeting is being recorded under the same instance already.
        """
        if self.active(room, instance):
            raise invalid("has an active stream")
        recording = Recording(str(uuid.uuid4()), room, meeting, instance, now)
        self._recordings[recording.id] = recording
        return recording

    def stop(self, room: str, instance: str | None, now: float) -> Recording:
        """End one.

        Raises:
            DailyError: None runs.
        """
        active = self.active(room, instance)
        if active is None:
            raise invalid("does not have an active stream")
        active.stopped = now
        return active

    def stop_all(self, room: str, now: float) -> None:
        """The room is gone: so is its meeting."""
        for recording in self._recordings.values():
            if recording.room_name == room and recording.stopped is None:
                recording.stopped = now

    def page(self, room: str | None, limit: int | None = None) -> dict[str, Any]:
        """Recordings, the newest first, of one room where one is named.

        Raises:
            DailyError: The limit is none.
        """
        if limit is not None and not 1 <= limit <= _LONGEST_PAGE:
            raise invalid(f"parameter 'limit' must be between 1 and {_LONGEST_PAGE}")
        chosen = [each for each in reversed(self._recordings.values()) if room in (None, each.room_name)]
        return {"total_count": len(chosen), "data": [each.document() for each in chosen[: limit or _LONGEST_PAGE]]}

    def get(self, recording_id: str) -> Recording:
        """One recording.

        Raises:
            DailyError: There is none.
        """
        recording = self._recordings.get(recording_id)
        if recording is None:
            raise not_found(f"recording {recording_id} does not exist")
        return recording

    def delete(self, recording_id: str) -> None:
        """Remove one.

        Raises:
            DailyError: There is none, or it still runs.
        """
        if self.get(recording_id).stopped is None:
            raise invalid("the recording is still in progress")
        del self._recordings[recording_id]

    def active(self, room: str, instance: str | None) -> Recording | None:
        """The one that runs in a room under an instance."""
        running = (each for each in self._recordings.values() if each.room_name == room and each.stopped is None)
        return next((each for each in running if each.instance == instance), None)
