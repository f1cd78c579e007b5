"""Everything that can be lost under a conversation but the model: the API, its store, and the bot itself.

The API is the real one, on an API server and with a store in a folder. What it has acknowledged by its own answers must
be in the transcript that is stored in the end.
"""

import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from parley_protocol import FinishReason, Transcript, Turn, TurnSpoken
from parley_protocol.socket import BOT_PORT

from support.bot import BotProcess, serving
from support.nova_process import SESSION_TOKEN
from support.soak import promises
from support.soak.faults import DELAY_SECONDS, STAGE_NAMES, STAGES
from support.soak.plans import GREETING, answers, plan
from support.soak.rig import Lane, Talk
from support.soak.site import Appointment, Site, Witness
from support.voices.guest import ScriptedGuest, Sound, rendered
from support.voices.script import Script
from support.wait import eventually

AWAY_SECONDS = 60.0
# Who comes through the API has less time to come back than that is away.
RELAYED_GRACE_SECONDS = 30
# An address of the loopback's own: the relay knows one port of bots.
_BOT_IP = "127.77.77.77"
_KILLED_AT = ("greeting", "answer", "tool", "speech", "closing")
# Stages of the interviewer's words begin when those are at the candidate's ear: who has heard nothing may be greeted.
_HEARD, _HEARD_SECONDS = ("greeting", "speech", "closing"), 1.0
_STAGE_SECONDS, _ROOM_SECONDS, _REST_SECONDS = 60.0, 90.0, 240.0
_END_SECONDS = 45.0
_SEALED = "Sealed"
# What a loss has taken is asked for again: there are answers to spare.
_SPARE = 4


@dataclass(frozen=True)
class Loss:
    """A case.

    Args:
        name: For tables and CASE=.
        what: What is lost.
        stage: When.
        questions: How many are asked.
        away: What is away for a minute; None: the bot is killed.
        replaced: Whether the next attempt takes the killed bot's place; else what it left is sealed.
        ends: Whether the conversation comes to its end in that minute.
        relayed: Whether the candidate comes through the API, and is cut off with it, as in a WebSocket room.
    """

    name: str
    what: str
    stage: str
    questions: int = 2
    away: Callable[[Site], AbstractAsyncContextManager[None]] | None = None
    replaced: bool = True
    ends: bool = False
    relayed: bool = False


def every_loss() -> list[Loss]:
    """All cases."""
    killed = [Loss(f"killed/{stage}", f"the bot is killed as {STAGE_NAMES[stage]}", stage) for stage in _KILLED_AT]
    minute = f"is away for {AWAY_SECONDS:g} s"
    return [
        *killed,
        Loss("left/answer", "the bot is killed as the candidate speaks, and nobody comes", "answer", replaced=False),
        Loss("api-away/middle", f"the API {minute}", "answer", 14, Site.without_api),
        Loss("api-away/end", f"the API {minute}, over the interview's end", "speech", 2, Site.without_api, ends=True),
        Loss(
            "api-away/relay",
            f"the API {minute}, and the candidate cut off",
            "answer",
            4,
            Site.without_api,
            relayed=True,
        ),
        Loss("store-away/middle", f"the store {minute}", "answer", 14, Site.without_store),
    ]


@dataclass
class Kept:
    """What became of one.

    `before` are the turns that were acknowledged when the loss struck, `acknowledged` all that ever were, each as it
    was told last; `struck` is whether the loss was one: a bot was killed that talked, or asked in vain.
    """

    loss: Loss
    talk: Talk
    before: list[Turn] = field(default_factory=list)
    acknowledged: list[Turn] = field(default_factory=list)
    transcript: Transcript | None = None
    struck: bool = False
    broken: list[str] = field(default_factory=list)


async def attempt(lane: Lane, site: Site, loss: Loss) -> Kept:
    """Hold an interview, and let the loss strike; whatever goes wrong is in the answer."""
    script = Script(loss.name.replace("/", "-"), loss.what, answers(loss.questions + _SPARE))
    limits = {"reconnect_grace_seconds": RELAYED_GRACE_SECONDS} if loss.relayed else {}
    kept = Kept(loss, Talk(plan(loss.questions, **limits), script))
    try:
        await _hold(lane, site, kept)
    except Exception as error:  # noqa: BLE001 - the other cases go on; this one has failed
        kept.broken.append(f"{type(error).__name__}: {error}")
    else:
        kept.broken = list(broken(kept))
    return kept


async def _hold(lane: Lane, site: Site, kept: Kept) -> None:
    script, appointment = kept.talk.script, site.appoint(kept.talk.plan)
    lane.nova.forget()
    since, conversation = time.time(), await _Conversation.of(lane, appointment, script)
    conversation.relayed = kept.loss.relayed
    async with _witness(lane, site) as witness:
        try:
            await _strike(lane, site, conversation, witness, kept)
        finally:
            await conversation.over()
        kept.acknowledged = turns_of(witness)
        kept.talk.stored = [event.event for event in witness.acknowledged.values()]
    _take_down(kept, appointment)
    kept.talk.guest = conversation.guest
    kept.talk.sessions = [session for session in lane.nova.sessions if session["started_at"] >= since]


@asynccontextmanager
async def _witness(lane: Lane, site: Site) -> AsyncIterator[Witness]:
    witness = Witness(site.api)
    try:
        async with serving(witness, tls=lane.authority.server("witness", "127.0.0.1")):
            yield witness
    finally:
        await witness.close()


class _Conversation:
    """The candidate and the bots of one interview, one bot after the other; `relayed` as the loss's."""

    def __init__(self, lane: Lane, appointment: Appointment, script: Script, sound: Sound, folder: Path) -> None:
        self._lane, self._appointment, self._folder = lane, appointment, folder
        self._script, self._sound = script, sound
        self._attempt = 0
        self.relayed = False
        self.bot: BotProcess | None = None
        self.guest: ScriptedGuest | None = None

    @staticmethod
    async def of(lane: Lane, appointment: Appointment, script: Script) -> "_Conversation":
        """One that has not begun."""
        sound = await rendered(script, lane.voice)
        return _Conversation(lane, appointment, script, sound, lane.folder(script.name))

    async def begin(self, witness: Witness, *orders: dict[str, object]) -> None:
        """The next attempt, and the candidate with it; `orders` are the model's faults from then on."""
        self._attempt += 1
        token = self._folder / f"token-{self._attempt}"
        token.write_text(self._appointment.start(self._attempt))
        lane = self._lane
        env = {"AWS_SESSION_TOKEN": SESSION_TOKEN, "PARLEY_TOKEN_FILE": str(token)}
        if self.relayed:
            env |= {"PARLEY_HOST": _BOT_IP, "PARLEY_PORT": str(BOT_PORT)}
        self.bot = BotProcess(witness, self._folder, lane.authority.file, lane.nova.url, **env)
        await self.bot.start()
        await self.bot.ready(_ROOM_SECONDS)
        if self.relayed:
            self._appointment.bot_is_ready(self._attempt, _BOT_IP)
        lane.nova.order(*orders)
        await self.come()

    async def come(self) -> None:
        """The candidate comes, or comes back: what they said before is asked for again, or was heard."""
        assert self.bot is not None
        self.guest = ScriptedGuest(self._script, self._sound)
        url = self.bot.url(ticket=self._appointment.ticket(self._attempt))
        await self.guest.join(self._appointment.relay(self._attempt) if self.relayed else url)

    async def heard(self, seconds: float) -> None:
        """Wait until so much more sound of the interviewer's has come to the candidate."""
        assert self.guest is not None
        ear = self.guest.ear
        enough = ear.seconds + seconds
        await eventually("the interviewer is heard", lambda: ear.seconds >= enough, _STAGE_SECONDS)

    async def rest(self) -> int | None:
        """Wait until it is over; the bot's exit code, None where it goes on for too long."""
        assert self.guest is not None
        assert self.bot is not None
        with contextlib.suppress(TimeoutError):
            await self.guest.over(_REST_SECONDS)
            return await self.bot.exit_code(_END_SECONDS)
        return None

    @property
    def ended(self) -> bool:
        """Whether the bot has said goodbye: it has closed the candidate's connection, or would have."""
        if self.relayed:
            return self.bot is not None and bool(self.bot.logged("conversation over"))
        return self.guest is not None and self.guest.close_code is not None

    async def over(self) -> None:
        """Nobody is there any more: the bot is killed, and the candidate hangs up."""
        if self.bot is not None:
            await self.bot.kill()
        if self.guest is not None and self.guest.socket is not None:
            await self.guest.leave()

    def seal(self) -> None:
        """Nobody takes a dead bot's place."""
        self._appointment.seal()


async def _strike(lane: Lane, site: Site, conversation: _Conversation, witness: Witness, kept: Kept) -> None:
    """Let the conversation come to the stage, lose what is to be lost there, and see the rest through."""
    loss = kept.loss
    # The model falters when the stage is reached: so it is seen, and one that is not heard lasts until the kill.
    pauses = loss.away is None and loss.stage not in _HEARD
    pause: dict[str, object] = {"kind": "delay", "delay_seconds": DELAY_SECONDS if pauses else 0.1}
    await conversation.begin(witness, pause | STAGES[loss.stage])
    began = time.monotonic()

    def reached() -> bool:
        return not lane.nova.control.get("/faults").raise_for_status().json()["faults"]

    await eventually(f"it comes to: {STAGE_NAMES[loss.stage]}", reached, _STAGE_SECONDS, every=0.1)
    if loss.stage in _HEARD:
        await conversation.heard(_HEARD_SECONDS)
    kept.before = turns_of(witness)
    if loss.away is None:
        await _without_bot(conversation, witness, kept)
    else:
        async with loss.away(site):
            in_vain, back = witness.unavailable, time.monotonic() + AWAY_SECONDS
            await eventually("the time is over", lambda: time.monotonic() >= back, AWAY_SECONDS + 10)
            kept.struck = witness.unavailable > in_vain and conversation.ended is loss.ends
        if loss.relayed:
            await conversation.come()
        kept.talk.exit_code = await conversation.rest()
    kept.talk.seconds = time.monotonic() - began


async def _without_bot(conversation: _Conversation, witness: Witness, kept: Kept) -> None:
    kept.struck = not conversation.ended
    await conversation.over()
    if kept.loss.replaced:
        await conversation.begin(witness)
        kept.talk.exit_code = await conversation.rest()
    else:
        conversation.seal()


def _take_down(kept: Kept, appointment: Appointment) -> None:
    transcript = kept.transcript = appointment.transcript
    if transcript is not None:
        kept.talk.turns = transcript.turns
        known = [reason for reason in FinishReason if reason.value == transcript.reason]
        kept.talk.reason = known[0] if known else None


def turns_of(witness: Witness) -> list[Turn]:
    """The acknowledged turns, in order; one that was told again within its attempt is the later telling."""
    told: dict[tuple[int, int], Turn] = {}
    for (attempt, _), item in witness.acknowledged.items():
        if isinstance(item.event, TurnSpoken):
            told[attempt, item.event.turn.seq] = item.event.turn
    return [told[key] for key in sorted(told)]


def broken(kept: Kept) -> Iterator[str]:
    """What of the promises was not kept."""
    if kept.transcript is None:
        yield "there is no transcript"
        return
    if not kept.struck:
        yield "nothing was lost: the case was not reached"
    yield from lost_turns(kept.acknowledged, kept.transcript.turns)
    yield from misplaced_turns(kept.acknowledged, kept.transcript.turns)
    yield from promises.of_any(kept.talk)
    yield from _greeted_again(kept.talk)
    if kept.loss.replaced:
        yield from promises.of_a_whole_one(kept.talk)
        yield from (f"{q.id} is not told as asked" for q in kept.transcript.questions if q.required and not q.asked)
    elif kept.transcript.reason != _SEALED:
        yield f"what was left ended by {kept.transcript.reason}"


def _identity(turn: Turn) -> tuple[str, str, int, int]:
    """What tells a turn from all others; its number may move up, where a former attempt stored more behind its back."""
    return turn.speaker.value, turn.text, turn.start_ms, turn.end_ms


def lost_turns(acknowledged: Sequence[Turn], final: Sequence[Turn]) -> Iterator[str]:
    """Each acknowledged turn is in the transcript once."""
    found = [_identity(turn) for turn in final]
    for one, text in {_identity(turn): turn.text for turn in acknowledged}.items():
        if found.count(one) != 1:
            yield f"acknowledged, and {found.count(one)} times in the transcript: {text!r}"


def misplaced_turns(acknowledged: Sequence[Turn], final: Sequence[Turn]) -> Iterator[str]:
    """The acknowledged turns are in the order of their telling."""
    wanted = [_identity(turn) for turn in acknowledged]
    found = [_identity(turn) for turn in final if _identity(turn) in wanted]
    if found != wanted and sorted(found) == sorted(wanted):
        yield "the acknowledged turns are in another order"


def _greeted_again(talk: Talk) -> Iterator[str]:
    """Whatever was written down: the model has spoken the greeting in one session alone."""
    begins = GREETING.partition(",")[0]
    spoken = [s for s in talk.sessions if any(t["role"] == "ASSISTANT" and begins in t["text"] for t in s["turns"])]
    if len(spoken) > 1:
        yield f"the greeting was spoken in {len(spoken)} sessions"
