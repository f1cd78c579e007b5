"""The keys of an interview's artifacts: `interviews/{namespace}/{uid}/…`."""

import re
from typing import NamedTuple

ROOT = "interviews/"
MANIFEST = "manifest.json"
PLAN = "plan.json"
ERASURE = "erasure.json"
TRANSCRIPT_JSON = "transcript.json"
TRANSCRIPT_VTT = "transcript.vtt"
TRANSCRIPT_TXT = "transcript.txt"

_EVENTS = re.compile(r".*/events/(?P<attempt>\d{4,})-(?P<first>\d{8,})\.json")
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


class ArtifactKey(NamedTuple):
    """Whose object a key is, and the object's name there."""

    namespace: str
    uid: str
    name: str


def parse_artifact(key: str) -> ArtifactKey | None:
    """What the key names, or None when it is no interview's."""
    match = _ARTIFACT.fullmatch(key)
    return None if match is None else ArtifactKey(match["namespace"], match["uid"], match["name"])
