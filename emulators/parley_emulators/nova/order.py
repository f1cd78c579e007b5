"""The order of a client's events, as Nova holds it. Pure: told of each event once, it refuses what may not come now."""

from dataclasses import dataclass, field
from typing import Any


class ProtocolViolationError(Exception):
    """The client sent something that may not come, or not now. The stream ends with a validationException."""


@dataclass(frozen=True)
class Content:
    """An open block of the client's: what it holds and who speaks in it."""

    name: str
    type: str
    role: str
    interactive: bool
    tool_use_id: str | None


@dataclass
class SessionOrder:
    """Where a session stands: not begun, begun, with a prompt, ended."""

    _started: bool = False
    _ended: bool = False
    _prompt: str | None = None
    _prompt_ended: bool = False
    _open: dict[str, Content] = field(default_factory=dict)
    _names: set[str] = field(default_factory=set)
    _has_history: bool = False
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
        if event.get("audioOutputConfiguration", {}).get("mediaType") != "audio/lpcm":
            raise ProtocolViolationError("audioOutputConfiguration.mediaType must be audio/lpcm.")
        self._prompt = name

    def _check_prompt(self, event: dict[str, Any]) -> None:
        if self._prompt is None or self._prompt_ended:
            raise ProtocolViolationError("No prompt is open. Send promptStart first.")
        if event.get("promptName") != self._prompt:
            raise ProtocolViolationError(f"Unknown promptName: {event.get('promptName')}.")

    def _start_content(self, event: dict[str, Any]) -> Content:
        self._check_prompt(event)
        content = _parse(event)
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
        if content.type != "TEXT" or content.role == "SYSTEM" or content.interactive or self._has_audio:
            return
        if not self._has_history and content.role != "USER":
            raise ProtocolViolationError("The first message of the chat history must have role USER.")
        self._has_history = True

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
            raise ProtocolViolationError("Chat history should be sent completely before streaming audio.")
        if not isinstance(event.get("content"), str):
            raise ProtocolViolationError(f"{kind} requires content.")
        return content


def _parse(event: dict[str, Any]) -> Content:
    name, type_, role = event.get("contentName"), event.get("type"), event.get("role")
    if not isinstance(name, str) or not name:
        raise ProtocolViolationError("contentStart requires contentName.")
    if type_ not in ("TEXT", "AUDIO", "TOOL"):
        raise ProtocolViolationError(f"Content type must be one of TEXT, AUDIO, TOOL, not {type_}.")
    if role not in ("SYSTEM", "USER", "ASSISTANT", "TOOL"):
        raise ProtocolViolationError(f"Content role must be one of SYSTEM, USER, ASSISTANT, TOOL, not {role}.")
    tool_use_id = event.get("toolResultInputConfiguration", {}).get("toolUseId")
    if type_ == "TOOL" and not tool_use_id:
        raise ProtocolViolationError("A content of type TOOL requires toolResultInputConfiguration.toolUseId.")
    return Content(name, type_, role, bool(event.get("interactive")), tool_use_id)
