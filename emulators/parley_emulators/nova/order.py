"""The order of a client's events, as Nova holds it. Pure: told of each event once, it refuses what may not come now.

From AWS's guide to Nova 2 Sonic ("Managing chat history"): the history comes once, after the system prompt and before
the sound; it begins with the user; a textInput of it holds at most 1 KB (a longer text is split within its block) and
all of it at most 40 KB. The guide also has USER and ASSISTANT alternate. That is not held here: pipecat's continuation,
which follows AWS's sample of one, sends each sentence as a message of its own.

Seen by others: the message about a history that is not complete (livekit/agents#6720). The other messages are ours.
"""

from dataclasses import dataclass, field
from typing import Any

from parley_emulators.nova.bodies import ContentStart, ProtocolViolationError, parse

LONGEST_HISTORY_INPUT = 1024
"""Bytes of UTF-8 in one textInput of the history."""
LONGEST_HISTORY = 40 * 1024
"""Bytes of UTF-8 in all of the history."""
_HISTORY_INCOMPLETE = "Chat history should be sent completely before streaming audio."


@dataclass(frozen=True)
class Content:
    """An open block of the client's: what it holds and who speaks in it."""

    name: str
    type: str
    role: str
    interactive: bool
    tool_use_id: str | None
    sample_rate: int | None

    @property
    def is_history(self) -> bool:
        """Whether it is a message of the chat history."""
        return self.type == "TEXT" and self.role != "SYSTEM" and not self.interactive


@dataclass
class SessionOrder:
    """Where a session stands: not begun, begun, with a prompt, ended."""

    _started: bool = False
    _ended: bool = False
    _prompt: str | None = None
    _prompt_ended: bool = False
    _open: dict[str, Content] = field(default_factory=dict)
    _names: set[str] = field(default_factory=set)
    _history_bytes: int | None = None
    _has_audio: bool = False

    def accept(self, kind: str, event: dict[str, Any]) -> Content | None:
        """Take the next event; the answer is the block that it opens, fills or closes, where there is one.

        Raises:
            ProtocolViolationError: It may not come now; the message says why.
        """
        if self._ended:
            raise ProtocolViolationError("Session has already ended.")
        if kind == "sessionStart":
            self._start()
            return None
        if not self._started:
            raise ProtocolViolationError("The first event must be sessionStart.")
        match kind:
            case "promptStart":
                self._start_prompt(event)
            case "promptEnd":
                self._check_prompt(event)
                self._prompt_ended = True
            case "sessionEnd":
                self._ended = True
            case "contentStart":
                return self._start_content(event)
            case "contentEnd":
                return self._open.pop(self._content(event).name)
            case "textInput" | "audioInput" | "toolResult":
                return self._fill(kind, event)
            case _:
                raise ProtocolViolationError(f"Unknown event type: {kind}.")
        return None

    def _start(self) -> None:
        if self._started:
            raise ProtocolViolationError("Session has already started.")
        self._started = True

    def _start_prompt(self, event: dict[str, Any]) -> None:
        if self._prompt is not None:
            raise ProtocolViolationError("A prompt has already been started in this session.")
        name = event.get("promptName")
        if not isinstance(name, str) or not name:
            raise ProtocolViolationError("promptStart requires promptName.")
        self._prompt = name

    def _check_prompt(self, event: dict[str, Any]) -> None:
        if self._prompt is None or self._prompt_ended:
            raise ProtocolViolationError("No prompt is open. Send promptStart first.")
        if event.get("promptName") != self._prompt:
            raise ProtocolViolationError(f"Unknown promptName: {event.get('promptName')}.")

    def _start_content(self, event: dict[str, Any]) -> Content:
        self._check_prompt(event)
        content = _content(event)
        if content.name in self._names:
            raise ProtocolViolationError(f"contentName {content.name} has been used before.")
        if not self._names and (content.type, content.role) != ("TEXT", "SYSTEM"):
            raise ProtocolViolationError("First content must be of type TEXT and role SYSTEM.")
        self._check_history(content)
        if content.type == "AUDIO":
            self._check_audio(content)
        self._names.add(content.name)
        self._open[content.name] = content
        return content

    def _check_audio(self, content: Content) -> None:
        if content.role != "USER":
            raise ProtocolViolationError("Audio content must have role USER.")
        if any(block.type == "AUDIO" for block in self._open.values()):
            raise ProtocolViolationError("An audio content is open already.")
        self._has_audio = True

    def _check_history(self, content: Content) -> None:
        if not content.is_history:
            return
        if self._has_audio:
            raise ProtocolViolationError(_HISTORY_INCOMPLETE)
        if self._history_bytes is None and content.role != "USER":
            raise ProtocolViolationError("The first message of the chat history must have role USER.")
        self._history_bytes = self._history_bytes or 0

    def _count_history(self, text: str) -> None:
        size = len(text.encode(errors="surrogatepass"))
        self._history_bytes = (self._history_bytes or 0) + size
        if size > LONGEST_HISTORY_INPUT:
            raise ProtocolViolationError(f"One textInput of the chat history may have 1 KB; this one has {size} bytes.")
        if self._history_bytes > LONGEST_HISTORY:
            raise ProtocolViolationError("The chat history may have 40 KB in all.")

    def _content(self, event: dict[str, Any]) -> Content:
        self._check_prompt(event)
        content = self._open.get(str(event.get("contentName")))
        if content is None:
            raise ProtocolViolationError(f"No open content named {event.get('contentName')}. Send contentStart first.")
        return content

    def _fill(self, kind: str, event: dict[str, Any]) -> Content:
        content = self._content(event)
        expected = {"textInput": "TEXT", "audioInput": "AUDIO", "toolResult": "TOOL"}[kind]
        if content.type != expected:
            raise ProtocolViolationError(f"{kind} may not be sent in a content of type {content.type}.")
        # Interactive or not: Nova takes every open text for unfinished history (livekit/agents#6720).
        if kind == "audioInput" and any(block.type == "TEXT" for block in self._open.values()):
            raise ProtocolViolationError(_HISTORY_INCOMPLETE)
        text = event.get("content")
        if not isinstance(text, str):
            raise ProtocolViolationError(f"{kind} requires content.")
        if content.is_history:
            self._count_history(text)
        return content


def _content(event: dict[str, Any]) -> Content:
    start = parse(ContentStart, "contentStart", event)
    result = start.tool_result_input_configuration
    if start.type == "TOOL" and result is None:
        raise ProtocolViolationError("A content of type TOOL requires toolResultInputConfiguration.toolUseId.")
    if start.type == "AUDIO" and start.audio_input_configuration is None:
        raise ProtocolViolationError("A content of type AUDIO requires audioInputConfiguration.")
    tool_use_id = result.tool_use_id if result else None
    sound = start.audio_input_configuration
    rate = sound.sample_rate_hertz if sound else None
    return Content(start.content_name, start.type, start.role, start.interactive, tool_use_id, rate)
