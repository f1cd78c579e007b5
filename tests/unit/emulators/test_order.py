"""What may come when, in a session."""

from typing import Any

import pytest
from parley_emulators.nova.order import ProtocolViolationError, SessionOrder

AUDIO_OUT = {"audioOutputConfiguration": {"mediaType": "audio/lpcm"}}
type Event = tuple[str, dict[str, Any]]


def content(name: str, type_: str = "TEXT", role: str = "USER", *, interactive: bool = False, **more: Any) -> Event:
    body = {"promptName": "p", "contentName": name, "type": type_, "role": role, "interactive": interactive}
    return "contentStart", body | more


def part(kind: str, name: str, text: str = "x") -> Event:
    return kind, {"promptName": "p", "contentName": name, "content": text}


def end(name: str) -> Event:
    return "contentEnd", {"promptName": "p", "contentName": name}


START: list[Event] = [("sessionStart", {}), ("promptStart", {"promptName": "p"} | AUDIO_OUT)]
SYSTEM = [*START, content("s", role="SYSTEM"), part("textInput", "s"), end("s")]
AUDIO = [*SYSTEM, content("a", "AUDIO")]


def accept(*events: Event) -> None:
    order = SessionOrder()
    for kind, body in events:
        order.accept(kind, body)


def test_a_whole_session() -> None:
    tool = {"toolResultInputConfiguration": {"toolUseId": "t"}}
    accept(
        *SYSTEM,
        *[content("h1"), part("textInput", "h1"), end("h1")],
        *[content("h2", role="ASSISTANT"), part("textInput", "h2"), end("h2")],
        *[content("a", "AUDIO"), part("audioInput", "a")],
        *[content("k", interactive=True), part("textInput", "k"), end("k")],
        part("audioInput", "a"),
        *[content("t", "TOOL", "TOOL", **tool), part("audioInput", "a"), part("toolResult", "t"), end("t")],
        *[end("a"), ("promptEnd", {"promptName": "p"}), ("sessionEnd", {})],
    )


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ([("promptStart", {"promptName": "p"})], "sessionStart"),
        ([("sessionStart", {}), ("sessionStart", {})], "already started"),
        ([("sessionStart", {}), content("s", role="SYSTEM")], "No prompt is open"),
        ([("sessionStart", {}), ("promptStart", AUDIO_OUT)], "promptName"),
        ([("sessionStart", {}), ("promptStart", {"promptName": "p"})], "audioOutputConfiguration"),
        ([*START, *START[1:]], "already been started"),
        ([*START, content("a", "AUDIO")], "type TEXT and role SYSTEM"),
        ([*START, content("u")], "type TEXT and role SYSTEM"),
        ([*SYSTEM, content("h", role="ASSISTANT")], "must have role USER"),
        ([*SYSTEM, content("s")], "used before"),
        ([*SYSTEM, content("x", "VIDEO")], "TEXT, AUDIO, TOOL"),
        ([*SYSTEM, content("x", role="NOBODY")], "role"),
        ([*SYSTEM, content("x", "TOOL", "TOOL")], "toolUseId"),
        ([*SYSTEM, part("textInput", "s")], "No open content"),
        ([*AUDIO, part("textInput", "a")], "may not be sent in a content of type AUDIO"),
        ([*AUDIO, content("b", "AUDIO")], "open already"),
        ([*AUDIO, content("k", interactive=True), part("audioInput", "a")], "Chat history should be sent completely"),
        ([*SYSTEM, ("contentStart", {"promptName": "other", "contentName": "x"})], "Unknown promptName"),
        ([*AUDIO, ("audioInput", {"promptName": "p", "contentName": "a"})], "requires content"),
        ([*START, ("surprise", {})], "Unknown event type"),
        ([*AUDIO, ("promptEnd", {"promptName": "p"}), part("audioInput", "a")], "No prompt is open"),
        ([*START, ("sessionEnd", {}), ("sessionStart", {})], "already ended"),
    ],
)
def test_what_may_not_come_is_refused(events: list[Event], words: str) -> None:
    accept(*events[:-1])
    with pytest.raises(ProtocolViolationError, match=words):
        accept(*events)
