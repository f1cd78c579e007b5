"""What may come when, in a session."""

from typing import Any

import pytest
from parley_emulators.nova.bodies import ProtocolViolationError
from parley_emulators.nova.order import LONGEST_HISTORY_INPUT, SessionOrder
from support.nova_talk import sound

type Event = tuple[str, dict[str, Any]]


def content(name: str, type_: str = "TEXT", role: str = "USER", *, interactive: bool = False, **more: Any) -> Event:
    body = {"promptName": "p", "contentName": name, "type": type_, "role": role, "interactive": interactive}
    configuration = {"audioInputConfiguration": sound(16_000)} if type_ == "AUDIO" else {}
    return "contentStart", body | configuration | more


def part(kind: str, name: str, text: str = "x") -> Event:
    return kind, {"promptName": "p", "contentName": name, "content": text}


def end(name: str) -> Event:
    return "contentEnd", {"promptName": "p", "contentName": name}


START: list[Event] = [("sessionStart", {}), ("promptStart", {"promptName": "p"})]
SYSTEM = [*START, content("s", role="SYSTEM"), part("textInput", "s"), end("s")]
AUDIO = [*SYSTEM, content("a", "AUDIO")]
HISTORY = [*SYSTEM, content("h")]


def accept(*events: Event) -> None:
    order = SessionOrder()
    for kind, body in events:
        order.accept(kind, body)


def test_a_whole_session() -> None:
    tool = {"toolResultInputConfiguration": {"toolUseId": "t"}}
    accept(
        *SYSTEM,
        *[content("h1"), *[part("textInput", "h1", "x" * LONGEST_HISTORY_INPUT)] * 2, end("h1")],
        *[content("h2", role="ASSISTANT"), part("textInput", "h2"), end("h2")],
        *[content("a", "AUDIO"), part("audioInput", "a")],
        *[content("k", interactive=True), part("textInput", "k"), end("k")],
        part("audioInput", "a"),
        *[content("t", "TOOL", "TOOL", **tool), part("audioInput", "a"), part("toolResult", "t"), end("t")],
        *[end("a"), ("promptEnd", {"promptName": "p"}), ("sessionEnd", {})],
    )


def test_only_the_history_is_short() -> None:
    long = "x" * 5000
    accept(*START, content("s", role="SYSTEM"), part("textInput", "s", long), end("s"))
    accept(*AUDIO, content("k", interactive=True), part("textInput", "k", long), end("k"))


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ([("promptStart", {"promptName": "p"})], "sessionStart"),
        ([("sessionStart", {}), ("sessionStart", {})], "already started"),
        ([("sessionStart", {}), content("s", role="SYSTEM")], "No prompt is open"),
        ([("sessionStart", {}), ("promptStart", {})], "promptName"),
        ([*START, *START[1:]], "already been started"),
        ([*START, content("a", "AUDIO")], "type TEXT and role SYSTEM"),
        ([*START, content("u")], "type TEXT and role SYSTEM"),
        ([*SYSTEM, content("h", role="ASSISTANT")], "must have role USER"),
        ([*SYSTEM, content("s")], "used before"),
        ([*SYSTEM, content("x", "VIDEO")], "contentStart.type: Input should be 'TEXT', 'AUDIO' or 'TOOL'"),
        ([*SYSTEM, content("x", role="NOBODY")], "role"),
        ([*SYSTEM, content("x", "TOOL", "TOOL")], "toolUseId"),
        ([*SYSTEM, content("x", "TOOL", "TOOL", toolResultInputConfiguration="t")], "toolResultInputConfiguration"),
        ([*SYSTEM, content("x", "AUDIO", audioInputConfiguration=None)], "requires audioInputConfiguration"),
        ([*SYSTEM, content("x", "AUDIO", audioInputConfiguration=sound(44_100))], "sampleRateHertz"),
        ([*AUDIO, content("h")], "Chat history should be sent completely"),
        ([*HISTORY, part("textInput", "h", "x" * (LONGEST_HISTORY_INPUT + 1))], "1 KB"),
        ([*HISTORY, part("textInput", "h", "\u00e9" * 513)], "this one has 1026 bytes"),
        ([*HISTORY, *[part("textInput", "h", "x" * LONGEST_HISTORY_INPUT)] * 41], "40 KB"),
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
