"""The keys of an interview's artifacts: `interviews/{namespace}/{uid}/…`."""

import re
from typing import NamedTuple

ROOT = "interviews/"
MANIFEST = "manifest.json"
PLAN = "plan.json"
SEALING = "sealing.json"
ERASURE = "erasure.json"
TRANSCRIPT_JSON = "transcript.json"
TRANSCRIPT_VTT = "transcript.vtt"
TRANSCRIPT_TXT = "transcript.txt"
RECORDING = "recording.ogg"

_EVENTS = re.compile(r".*/events/(?P<attempt>\d{4,})-(?P<first>\d{8,})\.json")
_PART = re.compile(r".*/recording/(?P<attempt>\d{4,})-(?P<number>\d{6})-(?P<start>\d{9,})-(?P<duration>\d{9,})\.ogg")
_ARTIFACT = re.compile(rf"{ROOT}(?P<namespace>[^/]+)/(?P<uid>[^/]+)/(?P<name>.+)")


class EventsKey(NamedTuple):
    """Which batch an object of events holds: its attempt and the number of its first event."""

    attempt: int
    first: int


def prefix(namespace: str, uid: str) -> str:
    """The prefix of everything of one interview."""
    return f"{ROOT}{namespace}/{uid}/"


def artifact(namespace: str, uid: str, name: str) -> str:
    """The key of one artifact by its name."""
    return prefix(namespace, uid) + name


def events_prefix(namespace: str, uid: str) -> str:
    """The prefix of the stored events of every attempt."""
    return prefix(namespace, uid) + "events/"


def events_key(namespace: str, uid: str, key: EventsKey) -> str:
    """The key of one batch; zero-padded, so that keys sort as the events do."""
    return f"{events_prefix(namespace, uid)}{key.attempt:04d}-{key.first:08d}.json"


def parse_events_key(key: str) -> EventsKey | None:
    """The batch that the key names, or None when it is no key of events."""
    match = _EVENTS.fullmatch(key)
    return None if match is None else EventsKey(int(match["attempt"]), int(match["first"]))


class PartKey(NamedTuple):
    """Which part of a recording an object holds, and where it is on the interview's time, in milliseconds."""

    attempt: int
    number: int
    start_ms: int
    duration_ms: int


def recording_prefix(namespace: str, uid: str) -> str:
    """The prefix of the parts of a recording that was not joined yet."""
    return prefix(namespace, uid) + "recording/"


def part_key(namespace: str, uid: str, part: PartKey) -> str:
    """The key of one part; zero-padded, so that keys sort as the parts do."""
    times = f"{part.start_ms:09d}-{part.duration_ms:09d}"
    return f"{recording_prefix(namespace, uid)}{part.attempt:04d}-{part.number:06d}-{times}.ogg"


def parse_part_key(key: str) -> PartKey | None:
    """The part that the key names, or None when it is no key of a part."""
    match = _PART.fullmatch(key)
    return (
        None if match is None else PartKey(*(int(match[name]) for name in ("attempt", "number", "start", "duration")))
    )


class ArtifactKey(NamedTuple):
    """Whose object a key is, and the object's name there."""

    namespace: str
    uid: str
    name: str


def parse_artifact(key: str) -> ArtifactKey | None:
    """What the key names, or None when it is no interview's."""
    match = _ARTIFACT.fullmatch(key)
    return None if match is None else ArtifactKey(match["namespace"], match["uid"], match["name"])
