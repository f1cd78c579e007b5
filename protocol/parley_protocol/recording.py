"""Recordings: what a bot sends of one while it runs, and what the manifest tells of it. Times are the interview's own.

A WebSocket room's recording is Ogg Opus, the candidate on the left and the interviewer on the right. Each bot makes
one stream, which reaches the API in parts of whole pages; of all of them it makes one stream at the end.
"""

from typing import Final

from pydantic import AwareDatetime, Field

from parley_protocol.consent import ConsentRecord
from parley_protocol.model import Message

CONTENT_TYPE: Final = "audio/ogg"
MAX_PART_BYTES: Final = 524_288
"""Bytes of one part: some fifteen seconds are a quarter of it, whatever is said."""
MAX_PARTS: Final = 20_000
"""Parts of one attempt: more than a day of quarter minutes."""
_MAX_MS: Final = 100_000_000
"""More than a day, which is the longest that an interview may take."""


class RecordingPart(Message):
    """`PUT /bot/v1/recording/{part}?…`: which sound the body is. Sending it again changes nothing.

    `sha256` is the body's, in hex. `start_ms` and `duration_ms` place it on the interview's time.
    """

    attempt: int = Field(ge=1)
    start_ms: int = Field(ge=0, le=_MAX_MS)
    duration_ms: int = Field(ge=0, le=_MAX_MS)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class RecordingGap(Message):
    """Sound that is missing: the bot could not hand it over in time."""

    start_ms: int
    duration_ms: int


class RecordingSegment(Message):
    """What one attempt has recorded. In the file it lies as long after the first segment's start as it does in time."""

    attempt: int
    start_ms: int
    duration_ms: int
    gaps: list[RecordingGap] = Field(default=[])


class ProviderRecording(Message):
    """A recording that the room's provider keeps, by the provider's own id; what it does not tell is left out."""

    id: str
    started_at: AwareDatetime | None = None
    duration_seconds: int | None = None


class RecordingAccount(Message):
    """What the manifest tells of the recording, which rests on the consent.

    `segments` are those of the artifact `recording.ogg`; `provider` and what it keeps are there for other rooms. Where
    the provider could not be asked, `found` is false. It is asked again for three days, since it may tell late of a
    recording, or of how long one is; then the manifest is replaced.
    """

    consent: ConsentRecord | None = None
    segments: list[RecordingSegment] = Field(default=[])
    provider: str | None = None
    provider_recordings: list[ProviderRecording] = Field(default=[])
    found: bool = True
