"""The API, the one way of a WebSocket room's candidate, is away for longer than they have to come back."""

import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from parley_api.store import layout
from parley_bot.engine.phrases import phrases_for
from parley_emulators.speech.synthesiser import Synthesiser
from parley_protocol import (
    InterviewerPlan,
    InterviewPlan,
    LimitsPlan,
    ModelPlan,
    QuestionPlan,
    Speaker,
    Transcript,
)
from parley_protocol.socket import BOT_PORT
from support.api import CONSENT_VERSION, Api, Interviewed, api_token, launch_api
from support.api import eventually as answered
from support.bot import BotProcess
from support.certificates import Authority
from support.guest import Guest
from support.nova_process import SESSION_TOKEN, running_nova
from support.wait import eventually

MakeInterview = Callable[..., Interviewed]

GRACE_SECONDS = 5
PLAN = InterviewPlan(
    title="Platform engineer",
    interviewer=InterviewerPlan(name="Ada", greeting="Hello Kim.", closing="Thank you. Goodbye."),
    questions=[QuestionPlan(id="outage", text="Tell me about an outage that you have solved.")],
    limits=LimitsPlan(reconnect_grace_seconds=GRACE_SECONDS),
    model=ModelPlan(turn_sensitivity="HIGH"),
)
ANSWER = "Our database ran out of connections, and I found the service that never closed them."


class Site:
    """The API, the model, and the bot in its room, as kubelet and operator would have it."""

    def __init__(self, made: Interviewed, api: Api, bot: BotProcess) -> None:
        self.api, self.bot = api, bot
        self._http = httpx.AsyncClient(base_url=api.url, headers=made.headers(), trust_env=False)

    @staticmethod
    @asynccontextmanager
    async def open(made: Interviewed, folder: Path) -> AsyncIterator["Site"]:
        """All of it runs while the block does."""
        authority = Authority(folder)
        certificate, key = authority.server("api", "127.0.0.1")
        tls = {"PARLEY_TLS_CERT_FILE": str(certificate), "PARLEY_TLS_KEY_FILE": str(key)}
        api = launch_api(folder, made.cluster.plane.kubeconfig_of(api_token(made.cluster)), tls, authority.file)
        # An address of the loopback's own, so that no other test's bot has the port.
        ip = f"127.{random.randint(64, 254)}.{random.randint(0, 255)}.{random.randint(1, 254)}"
        token = folder / "bot-token"
        token.write_text(made.bot(plan=PLAN))
        env = {"PARLEY_TOKEN_FILE": str(token), "PARLEY_HOST": ip, "PARLEY_PORT": str(BOT_PORT)}
        env |= {"AWS_SESSION_TOKEN": SESSION_TOKEN}
        with running_nova(authority, folder / "nova.log") as nova:
            bot = BotProcess(Address(api.inside_url), folder, authority.file, nova.url, **env)
            site = Site(made, api, bot)
            try:
                async with site._http:
                    await site.api_is_there()
                    await bot.start()
                    await bot.ready()
                    made.bot_is_ready(ip)
                    yield site
            finally:
                await bot.kill()
                api.program.stop()

    async def api_is_there(self) -> None:
        """Wait until the API takes requests."""

        async def ready() -> bool:
            self.api.program.require_alive()
            try:
                return (await self._http.get("/readyz")).is_success
            except httpx.TransportError:
                return False

        await answered("the API is ready", ready, 60)

    async def consent(self) -> None:
        """The candidate agrees."""
        answer = await self._http.post("/join/v1/consent", json={"version": CONSENT_VERSION})
        assert answer.is_success, answer.text

    async def guest(self, *answers: bytes) -> Guest:
        """The candidate comes as the page does: with a ticket of the API's, by its relay."""
        answer = await self._http.post("/join/v1/connect")
        assert answer.is_success, answer.text
        return await Guest([*answers]).join(f"{answer.json()['wsUrl']}?token={answer.json()['token']}")

    async def without_api(self, gone: Callable[[], bool]) -> None:
        """The API is killed, and is back when the candidate has been gone for longer than they have to come back."""
        self.api.program.kill()
        await eventually("the candidate is gone", gone, 30)
        over = time.monotonic() + GRACE_SECONDS + 3
        await eventually("the grace is over", lambda: time.monotonic() > over, GRACE_SECONDS + 10)
        self.api.program.start_again()
        await self.api_is_there()


@dataclass
class Address:
    """Where the API is for a bot."""

    url: str


@pytest.mark.parametrize("left_before", [False, True], ids=["cut off by it", "left before"])
async def test_who_could_not_come_back_is_waited_for(
    interview: MakeInterview, tmp_path: Path, left_before: bool
) -> None:
    voice = Synthesiser()
    spoken = await voice.say(ANSWER, 16000)
    await voice.close()
    made = interview("Ready", attempt=1)
    async with Site.open(made, tmp_path) as site:
        await site.consent()
        first = await site.guest()
        await eventually("the question is heard", lambda: heard_out(first), 60)
        if left_before:
            await first.leave()
            await eventually("the API knows it", lambda: b'"left"' in stored(site.api), 10)
        await site.without_api(lambda: bool(site.bot.logged("candidate left")))
        assert not site.bot.logged("conversation over"), "nobody could have come back"
        second = await site.guest(spoken)
        await second.over(90)
        assert await site.bot.exit_code(60) == 0
        key = layout.artifact(made.namespace, made.uid, layout.TRANSCRIPT_JSON)
        transcript = Transcript.model_validate_json((site.api.store / key).read_text())
    assert transcript.reason == "Completed"
    said = [turn.text for turn in transcript.turns if turn.speaker is Speaker.INTERVIEWER]
    assert said == [
        f"{PLAN.interviewer.greeting} {PLAN.questions[0].text}",
        f"{phrases_for('en').welcome_back} {PLAN.questions[0].text}",
        PLAN.interviewer.closing,
    ]


def heard_out(guest: Guest) -> bool:
    """Whether the interviewer has spoken and come to an end."""
    return any(message.get("type") == "bot-stopped-speaking" for message in guest.messages)


def stored(api: Api) -> bytes:
    """All that the API has stored."""
    return b"".join(path.read_bytes() for path in api.store.rglob("*.json") if path.is_file())
