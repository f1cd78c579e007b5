"""An Interview that does not fit the schema any more: people are told in its status, which is not parsed for it."""

import json
from datetime import timedelta
from typing import Any, cast

import pytest
from parley_crds.names import FINALIZER
from parley_operator.shell.client.kube import KubeError
from parley_operator.shell.reconcile.act import Actor
from parley_operator.shell.reconcile.observe import Observer, interview_of
from parley_operator.shell.reconcile.reconciler import Reconciler
from parley_operator.shell.turns.workers import RetryLaterError
from parley_operator.unreadable import unreadable_status
from parley_protocol import InterviewRef
from support.gitops_documents import Document, manifest
from support.operator_queue import unlimited
from support.operator_world import START, World, in_progress

REF = InterviewRef(namespace="hiring", name="jane", uid="u")
PROBLEM = "it is not valid: spec.withdrawn: Extra inputs are not permitted"
LATER = START + timedelta(hours=1)


def stored(world: World | None = None) -> Document:
    """An Interview in mid-conversation with a field that no schema has any more."""
    document = manifest(world or in_progress(World()))
    document["spec"]["withdrawn"] = 1
    document["metadata"]["resourceVersion"] = "7"
    return document


def after(document: Document, status: dict[str, Any]) -> Document:
    """What the API server holds after the apply: the API's parts are its own."""
    theirs = [one for one in document["status"]["conditions"] if one["type"] in ("CandidateArrived", "SessionFinished")]
    session = {key: value for key, value in document["status"].items() if key == "session"}
    return {**document, "status": {**status, **session, "conditions": [*status["conditions"], *theirs]}}


def test_it_is_stalled_and_all_else_is_kept() -> None:
    document = stored()
    before = document["status"]
    told = unreadable_status(document, PROBLEM, LATER)
    assert told is not None
    kept = ("phase", "template", "attempts", "linkSecretName", "acceptedAt", "startedAt", "readyAt")
    assert {key: told[key] for key in kept} == {key: before[key] for key in kept}
    assert "session" not in told
    conditions = {one["type"]: one for one in told["conditions"]}
    assert conditions.keys() == {"Accepted", "Joinable", "Stalled"}
    assert conditions["Stalled"]["reason"] == "InterviewNotValid"
    assert "spec.withdrawn" in conditions["Stalled"]["message"]
    assert {one["observedGeneration"] for one in told["conditions"]} == {document["metadata"]["generation"]}


def test_it_is_told_once_and_since_when_it_has_been_so() -> None:
    document = stored()
    told = unreadable_status(document, PROBLEM, LATER)
    assert told is not None
    document = after(document, told)
    assert unreadable_status(document, PROBLEM, LATER + timedelta(hours=1)) is None
    document["metadata"]["generation"] += 1
    again = unreadable_status(document, "it is not valid: spec.cancel: wrong", LATER + timedelta(hours=1))
    assert again is not None
    (stalled,) = [one for one in again["conditions"] if one["type"] == "Stalled"]
    assert "spec.cancel" in stalled["message"]
    assert stalled["lastTransitionTime"] == "2026-11-22T13:00:00Z"


def test_one_that_was_never_looked_at_and_one_that_nobody_can_read() -> None:
    document = stored(World())
    document["status"] = {"observedGeneration": -1}
    told = unreadable_status(document, PROBLEM, LATER)
    assert told is not None
    assert (told["phase"], told["observedGeneration"]) == ("Pending", 1)
    document["status"] = {"phase": "Forgotten", "conditions": [{"type": "Stalled", "status": "?"}]}
    told = unreadable_status(document, PROBLEM, LATER)
    assert told is not None
    assert (told["phase"], [one["status"] for one in told["conditions"]]) == ("Forgotten", ["True"])


def test_what_is_over_stays_as_it_ended() -> None:
    world = World(spec={"cancel": True})
    world.reconcile()
    assert unreadable_status(stored(world), PROBLEM, LATER) is None


def test_it_goes_once_the_interview_can_be_read_again() -> None:
    world = in_progress(World())
    document = stored(world)
    told = unreadable_status(document, PROBLEM, LATER)
    assert told is not None
    document = after(document, told)
    del document["spec"]["withdrawn"]
    world.interview = interview_of(json.loads(json.dumps(document)))
    assert FINALIZER in world.interview.metadata.finalizers
    world.reconcile()
    assert (world.condition("Stalled"), world.phase) == (None, "InProgress")


class Store:
    """The API server as the reconciler's surroundings see it, with one Interview."""

    def __init__(self, document: Document, error: Exception | None = None) -> None:
        self.document, self.error = document, error
        self.applied: list[tuple[dict[str, Any], str | None]] = []
        self.warnings: list[tuple[str, str]] = []

    async def interview(self, ref: InterviewRef) -> Any:
        return interview_of(self.document)

    async def warn(self, ref: InterviewRef, reason: str, message: str) -> None:
        self.warnings.append((reason, message))

    async def apply_raw_status(self, ref: InterviewRef, status: dict[str, Any], version: str | None) -> None:
        if self.error is not None:
            raise self.error
        self.applied.append((status, version))
        self.document = after(self.document, status)


@pytest.mark.parametrize("error", [None, KubeError(422, "Invalid", "spec.withdrawn"), TimeoutError()])
async def test_it_is_told_by_status_and_event_and_tried_again(error: Exception | None) -> None:
    store = Store(stored(), error)
    around: Any = store
    reconciler = Reconciler(cast("Observer", around), cast("Actor", around), unlimited(), lambda: LATER)
    for _ in range(3):
        with pytest.raises(RetryLaterError, match=r"spec\.withdrawn"):
            await reconciler.reconcile(REF)
    assert [version for _, version in store.applied] == ([] if error else ["7"])
    assert {reason for reason, _ in store.warnings} == {"InterviewNotValid"}
    assert all("spec.withdrawn" in message for _, message in store.warnings)
