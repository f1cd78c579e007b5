"""A rolling update of several replicas on S3 while a candidate talks: nothing is lost, and nobody is greeted again.

That two replicas which write at once store each event once is held by `store/test_event_log.py`.
"""

import asyncio
import contextlib
import random
import re
import time
from collections.abc import AsyncIterator, Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from parley_api.store import S3Store, layout
from parley_bot.engine.phrases import phrases_for
from parley_emulators.speech.synthesiser import Synthesiser
from parley_protocol import (
    EventBatch,
    InterviewerPlan,
    InterviewPlan,
    Manifest,
    ModelPlan,
    NumberedEvent,
    QuestionAsked,
    QuestionPlan,
    RecordingPlan,
    Speaker,
    Transcript,
    Turn,
    TurnSpoken,
)
from parley_protocol.socket import BOT_PORT
from support.api import CONSENT_VERSION, RELEASE, Cluster, Interviewed, api_token
from support.api import eventually as answered
from support.bot import BotProcess
from support.certificates import Authority
from support.chart import S3, pod_templates, render
from support.guest import Guest
from support.nova_process import SESSION_TOKEN, running_nova
from support.rollout import Deployment
from support.s3 import REGION, S3Server
from support.wait import eventually

MakeInterview = Callable[..., Interviewed]

PLAN = InterviewPlan(
    title="Platform engineer",
    interviewer=InterviewerPlan(name="Ada", greeting="Hello Kim.", closing="Thank you. Goodbye."),
    questions=[
        QuestionPlan(id="outage", text="Tell me about an outage that you have solved."),
        QuestionPlan(id="team", text="What do you look for in the people of a team that you would like to join?"),
    ],
    model=ModelPlan(turn_sensitivity="HIGH"),
    recording=RecordingPlan(wanted=True),
)
ANSWERS = [
    "Our database ran out of connections, and I found the service that never closed them.",
    "I want people who say early when something is wrong.",
]
WELCOME = phrases_for("en").welcome_back
REPLICAS = 2
# A voice is on its way for so long when a replica is told to end.
MIDST_SECONDS = 1.2
# Where the machine is slow so much may lie between two sentences of one turn.
PAUSE_SECONDS = 2.0
TALK_SECONDS = 90.0
# Why a WebSocket was closed (RFC 6455, 7.4.1, and IANA's registry): the interview is over, and the server comes back.
NORMAL, RESTART = 1000, 1012
STARTED, STOPPED = "bot-started-speaking", "bot-stopped-speaking"


class Caller:
    """A candidate who joins by the link, and anew whenever the connection is lost, as the page does.

    `guests` has a client for each connection that was made.
    """

    def __init__(self, url: str, made: Interviewed) -> None:
        self.guests: list[Guest] = []
        self._http = httpx.AsyncClient(base_url=url, headers=made.headers(), trust_env=False)
        self._spoke_at = 0.0
        self._over = False

    async def talk(self) -> None:
        """Be there until the interview is over."""
        async with self._http:
            answer = await self._http.post("/join/v1/consent", json={"version": CONSENT_VERSION})
            assert answer.is_success, answer.text
            while not self.guests or self.guests[-1].close_code == RESTART:
                with contextlib.suppress(httpx.TransportError):  # the connection kept alive was the former replica's
                    await self._join()
        self._over = True
        assert self.guests[-1].close_code == NORMAL, self.guests[-1].close_reason

    async def _join(self) -> None:
        answer = await self._http.post("/join/v1/connect")
        assert answer.is_success, answer.text
        guest = await Guest([]).join(f"{answer.json()['wsUrl']}?token={answer.json()['token']}")
        self.guests.append(guest)
        await guest.over(TALK_SECONDS)

    async def answer(self, voice: bytes, connection: int) -> None:
        """Hear the interviewer out, in this connection (from 1), and begin to answer."""

        def asked() -> bool:
            assert not self._over, "the interview is over already; the bot's log says why"
            heard_out = self._heard_last(STOPPED) and self.guests[-1].quiet_seconds > PAUSE_SECONDS
            return len(self.guests) == connection and heard_out

        await eventually("a question is heard", asked, 60)
        self._spoke_at = time.time()
        self.guests[-1].say(voice)

    @property
    def in_an_answer(self) -> bool:
        """Whether they are in the middle of one."""
        return self.guests[-1].speaking and time.time() - self._spoke_at > MIDST_SECONDS

    @property
    def in_a_question(self) -> bool:
        """Whether the interviewer is in the middle of saying something."""
        heard = self.guests[-1].hears  # the sound comes a moment after it is told of
        begun = self._heard_last(STARTED) and heard[-1] > self._spoke_at
        return begun and time.time() - heard[-1] > MIDST_SECONDS

    def _heard_last(self, kind: str) -> bool:
        return [m["type"] for m in self.guests[-1].messages if m.get("type") in (STARTED, STOPPED)][-1:] == [kind]


class Archive:
    """What is stored of an interview."""

    def __init__(self, store: S3Store, made: Interviewed) -> None:
        self._store, self._made = store, made

    async def events(self) -> list[NumberedEvent]:
        """In the order of the objects' names; nothing is sorted or left out."""
        keys = await self._store.list(layout.events_prefix(self._made.namespace, self._made.uid))
        batches = [EventBatch.model_validate_json(await self._store.get(key) or b"") for key in keys]
        return [event for batch in batches for event in batch.events]

    async def turns(self) -> list[Turn]:
        return [item.event.turn for item in await self.events() if isinstance(item.event, TurnSpoken)]

    async def has_asked(self, question_id: str) -> None:
        """Wait until this question is on its way."""

        async def found() -> bool:
            asked = [item.event for item in await self.events() if isinstance(item.event, QuestionAsked)]
            return any(event.question_id == question_id for event in asked)

        await answered(f"{question_id} is asked", found, 60)

    async def artifact(self, name: str) -> bytes:
        data = await self._store.get(layout.artifact(self._made.namespace, self._made.uid, name))
        assert data is not None, name
        return data


@pytest.fixture
async def answers() -> AsyncIterator[list[bytes]]:
    """The spoken answers, 16 kHz."""
    voice = Synthesiser()
    try:
        yield [await voice.say(answer, 16000) for answer in ANSWERS]
    finally:
        await voice.close()


def grace_seconds() -> int:
    """What the kubelet gives a replica to end."""
    pods = pod_templates(render(RELEASE, *S3.removeprefix("--set=").split(",")))
    return int(pods["parley-api"]["spec"]["terminationGracePeriodSeconds"])


async def test_an_interview_survives_the_replacement_of_every_replica(
    cluster: Cluster, interview: MakeInterview, s3_server: S3Server, answers: list[bytes], tmp_path: Path
) -> None:
    bucket = s3_server.new_bucket()
    settings = {
        "PARLEY_STORE__TYPE": "s3",
        "PARLEY_STORE__BUCKET": bucket,
        "PARLEY_STORE__REGION": REGION,
        "PARLEY_STORE__ENDPOINT_URL": s3_server.url,
    }
    authority = Authority(tmp_path)
    kubeconfig = cluster.plane.kubeconfig_of(api_token(cluster))
    made = interview("Ready", attempt=1, template={"recording": {"enabled": True}})
    archive = Archive(S3Store(bucket, region=REGION, endpoint_url=s3_server.url), made)
    deployment = Deployment(tmp_path, kubeconfig, settings, authority)
    async with deployment.open(REPLICAS):
        with running_nova(authority, tmp_path / "nova.log") as nova:
            await deployment.ready()
            async with bot_of(made, deployment, authority, nova.url, tmp_path) as bot:
                caller = Caller(deployment.public.url, made)
                await roll_while(caller, answers, deployment, archive)
                assert await bot.exit_code(60) == 0
            greetings = [session for session in nova.sessions if said_in(session, PLAN.interviewer.greeting)]

    assert len(caller.guests) == REPLICAS + 1, "each of the former replicas has had the candidate"
    assert len(deployment.inside.used) == REPLICAS + 1, "and the bot"
    assert len(greetings) == 1, "the model was never made to greet again, whatever was heard of it"
    await require_whole(archive, bot)
    require_welcomed(await archive.turns(), cuts=REPLICAS)
    assert made.read()["status"]["session"]["reason"] == "Completed"
    assert [replica.program.exit_code(0) for replica in deployment.gone] == [0] * REPLICAS
    for replica in [*deployment.gone, *deployment.replicas]:
        assert not re.findall(r".* (?:ERROR|CRITICAL) .*|Traceback.*", replica.logged())
    assert [line for line in bot.lines if line["level"] in ("ERROR", "CRITICAL")] == []


@contextlib.asynccontextmanager
async def bot_of(
    made: Interviewed, deployment: Deployment, authority: Authority, model_url: str, folder: Path
) -> AsyncIterator[BotProcess]:
    """The interview's bot in its room, as kubelet and operator would have it."""
    # One of the loopback's own, so that no other test's bot has the port.
    ip = f"127.{random.randint(64, 254)}.{random.randint(0, 255)}.{random.randint(1, 254)}"
    token = folder / "bot-token"
    token.write_text(made.bot(plan=PLAN))
    env = {"PARLEY_TOKEN_FILE": str(token), "PARLEY_HOST": ip, "PARLEY_PORT": str(BOT_PORT)}
    bot = BotProcess(deployment.inside, folder, authority.file, model_url, AWS_SESSION_TOKEN=SESSION_TOKEN, **env)
    await bot.start()
    try:
        await bot.ready()
        made.bot_is_ready(ip)
        yield bot
    finally:
        await bot.kill()


async def roll_while(caller: Caller, answers: list[bytes], deployment: Deployment, archive: Archive) -> None:
    """Replace each replica under the conversation: the first in mid-answer, the second in mid-question."""
    grace, (first, second) = grace_seconds(), answers
    async with asyncio.TaskGroup() as group:
        group.create_task(caller.talk())
        await deployment.surge()
        await caller.answer(first, connection=1)
        await eventually("the candidate is answering", lambda: caller.in_an_answer, 10)
        assert await deployment.retire(grace) < grace
        await deployment.surge()
        await caller.answer(first, connection=2)
        await archive.has_asked("team")
        await eventually("the interviewer goes on", lambda: caller.in_a_question, 60)
        assert await deployment.retire(grace) < grace
        await caller.answer(second, connection=3)


def said_in(session: dict[str, Any], words: str) -> bool:
    """Whether the model has spoken these words in a session."""
    return any(turn["role"] == "ASSISTANT" and words in turn["text"] for turn in session["turns"])


async def require_whole(archive: Archive, bot: BotProcess) -> None:
    """Each event that the bot has told is stored once and in order, and the sealed transcript is made of them."""
    events = await archive.events()
    (finished,) = bot.logged("finished")
    assert [event.n for event in events] == list(range(1, finished["events"] + 1))
    told = [(line["seq"], line["speaker"], line["words"]) for line in bot.logged("turn")]
    assert told == [(turn.seq, turn.speaker, len(turn.text.split())) for turn in await archive.turns()]
    asked = [item.event.question_id for item in events if isinstance(item.event, QuestionAsked)]
    assert set(asked) == {question.id for question in PLAN.questions}
    transcript = Transcript.model_validate_json(await archive.artifact(layout.TRANSCRIPT_JSON))
    assert transcript.reason == "Completed"
    assert transcript.attempts == 1
    assert transcript.turns == await archive.turns()
    assert [turn.seq for turn in transcript.turns] == list(range(1, len(transcript.turns) + 1))
    manifest = Manifest.model_validate_json(await archive.artifact(layout.MANIFEST))
    for entry in manifest.artifacts:
        assert sha256(await archive.artifact(entry.name)).hexdigest() == entry.sha256
    assert {layout.TRANSCRIPT_JSON, layout.RECORDING} <= {entry.name for entry in manifest.artifacts}
    assert manifest.recording is not None
    assert [segment.gaps for segment in manifest.recording.segments] == [[]], "no part of the recording is missing"


def require_welcomed(turns: list[Turn], cuts: int) -> None:
    """Greeted once; welcomed back once a cut at most, and at least once in all."""
    said = " ".join(turn.text for turn in turns if turn.speaker is Speaker.INTERVIEWER)
    assert said.count(PLAN.interviewer.greeting) == 1
    assert 1 <= said.count(WELCOME) <= cuts
