"""What clients send. Unknown properties are refused, as Daily refuses them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from parley_emulators.daily.errors import invalid

type RoomName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$", max_length=128)]
type Timestamp = Annotated[int, Field(ge=0)]
"""Seconds since the epoch."""
type Region = Literal[
    "af-south-1", "ap-northeast-2", "ap-southeast-1", "ap-southeast-2", "ap-south-1", "eu-central-1", "eu-west-2",
    "sa-east-1", "us-east-1", "us-west-2",
]  # fmt: skip
type Recording = Literal["cloud", "cloud-audio-only", "local", "raw-tracks"]
type Media = Literal["video", "audio", "screenVideo", "screenAudio", "customVideo", "customAudio"]


class Request(BaseModel):
    """The base of every body: strict about types and unknown members."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Permissions(Request):
    """What a participant may do."""

    hasPresence: bool | None = None  # noqa: N815  -- Daily's name
    canSend: bool | list[Media] | None = None  # noqa: N815  -- Daily's name
    canReceive: dict[str, Any] | None = None  # noqa: N815  -- Daily's name
    canAdmin: bool | list[Literal["participants", "streaming", "transcription"]] | None = None  # noqa: N815  -- Daily's name


class RoomProperties(Request):
    """A room's configuration, as far as this domain knows it."""

    nbf: Timestamp | None = None
    exp: Timestamp | None = None
    max_participants: int | None = Field(None, ge=1, le=100_000)
    eject_at_room_exp: bool | None = None
    eject_after_elapsed: int | None = Field(None, ge=1)
    enable_people_ui: bool | None = None
    enable_prejoin_ui: bool | None = None
    enable_knocking: bool | None = None
    enable_screenshare: bool | None = None
    enable_chat: bool | None = None
    enable_emoji_reactions: bool | None = None
    enable_hand_raising: bool | None = None
    enable_network_ui: bool | None = None
    enable_noise_cancellation_ui: bool | None = None
    enable_transcription_storage: bool | None = None
    enable_recording: Recording | None = None
    start_video_off: bool | None = None
    start_audio_off: bool | None = None
    owner_only_broadcast: bool | None = None
    enforce_unique_user_ids: bool | None = None
    permissions: Permissions | None = None
    recordings_bucket: dict[str, Any] | None = None
    recordings_template: str | None = None
    geo: Region | None = None
    rtmp_geo: Region | None = None
    lang: str | None = None


class RoomRequest(Request):
    """POST /rooms, and without `name` POST /rooms/:name."""

    name: RoomName | None = None
    privacy: Literal["public", "private"] | None = None
    properties: RoomProperties = RoomProperties()


class TokenProperties(Request):
    """What a meeting token grants."""

    room_name: RoomName | None = None
    nbf: Timestamp | None = None
    exp: Timestamp | None = None
    eject_at_token_exp: bool | None = None
    eject_after_elapsed: int | None = Field(None, ge=1)
    is_owner: bool | None = None
    user_name: str | None = None
    user_id: str | None = Field(None, max_length=36)
    enable_screenshare: bool | None = None
    enable_prejoin_ui: bool | None = None
    enable_recording: Recording | None = None
    enable_recording_ui: bool | None = None
    start_video_off: bool | None = None
    start_audio_off: bool | None = None
    start_cloud_recording: bool | None = None
    close_tab_on_exit: bool | None = None
    redirect_on_meeting_exit: str | None = None
    knocking: bool | None = None
    lang: str | None = None
    permissions: Permissions | None = None


class TokenRequest(Request):
    """POST /meeting-tokens."""

    properties: TokenProperties = TokenProperties()


class EjectRequest(Request):
    """POST /rooms/:name/eject."""

    ids: list[str] = Field(default=[], max_length=100)
    user_ids: list[str] = Field(default=[], max_length=100)
    ban: bool = False


class RecordingRequest(Request):
    """POST /rooms/:name/recordings/start and /stop; the layout is taken and not looked at."""

    model_config = ConfigDict(extra="allow", strict=True)

    instanceId: str | None = None  # noqa: N815  -- Daily's name


def parse[Body: Request](kind: type[Body], document: object) -> Body:
    """Read a body.

    Raises:
        DailyError: 400 `invalid-request-error` whose info names the property.
    """
    try:
        return kind.model_validate({} if document is None else document)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            raise invalid(f"unknown parameter '{name}'") from error
        raise invalid(f"parameter '{name}': {first['msg']}") from error
