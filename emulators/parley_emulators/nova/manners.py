"""A model that disobeys: the script, bent. Each manner is one way in which a real one may stray."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from parley_emulators.nova.policy import END_INTERVIEW, NEXT_QUESTION, Action, CallTool, Offer, Policy, Say

Manner = Literal[
    "obedient",
    "early_end",
    "unknown_tool",
    "twice",
    "out_of_order",
    "no_tools",
    "off_plan",
    "mute",
    "skips",
    "repeats",
    "stalls",
    "stops",
    "looks_up",
]
OFF_PLAN = "By the way, what do you earn at the moment?"
_NODDING = "I see."
_NOBODYS_TOOL = "grade_candidate"
_SKIP, _REPEAT, _WAIT = "skip_question", "repeat_question", "give_time"
# Which of the user's turns it takes for a wish: were it each of them, no second question would be asked.
_MISTAKEN_EVERY = 3
# So often it passes on what it has spoken in answer to one turn or text: what grants it each time is soon at its end.
_MOST_SKIPS = 4


class Manners(BaseModel):
    """How the sessions that begin from now on behave."""

    model_config = ConfigDict(extra="forbid")

    manners: list[Manner] = Field(
        ["obedient"],
        description="early_end: it wants to end after each turn of the user's; unknown_tool: it calls one that was not "
        "offered; twice: it makes each call of a turn twice; out_of_order: it asks for the next question before it has "
        "recorded the answer; no_tools: it calls none after the first; off_plan: it asks a question of its own; mute: "
        "it keeps every second text that it is to speak to itself; skips: it wants to pass on each question that it "
        "has spoken; repeats, stalls, stops: it takes each third turn of the user's, from the first, for a wish to "
        "hear the question again, for a moment to think, or to stop; looks_up: it calls a tool of the template's own "
        "before each answer that it records.",
    )
    speaks: dict[str, str] = Field(
        {},
        description="Words that it announces (SPECULATIVE), and what it speaks in their place, and tells of as spoken "
        '(FINAL): {"250": "two hundred and fifty"}.',
    )

    def spoken(self, text: str) -> str:
        """What it speaks where it has announced this text."""
        if not self.speaks:
            return text
        words = "|".join(sorted(map(re.escape, self.speaks), key=len, reverse=True))
        return re.sub(rf"\b(?:{words})\b", lambda found: self.speaks[found[0]], text)


@dataclass
class MannersBook:
    """The manners that are ordered."""

    ordered: Manners = field(default_factory=Manners)

    def policy(self, tools: frozenset[str], offers: tuple[Offer, ...]) -> Policy:
        """The script of a session that begins now."""
        manners = frozenset[Manner](self.ordered.manners) - {"obedient"}
        return UnrulyPolicy(tools, offers, manners=manners) if manners else Policy(tools, offers)

    @property
    def spoken(self) -> Callable[[str], str]:
        """What a session that begins now speaks in place of what it announces."""
        return self.ordered.spoken


@dataclass
class UnrulyPolicy(Policy):
    """The script of one session that is held in these manners."""

    manners: frozenset[Manner] = frozenset()
    _to_speak: int = 0
    _turns: int = 0
    _skips: int = 0

    def on_text(self, text: str) -> list[Action]:
        """As the script; without tools it nods at every directive but the first."""
        self._skips = 0
        if "no_tools" in self.manners and self._begun:
            return [Say(_NODDING)]
        return self._bent(super().on_text(text))

    def on_user_turn(self, text: str) -> list[Action]:
        """As the script, after whatever its manners want first."""
        if "no_tools" in self.manners and not self._hung_up:
            return [Say(_NODDING)]
        self._skips = 0
        actions = super().on_user_turn(text)
        if not actions:
            return actions
        if (mistaken := self._mistaken()) is not None:
            actions = [mistaken]
        wanted: dict[Manner, Action] = {
            "off_plan": Say(OFF_PLAN),
            "unknown_tool": CallTool(_NOBODYS_TOOL, {"grade": 5}),
            "early_end": CallTool(END_INTERVIEW, {"reason": "completed"}),
            "out_of_order": CallTool(NEXT_QUESTION, {}),
        }
        first = [action for manner, action in wanted.items() if manner in self.manners]
        return self._bent([*first, *self._looked_up(text), *actions])

    def on_tool_result(self, content: str) -> list[Action]:
        """As the script, with half of the words where it is mute."""
        return self._bent(self._skipping(super().on_tool_result(content)))

    def _skipping(self, actions: list[Action]) -> list[Action]:
        """What it was given to speak, and the wish to pass on that."""
        spoken = any(isinstance(action, Say) for action in actions)
        if "skips" not in self.manners or not spoken or self._hung_up or self._skips >= _MOST_SKIPS:
            return actions
        self._skips += 1
        return [*actions, CallTool(_SKIP, {})]

    def _mistaken(self) -> CallTool | None:
        """What it takes the user's turn for, where it does not understand it."""
        self._turns += 1
        wishes: dict[Manner, CallTool] = {
            "repeats": CallTool(_REPEAT, {}),
            "stalls": CallTool(_WAIT, {}),
            "stops": CallTool(END_INTERVIEW, {"reason": "candidate_stopped"}),
        }
        if self._turns % _MISTAKEN_EVERY != 1:
            return None
        return next((call for manner, call in wishes.items() if manner in self.manners), None)

    def _looked_up(self, text: str) -> list[Action]:
        """A call of the first tool that is the template's own, whatever the user has said."""
        own = (offer for offer in self.offers if offer.name not in (_SKIP, _REPEAT, _WAIT))
        offer = next(own, None) if "looks_up" in self.manners else None
        return [] if offer is None else [CallTool(offer.name, {offer.parameter: text} if offer.parameter else {})]

    def _bent(self, actions: list[Action]) -> list[Action]:
        bent: list[Action] = []
        for action in actions:
            if isinstance(action, Say) and "mute" in self.manners:
                self._to_speak += 1
                if self._to_speak % 2:
                    continue
            bent.append(action)
            if isinstance(action, CallTool) and "twice" in self.manners:
                bent.append(action)
        return bent
