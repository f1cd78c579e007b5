"""Every state that an Interview can be in for a GitOps tool, each reached by the operator's own plan.

A row of the table in docs/gitops.md is a state here. One that is reached in several ways, by as many reasons, has a
world for each: what is judged are the manifests that the plan made, never conditions that a test made up.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

from parley_crds import InterviewTemplate, ObjectMeta, Window
from parley_operator.capacity import Capacity, Place
from parley_operator.plan.hindrances import LASTING, PASSING
from parley_operator.snapshot import ReferenceProblem, StepName
from parley_operator.templates import TemplateSnapshot, template_status
from parley_operator.unreadable import unreadable_status

from support.gitops_documents import Document, manifest, told
from support.operator_installation import INSTALLATION, template
from support.operator_world import START, World, in_progress, ready, window

NOT_ALLOWED = {"bot": {"priorityClassName": "system-node-critical"}}
ON_ARRIVAL = {"start": "OnArrival"}
LONG_WORDS = "\N{CJK UNIFIED IDEOGRAPH-554F}" * 4000


@dataclass(frozen=True)
class State:
    """One row: its name in the table, and all the ways into it; a way may end with what no world can read."""

    name: str
    ways: tuple[Callable[[], World | Document], ...]

    def manifests(self) -> Iterator[Document]:
        """The Interview as a client reads it, once for each way."""
        for way in self.ways:
            made = way()
            yield manifest(made) if isinstance(made, World) else made


def template_manifests() -> Iterator[tuple[str, Document]]:
    """The states of an InterviewTemplate, by their names in the table, as a client reads it."""
    metadata = ObjectMeta(name="backend", namespace="hiring", generation=1)
    for name, changes in (("Template, new", None), ("Template", {}), ("Template, refused", NOT_ALLOWED)):
        content = template(**(changes or {}))
        made = InterviewTemplate(metadata=metadata, spec=content)
        if changes is not None:
            status = template_status(TemplateSnapshot(metadata, made.status, content), INSTALLATION, 0, START)
            made = made.model_copy(update={"status": status})
        yield name, json.loads(json.dumps(made.to_dict()))


# Before the first bot


def _at_rest(**spec: Any) -> World:
    world = World(spec=spec)
    world.reconcile()
    return world


def _edited() -> World:
    world = _at_rest(**ON_ARRIVAL)
    world.edit(link_epoch=1)
    return world


def _refused(**changes: Any) -> World:
    world = World(**changes)
    world.reconcile()
    return world


def _without_account() -> World:
    world = World(template=template(room={"provider": "daily"}))
    world.installation = replace(world.installation, room_providers=frozenset({"websocket"}))
    world.reconcile()
    return world


def _lose_snapshot(world: World) -> World:
    world.revisions.clear()
    world.template = template(title="Another title")
    world.reconcile()
    return world


def _spoil_snapshot(world: World) -> World:
    world.template_problem = "The template is not valid: no such field"
    world.reconcile()
    return world


def _context(reason: str) -> Callable[[], World]:
    return lambda: _refused(context=ReferenceProblem(reason, "The Secret cv does not help"))


def _tool_key(reason: str) -> Callable[[], World]:
    return lambda: _refused(tool_keys=ReferenceProblem(reason, "Tool salary: The Secret tools does not help"))


REFUSALS = (
    lambda: _refused(template=None),
    lambda: _refused(template_problem="The template is not valid: no such field"),
    lambda: _refused(template=template(**NOT_ALLOWED)),
    _without_account,
    lambda: _refused(spec={"overrides": {"limits": {"durationSeconds": 60}}}),
    *map(_context, ("ContextNotFound", "ContextNotReadable", "ContextTooLong")),
    *map(_tool_key, ("ToolKeyNotFound", "ToolKeyNotReadable", "ToolKeyNotValid")),
    lambda: _refused(
        template=template(questions=[{"id": f"q{n}", "text": LONG_WORDS, "expectation": LONG_WORDS} for n in range(50)])
    ),
    lambda: _lose_snapshot(_at_rest(**ON_ARRIVAL)),
)


def _waiting() -> World:
    world = World()
    world.installation = replace(world.installation, capacity=Capacity(total=50))
    world.turn = Place(3, 17, "InstallationFull", taken=50, limit=50)
    world.reconcile()
    return world


def _suspending(kind: str = "DownError") -> World:
    world = World(down_kind=kind).daily()
    world.down |= {"pod", "room's removal"}
    world.reconcile()
    world.edit(suspend=True)
    world.reconcile()
    world.reconcile()
    return world


def _postponing(kind: str = "DownError") -> World:
    world = World(down_kind=kind).daily()
    world.down |= {"pod", "room's removal"}
    world.reconcile()
    world.edit(window=Window(not_before=START + timedelta(days=1)))
    world.reconcile()
    world.reconcile()
    return world


def _resumed() -> World:
    world = _at_rest(suspend=True, **ON_ARRIVAL)
    world.edit(suspend=False)
    world.reconcile()
    return world


# On the way to a bot and with one


def _in_vain(step: StepName, seconds: float) -> Callable[[], World]:
    def way() -> World:
        world = World().daily()
        world.down.add(step)
        world.reconcile()
        world.advance(seconds)
        world.reconcile()
        return world

    return way


def _key_refused() -> World:
    world = World(down_kind="RoomAuthError").daily()
    world.down.add("room")
    world.reconcile()
    world.reconcile()
    return world


def _too_late_to_hold() -> World:
    world = ready(World())
    world.edit(suspend=True)
    world.reconcile()
    return world


def _replaced() -> World:
    world = in_progress(World())
    world.kill_pod(world.pod, None, "Evicted")
    world.reconcile()
    return world


def _hindered(said: str, begin: Callable[[], World] = _at_rest) -> Callable[[], World]:
    """A pod that is there and does not start, by Kubernetes' own word."""

    def way() -> World:
        world = begin()
        (pod,) = world.live_pods
        world.hinder_pod(pod, said)
        world.reconcile()
        return world

    return way


STEPS: tuple[StepName, ...] = ("inputs Secret", "room", "pod")


def _not_valid(way: Callable[[], World]) -> Callable[[], Document]:
    """One that a later schema does not take: which field it is changes nothing here, so none is spoilt."""

    def spoilt() -> Document:
        document = manifest(way())
        status = unreadable_status(document, "it is not valid: spec.withdrawn: Extra inputs are not permitted", START)
        assert status is not None
        return {**document, "status": status}

    return spoilt


# Ends


def _ended(reason: str) -> Callable[[], World]:
    def way() -> World:
        world = in_progress(World())
        world.finish(reason)
        world.kill_pod(world.pod, 0)
        world.reconcile()
        return world

    return way


def _sealed() -> World:
    world = in_progress(World())
    world.kill_pod(world.pod, 0)
    world.advance(15)
    world.reconcile()
    return world


def _ending() -> World:
    world = in_progress(World())
    world.edit(cancel=True)
    world.reconcile()
    return world


def _ending_in_vain(kind: str = "DownError") -> World:
    world = in_progress(World(down_kind=kind).daily())
    world.down.add("room's removal")
    world.finish("Completed")
    world.kill_pod(world.pod, 0)
    world.reconcile()
    world.reconcile()
    return world


def _no_show() -> World:
    world = ready(World(spec={"noShowSeconds": 60}))
    _pass(world, 60, 6)
    return world


def _lost_bots() -> World:
    world = in_progress(World(spec={"backoffLimit": 0}))
    world.kill_pod(world.pod, 1)
    world.reconcile()
    return world


def _deadline() -> World:
    world = in_progress(World(spec={"activeDeadlineSeconds": 600}))
    _pass(world, 600, 6)
    return world


def _no_bot() -> World:
    world = _at_rest(backoffLimit=10, noShowSeconds=60, **ON_ARRIVAL, **window(expires_at=100))
    world.advance(99)
    world.arrive()
    world.reconcile()
    _pass(world, 1 + 60 + 180, 6)
    return world


def _pass(world: World, *seconds: float) -> None:
    for step in seconds:
        world.advance(step)
        world.reconcile()


def _put_back(way: Callable[[], World]) -> Callable[[], World]:
    """The same interview again, after its TTL removed the first."""

    def again() -> World:
        world = way()
        world.edit(ttl_seconds_after_finished=0)
        world.reconcile()
        assert world.interview is None
        world.create(**world.spec)
        world.reconcile()
        return world

    return again


# Deletions


def _deleted(way: Callable[[], World]) -> Callable[[], World]:
    def deletion() -> World:
        world = way()
        world.delete()
        world.reconcile()
        return world

    return deletion


def _deleted_in_vain() -> World:
    world = in_progress(World(spec={"deletionPolicy": "Erase"}).daily())
    world.down.add("erasure")
    world.delete()
    _pass(world, 310, 310, 310)
    return world


def _deleted_with_a_kept_pod() -> World:
    world = in_progress(World())
    world.pods[world.pod]["metadata"]["finalizers"] = ["example.com/keeps-it"]
    world.delete()
    _pass(world, 0, 36, 31)
    return world


def _deleted_without_key() -> World:
    world = in_progress(World(down_kind="RoomAuthError").daily())
    world.down.add("room's removal")
    world.delete()
    _pass(world, 0, 5, 5)
    return world


INTERVIEW_STATES = (
    State("New", (World,)),
    State("Edited", (_edited,)),
    State("Refused", REFUSALS),
    State("Scheduled", (lambda: _at_rest(**window(not_before=1000)),)),
    State("Open", (lambda: _at_rest(**ON_ARRIVAL), _resumed)),
    State("On hold", (lambda: _at_rest(suspend=True),)),
    State("Going on hold", (_suspending,)),
    State("Being postponed", (_postponing,)),
    State("Waiting for its turn", (_waiting,)),
    State("Bot starting", (_at_rest, *(_in_vain(step, 100) for step in STEPS), *map(_hindered, PASSING))),
    State(
        "Bot not to be had",
        (
            *(_in_vain(step, 3600) for step in STEPS),
            _key_refused,
            *map(_hindered, LASTING),
            _hindered("InvalidImageName", _replaced),
        ),
    ),
    State("Ready", (lambda: ready(World()), _too_late_to_hold)),
    State("In progress", (lambda: in_progress(World()),)),
    State("Bot being replaced", (_replaced, _hindered("ImagePullBackOff", _replaced))),
    State(
        "In progress without its template",
        tuple((lambda lost=lost: lost(in_progress(World()))) for lost in (_lose_snapshot, _spoil_snapshot)),
    ),
    State("Not valid any more", (_not_valid(World), _not_valid(lambda: in_progress(World())))),
    State("Ending", (_ending, _ending_in_vain)),
    State(
        "End or hold held up",
        tuple(partial(way, "RoomAuthError") for way in (_ending_in_vain, _suspending, _postponing)),
    ),
    State("Completed", (*map(_ended, ("Completed", "CandidateLeft", "TimeLimit", "Silence")), _sealed)),
    State("Cancelled", (_ended("Cancelled"),)),
    State("Expired", (_no_show, lambda: _at_rest(**window(expires_at=-1)))),
    State("Failed", (_lost_bots, _deadline, _no_bot, _ended("TechnicalFault"), _ended("RecordingFailed"))),
    State("Put back", tuple(map(_put_back, (_ended("Completed"), _lost_bots, _ended("Cancelled"))))),
    State("Being deleted", (_deleted(lambda: in_progress(World())),)),
    State("Deletion that hangs", (_deleted_in_vain, _deleted_with_a_kept_pod, _deleted_without_key)),
)


def documented_reasons() -> set[tuple[str, str]]:
    """The type and reason of every telling condition of every state."""
    return {one for state in INTERVIEW_STATES for document in state.manifests() for one in told(document)}
