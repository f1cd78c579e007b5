"""Whole lives of an Interview under Parley's operator, and every write that each part of them costs.

The bench plays the API: consent, the candidate in the room, the conversation's end. KWOK runs the bot; that it ends
after its conversation is the bench's part, too.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import uvloop
from bench.operator.api import Api, Json
from bench.operator.audit import Call
from bench.operator.cell import quiet
from bench.operator.peers import PEERS
from bench.operator.work import INPUTS, INTERVIEWS, PODS
from bench.operator.world import HIRING, World, world
from parley_crds import API_MANAGER, API_VERSION, INTERVIEW_KIND
from parley_crds.names import LABEL_INTERVIEW_UID, child_name, pod_name

STAGE_SECONDS = 30.0
POLL_SECONDS = 0.02
PARLEY = PEERS["parley"]
JOINABLE, READY, IN_PROGRESS, COMPLETED, GONE = (
    "create to Joinable",
    "… to the bot in its room",
    "… to the candidate in it",
    "… to Completed, bot and inputs gone",
    "… to deleted",
)
STAGES = (JOINABLE, READY, IN_PROGRESS, COMPLETED, GONE)


@dataclass
class Writes:
    """The operator's writes in each stage, by kind, with their size; and the other parties', by who they are."""

    own: dict[str, Counter[str]] = field(default_factory=lambda: {stage: Counter() for stage in STAGES})
    size: Counter[str] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)

    def add(self, stage: str, call: Call) -> None:
        """Counts a call, where it is a write."""
        if not call.is_write:
            return
        if call.user != PARLEY.user:
            self.others[f"{call.agent}: {call.kind}"] += 1
            return
        self.own[stage][call.kind] += 1
        self.size[stage] += call.size


def measure_lives(count: int, folder: Path) -> Writes:
    """Lets so many interviews live, one after another, in a world whose files are in `folder`."""
    with world(folder) as made:
        PARLEY.start(made)
        return uvloop.run(_lives(count, made))


async def _lives(count: int, made: World) -> Writes:
    writes = Writes()
    async with Api(made.plane) as people, Api(made.plane, "parley-api") as api, Api(made.plane, "bot") as bot:
        # While it stays, so does the template's snapshot, which is pinned once for all.
        first = _Life("first", people, api, bot, made)
        await first.begin()
        for number in range(count):
            await _Life(f"life-{number}", people, api, bot, made).run(writes)
    return writes


@dataclass
class _Life:
    name: str
    people: Api
    api: Api
    bot: Api
    made: World

    @property
    def _path(self) -> str:
        return f"{INTERVIEWS}/{self.name}"

    async def begin(self) -> str:
        """Creates the Interview and gives its uid when its bot is ready."""
        await self.people.create(INTERVIEWS, PARLEY.work.manifest(self.name))
        return str((await self._until(lambda interview: _phase(interview) == "Ready"))["metadata"]["uid"])

    async def run(self, writes: Writes) -> None:
        """From the create call until nothing is left of it."""
        await quiet(self.made.audit, PARLEY.user)
        uid = await self.begin()
        self._split_at_joinable(writes, await quiet(self.made.audit, PARLEY.user))

        await self._session(uid)
        await self._session(uid, startedAt=_now())
        await self._until(lambda interview: _phase(interview) == "InProgress")
        await self._note(writes, IN_PROGRESS)

        await self._session(uid, startedAt=_now(), finishedAt=_now(), reason="Completed", finished="Completed")
        await self._end_bot(uid)
        await self._until(lambda interview: _phase(interview) == "Completed")
        await self._until_clear(uid)
        await self._note(writes, COMPLETED)

        await self.people.delete(self._path)
        await self._until(lambda _: False)
        await self._note(writes, GONE)

    def _split_at_joinable(self, writes: Writes, calls: list[Call]) -> None:
        told = min(call.at for call in calls if call.user == PARLEY.user and call.joinable)
        for call in calls:
            writes.add(JOINABLE if call.at <= told else READY, call)

    async def _note(self, writes: Writes, stage: str) -> None:
        for call in await quiet(self.made.audit, PARLEY.user):
            writes.add(stage, call)

    async def _session(self, uid: str, *, finished: str | None = None, **session: str) -> None:
        """The API's whole share of the status."""
        conditions = [_condition("CandidateArrived", "Consented")]
        if finished is not None:
            conditions.append(_condition("SessionFinished", finished))
        status = {"session": {"consentedAt": _now(), **session}, "conditions": conditions}
        metadata = {"name": self.name, "namespace": HIRING, "uid": uid}
        manifest = {"apiVersion": API_VERSION, "kind": INTERVIEW_KIND, "metadata": metadata, "status": status}
        await self.api.apply_status(self._path, manifest, API_MANAGER)

    async def _end_bot(self, uid: str) -> None:
        ended = {"terminated": {"exitCode": 0, "reason": "Completed", "finishedAt": _now()}}
        container = {"name": "bot", "image": "x", "imageID": "x", "ready": False, "restartCount": 0, "state": ended}
        status = {"phase": "Succeeded", "containerStatuses": [container]}
        pod = pod_name(child_name(self.name, uid), 1)
        await self.bot.merge(f"{PODS}/{pod}/status", {"status": status})

    async def _until(self, reached: Callable[[Json], bool]) -> Json:
        """The Interview when it has come so far; nothing when it has gone."""
        async with asyncio.timeout(STAGE_SECONDS):
            while True:
                interview = await self.people.get(self._path)
                if interview is None:
                    return {}
                if reached(interview):
                    return interview
                await asyncio.sleep(POLL_SECONDS)

    async def _until_clear(self, uid: str) -> None:
        """Waits until the bots' namespace holds nothing of the interview."""
        label = f"{LABEL_INTERVIEW_UID}={uid}"
        async with asyncio.timeout(STAGE_SECONDS):
            while True:
                if await self.people.is_empty(PODS, label) and await self.people.is_empty(INPUTS, label):
                    return
                await asyncio.sleep(POLL_SECONDS)


def _phase(interview: Json) -> str | None:
    phase: str | None = interview.get("status", {}).get("phase")
    return phase


def _condition(type_: str, reason: str) -> Json:
    return {"type": type_, "status": "True", "reason": reason, "message": "", "lastTransitionTime": _now()}


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
