"""What the emulated model does in place of thinking: a script without a word of any interview in it.

It asks for the next question when a conversation begins, reports each answer, and follows what the tools' results say:
`{"next": "listen" | "answer" | "record_answer" | "follow_up" | "next_question" | "end_interview" | "hang_up",
"say": "…"}`. Other tools it calls when the user's words are those of their descriptions. Who asks for what it was told
is declined. Without the interview's tools it is polite. Pure: told of what happened, it answers with what to do next,
in order.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

NEXT_QUESTION = "next_question"
RECORD_ANSWER = "record_answer"
END_INTERVIEW = "end_interview"
INTERVIEW_TOOLS = frozenset({NEXT_QUESTION, RECORD_ANSWER, END_INTERVIEW})

_GREETING = "Hello, thank you for talking with me. Please go ahead."
_ACKNOWLEDGEMENT = "Thank you. Please go on."
_APOLOGY = "I am sorry, I could not look that up. Please go on."
_PATIENCE = "Please take your time."
_REFUSAL = "I am sorry, I can not tell you that. Please go on with the question."
_SUMMARY_WORDS = 12
_ECHO_WORDS = 5
# A tool that answers with another tool's name for ever must not keep the session from listening again.
_LONGEST_CHAIN = 4
# So many words of a tool's description make a turn of the user's a call of it, and as many of prying a wish to pry.
_SHARED_WORDS = 2
_MEANINGFUL_LETTERS = 4
_WORD = re.compile(r"[\w'\u2019-]+")
_LOOSE_ENDS_TEXT = """
    a an and are as at be been but by did do for from had has have he i in is it its me my of on or our she so
    that the their them then there they this to too very was we were what when which with you
"""
_LOOSE_ENDS = frozenset(_LOOSE_ENDS_TEXT.split())
_OWNERS = frozenset({"my", "our"})
# By these words the user wants what a model does not give away.
_PRYING = frozenset({"ignore", "instructions", "prompt", "reveal", "rubric", "expected"})


@dataclass(frozen=True)
class Say:
    """Speak these words."""

    text: str


@dataclass(frozen=True)
class CallTool:
    """Call a tool and come back with its result."""

    name: str
    arguments: dict[str, Any]


type Action = Say | CallTool


@dataclass(frozen=True)
class Offer:
    """A tool that is not the interview's own; `parameter` is the argument that it is given the user's words as."""

    name: str
    description: str
    parameter: str | None = None


@dataclass
class Policy:
    """The script of one session.

    Args:
        tools: The names of the tools that promptStart offers.
        offers: Those of them that it calls for the user's words.
    """

    tools: frozenset[str]
    offers: tuple[Offer, ...] = ()
    _hung_up: bool = False
    _begun: bool = False
    _last_answer: str = ""
    _chain: int = field(default=0)

    @property
    def hung_up(self) -> bool:
        """Whether its last words were given to it."""
        return self._hung_up

    def on_text(self, text: str) -> list[Action]:
        """An interactive text came: the kick-off when it is the first, else a directive to carry out now.

        Who has hung up does what it is told to, and nothing else.
        """
        self._chain = 0
        directive = _directive(text)
        if directive is not None:
            self._begun, self._hung_up = True, False
            return self._follow(directive)
        if self._hung_up:
            return []
        if self._begun:
            return [Say(_quoted(text) or _PATIENCE)]
        self._begun = True
        return [CallTool(NEXT_QUESTION, {})] if NEXT_QUESTION in self.tools else [Say(_GREETING)]

    def on_user_turn(self, text: str) -> list[Action]:
        """The user has spoken and paused."""
        self._chain = 0
        self._begun = True
        if self._hung_up:
            return []
        if RECORD_ANSWER in self.tools and len(_PRYING & _meaningful(text)) >= _SHARED_WORDS:
            return [Say(_REFUSAL)]
        if (asked := self._asked_for(text)) is not None:
            return [asked]
        self._last_answer = text
        if RECORD_ANSWER not in self.tools:
            return [Say(_ACKNOWLEDGEMENT)]
        summary = " ".join(text.split()[:_SUMMARY_WORDS])
        return [CallTool(RECORD_ANSWER, {"summary": summary, "follow_up": True})]

    def on_tool_result(self, content: str) -> list[Action]:
        """A tool has answered."""
        if self._hung_up:
            return []
        result = _directive(content)
        return [Say(_APOLOGY)] if result is None else self._follow(result)

    def on_tool_silence(self) -> list[Action]:
        """A tool never answered: go on listening."""
        return []

    def _asked_for(self, text: str) -> CallTool | None:
        """The call of the tool whose description has most words of the user's, if it has enough of them."""
        said = _meaningful(text)
        shared = {offer: len(said & _meaningful(offer.description)) for offer in self.offers}
        best = max(shared, key=lambda offer: shared[offer], default=None)
        if best is None or shared[best] < _SHARED_WORDS:
            return None
        return CallTool(best.name, {} if best.parameter is None else {best.parameter: text})

    def _follow(self, result: dict[str, Any]) -> list[Action]:
        say = result.get("say")
        actions: list[Action] = [Say(say)] if isinstance(say, str) and say.strip() else []
        match result.get("next"):
            case "answer" if not actions:
                actions.append(Say(_told(result.get("result"))))
            case "follow_up" if not actions:
                actions.append(Say(follow_up_question(self._last_answer)))
            case "next_question":
                actions += self._call(NEXT_QUESTION, {})
            case "record_answer":
                actions += self._call(RECORD_ANSWER, {"summary": self._last_answer, "follow_up": True})
            case "end_interview":
                actions += self._call(END_INTERVIEW, {"reason": "completed"})
            case "hang_up":
                self._hung_up = True
        return actions

    def _call(self, name: str, arguments: dict[str, Any]) -> list[Action]:
        self._chain += 1
        if name not in self.tools or self._chain > _LONGEST_CHAIN:
            return []
        return [CallTool(name, arguments)]


def follow_up_question(answer: str) -> str:
    """A question about the last words of an answer that carry meaning."""
    words = _WORD.findall(answer)
    while words and words[-1].lower() in _LOOSE_ENDS:
        words.pop()
    echo = words[-_ECHO_WORDS:]
    while len(echo) > 1 and echo[0].lower() in _LOOSE_ENDS - _OWNERS - {"the"}:
        echo.pop(0)
    if not echo:
        return "Could you tell me more about that?"
    turned = ("your" if word.lower() in _OWNERS else word for word in echo)
    return f"You said {' '.join(turned)}; could you tell me more about that?"


def _meaningful(text: str) -> set[str]:
    words = (word.lower() for word in _WORD.findall(text))
    return {word for word in words if len(word) >= _MEANINGFUL_LETTERS and word not in _LOOSE_ENDS}


def _told(result: Any) -> str:
    """The words of a result that a tool has looked up: its texts and figures."""
    values = result.values() if isinstance(result, dict) else result if isinstance(result, list) else [result]
    texts = [str(value) for value in values if isinstance(value, str | int | float)]
    return f"I have looked it up: {', '.join(texts)}." if texts else "I have looked it up, and found nothing."


def _directive(content: str) -> dict[str, Any] | None:
    """The JSON object with `next` or `say` that a text is, wrapped as a string once more or not; else None."""
    parsed: Any = content
    for _ in range(2):
        if not isinstance(parsed, str):
            break
        try:
            parsed = json.loads(parsed)
        except ValueError:
            return None
    return parsed if isinstance(parsed, dict) and ("next" in parsed or "say" in parsed) else None


def _quoted(text: str) -> str | None:
    """The longest passage in double quotes: what a directive in prose asks to be said word for word."""
    passages = re.findall(r'"([^"]{3,})"|\u201c([^\u201d]{3,})\u201d', text)
    return max((a or b for a, b in passages), key=len, default=None)
