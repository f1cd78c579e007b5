"""The forms of a transcript: JSON, WebVTT with speakers, plain text. Pure."""

import html
import unicodedata
from typing import Literal, NamedTuple

from parley_protocol import Speaker, Transcript, Turn

from parley_api.store import layout

Format = Literal["json", "vtt", "txt"]


class Artifact(NamedTuple):
    """How one form is stored and served."""

    name: str
    content_type: str


ARTIFACTS: dict[Format, Artifact] = {
    "json": Artifact(layout.TRANSCRIPT_JSON, "application/json"),
    "vtt": Artifact(layout.TRANSCRIPT_VTT, "text/vtt; charset=utf-8"),
    "txt": Artifact(layout.TRANSCRIPT_TXT, "text/plain; charset=utf-8"),
}


def render(transcript: Transcript, form: Format) -> bytes:
    """The bytes of one form."""
    if form == "json":
        return transcript.model_dump_json(by_alias=True, exclude_none=True, indent=2).encode() + b"\n"
    text = _vtt(transcript) if form == "vtt" else _txt(transcript)
    return text.encode()


def _vtt(transcript: Transcript) -> str:
    """WebVTT (https://www.w3.org/TR/webvtt1/): a cue for each turn, in order of start as the format asks."""
    cues = [_cue(transcript, turn) for turn in sorted(transcript.turns, key=lambda turn: (turn.start_ms, turn.seq))]
    return "\n\n".join(["WEBVTT", *(cue for cue in cues if cue)]) + "\n"


def _cue(transcript: Transcript, turn: Turn) -> str:
    words = _plain(turn.text)
    if not words:
        return ""
    end = max(turn.end_ms, turn.start_ms + 1)  # a cue must last
    voice = html.escape(_name(transcript, turn.speaker), quote=False)
    text = html.escape(words, quote=False)
    return f"{turn.seq}\n{_precise(turn.start_ms)} --> {_precise(end)}\n<v {voice}>{text}"


def _txt(transcript: Transcript) -> str:
    started = "never started" if transcript.started_at is None else f"started {transcript.started_at.isoformat()}"
    head = [
        _plain(transcript.title),
        f"Interview {transcript.namespace}/{transcript.name}, {transcript.language}",
        f"{started}, finished {transcript.finished_at.isoformat()}: {transcript.reason}",
        "",
    ]
    lines = [
        f"[{_clock(turn.start_ms)}] {_name(transcript, turn.speaker)}: {_plain(turn.text)}" for turn in transcript.turns
    ]
    return "\n".join([*head, *lines]) + "\n"


def _name(transcript: Transcript, speaker: Speaker) -> str:
    if speaker is Speaker.INTERVIEWER:
        return "Interviewer"
    return _plain(transcript.candidate_name or "") or "Candidate"


def _plain(text: str) -> str:
    """One line without control characters: what was said can't pass for another turn or cue."""
    spaced = "".join(" " if unicodedata.category(char) in ("Cc", "Zl", "Zp") else char for char in text)
    return " ".join(spaced.split())


def _clock(milliseconds: int) -> str:
    seconds = milliseconds // 1000
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _precise(milliseconds: int) -> str:
    return f"{_clock(milliseconds)}.{milliseconds % 1000:03d}"
