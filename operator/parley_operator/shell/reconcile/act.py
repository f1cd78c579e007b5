"""Does what the plan says, one action at a time. Each may have been done before, and is then done."""

import contextlib
import hashlib
import logging
import socket
from collections.abc import Mapping
from datetime import UTC, datetime

import aiohttp
from parley_crds import API_VERSION, INTERVIEW_KIND, OPERATOR_MANAGER
from parley_crds.names import FINALIZER, LABEL_IN_INTERVIEW, child_name, link_secret_name, tombstone_name
from parley_protocol import InterviewRef
from parley_rooms.errors import RoomError
from parley_rooms.provider import RoomPlan, RoomProvider, user_id

from parley_operator.actions import (
    Action,
    ApplyLink,
    ApplyStatus,
    CollectRevision,
    CreateInputs,
    CreatePod,
    DeleteInputs,
    DeleteInterview,
    DeleteLink,
    DeletePod,
    DeleteRoom,
    EjectBot,
    EmitEvent,
    EnsureRoom,
    Erase,
    MarkPod,
    PinTemplate,
    RemoveTombstone,
    Seal,
    SetFinalizer,
    UpdateInputs,
    WriteTombstone,
)
from parley_operator.installation import Installation
from parley_operator.manifests import changed_inputs
from parley_operator.shell.client.api import ApiClient
from parley_operator.shell.client.kube import (
    EVENTS,
    INTERVIEWS,
    PODS,
    REVISIONS,
    SECRETS,
    AlreadyExistsError,
    ConflictError,
    Json,
    KubeError,
    NotFoundError,
    Resource,
)
from parley_operator.shell.reconcile.peers import Peer
from parley_operator.shell.reconcile.revisions import collect_behind
from parley_operator.shell.watch.mirror import Mirror

logger = logging.getLogger(__name__)

NOTE_BYTES = 1024
"""How long an Event's note may be for the API server."""


class Actor:
    """Performs actions. An action that could not be done raises one of `ACTION_ERRORS`."""

    def __init__(
        self, kube: Mirror, installation: Installation, rooms: Mapping[str, RoomProvider], api: ApiClient
    ) -> None:
        self._kube = kube
        self._installation = installation
        self._rooms = rooms
        self._api = api
        self._api_peer = Peer("the API")
        self._daily_peer = Peer("Daily")

    async def perform(self, ref: InterviewRef, action: Action) -> None:
        """Does one action for an interview."""
        match action:
            case SetFinalizer() | ApplyStatus() | EmitEvent() | DeleteInterview():
                await self._on_interview(ref, action)
            case EnsureRoom() | EjectBot() | DeleteRoom() | Seal() | Erase():
                await self._outside(ref, action)
            case PinTemplate(manifest):
                await self._pin(ref, manifest)
            case WriteTombstone(manifest):
                await self._create(REVISIONS, manifest)
            case RemoveTombstone(uid):
                await self._kube.delete(REVISIONS, ref.namespace, tombstone_name(ref.name), uid=uid)
            case ApplyLink(manifest, known):
                await self._apply_link(manifest, known)
            case CreateInputs(manifest):
                await self._create(SECRETS, manifest)
            case UpdateInputs(manifest):
                await self._kube.replace(SECRETS, manifest)
            case CreatePod(manifest):
                await self._create(PODS, manifest)
            case MarkPod(name, uid):
                await self._mark(name, uid)
            case DeletePod(name, uid, grace):
                await self._kube.delete(PODS, self._installation.bots_namespace, name, uid=uid, grace=grace)
            case DeleteInputs(uid):
                await self._kube.delete(SECRETS, self._installation.bots_namespace, _child(ref), uid=uid)
            case DeleteLink():
                await self._kube.delete(SECRETS, ref.namespace, link_secret_name(_child(ref)))
            case CollectRevision(name):
                await collect_behind(self._kube, ref, name)

    async def warn(self, ref: InterviewRef, reason: str, message: str) -> None:
        """Tells people of a fault, once for each message."""
        await self._emit(ref, EmitEvent("Warning", reason, message))

    async def apply_raw_status(self, ref: InterviewRef, status: Json, resource_version: str | None) -> None:
        """Applies the operator's part of the status, as JSON, with `resource_version` only to the Interview as read.

        Raises:
            KubeError, aiohttp.ClientError, TimeoutError: the API server refuses, or is away.
        """
        manifest = _interview(ref) | {"status": status}
        if resource_version is not None:
            manifest["metadata"]["resourceVersion"] = resource_version
        await self._kube.apply(INTERVIEWS, manifest, OPERATOR_MANAGER, subresource="status")

    async def _create(self, resource: Resource, manifest: Json) -> None:
        """Creates an object. Names are deterministic, so one that is there was made by an earlier run.

        Every other conflict is none of the name's: a quota that others draw on at the same time answers so, too.
        """
        try:
            await self._kube.create(resource, manifest)
        except AlreadyExistsError:
            logger.debug("%s %s is there already", resource.plural, manifest["metadata"]["name"])

    async def _mark(self, name: str, uid: str) -> None:
        """Marks a pod; one that is gone needs no mark. The uid has a namesake refused."""
        metadata = {"uid": uid, "labels": {LABEL_IN_INTERVIEW: "true"}}
        with contextlib.suppress(NotFoundError):
            await self._kube.patch(PODS, self._installation.bots_namespace, name, {"metadata": metadata})

    async def _pin(self, ref: InterviewRef, manifest: Json) -> None:
        """Creates a snapshot unless one is known: many Interviews have the same, and only the first makes it."""
        if await self._kube.recall(REVISIONS, ref.namespace, manifest["metadata"]["name"]) is None:
            await self._create(REVISIONS, manifest)

    async def _apply_link(self, manifest: Json, known: bool) -> None:
        """Creates the link's Secret, which costs the API server less than an apply, or brings one up to date.

        One that is there unseen was made by an earlier run, or by somebody else.
        """
        if not known:
            with contextlib.suppress(AlreadyExistsError):
                await self._kube.create(SECRETS, manifest)
                return
        await self._kube.apply(SECRETS, manifest, OPERATOR_MANAGER)

    async def _on_interview(
        self, ref: InterviewRef, action: SetFinalizer | ApplyStatus | EmitEvent | DeleteInterview
    ) -> None:
        match action:
            case SetFinalizer(present):
                await self._set_finalizer(ref, present)
            case ApplyStatus(status, resource_version):
                await self.apply_raw_status(ref, status.to_dict(), resource_version)
            case EmitEvent():
                await self._emit(ref, action)
            case DeleteInterview(version):
                await self._kube.delete(INTERVIEWS, ref.namespace, ref.name, uid=ref.uid, resource_version=version)

    async def _outside(self, ref: InterviewRef, action: EnsureRoom | EjectBot | DeleteRoom | Seal | Erase) -> None:
        async with (self._api_peer if isinstance(action, Seal | Erase) else self._daily_peer).call(ref.uid):
            await self._call(ref, action)

    async def _call(self, ref: InterviewRef, action: EnsureRoom | EjectBot | DeleteRoom | Seal | Erase) -> None:
        match action:
            case EnsureRoom():
                await self._ensure_room(action)
            case EjectBot(provider, name, attempt):
                await self._provider(provider).eject(name, user_id("bot", attempt))
            case DeleteRoom(provider, name):
                await self._provider(provider).delete(name)
            case Seal(reason):
                await self._api.seal(ref, reason)
            case Erase(former):
                await self._api.erase(ref if former is None else ref.model_copy(update={"uid": former}))

    def _provider(self, name: str) -> RoomProvider:
        provider = self._rooms.get(name)
        if provider is None:
            raise RoomError(f"this installation has no account for {name} rooms any more")
        return provider

    async def _ensure_room(self, action: EnsureRoom) -> None:
        wanted = action.inputs.room
        plan = RoomPlan(
            name=wanted.name,
            closes_at=action.closes_at,
            geo=action.ledger.placement.geo,
            record=action.inputs.plan.recording.wanted,
        )
        room = await self._provider(wanted.provider).ensure(plan)
        inputs = action.inputs.model_copy(update={"room": wanted.model_copy(update={"url": room.url})})
        await self._kube.replace(SECRETS, changed_inputs(self._installation, action.ledger, inputs))

    async def _set_finalizer(self, ref: InterviewRef, present: bool) -> None:
        if not present:
            await self._drop_finalizer(ref)
            return
        manifest = _interview(ref)
        manifest["metadata"]["finalizers"] = [FINALIZER]
        await self._kube.apply(INTERVIEWS, manifest, OPERATOR_MANAGER)

    async def _drop_finalizer(self, ref: InterviewRef) -> None:
        """Takes the finalizer off, whoever put it on: an apply would leave one that was restored from a backup.

        An Interview that changed since it was seen is read anew: what led here, an erasure among it, is not done again.
        """
        try:
            await self._patch_finalizer(ref)
        except ConflictError:
            await self._patch_finalizer(ref)

    async def _patch_finalizer(self, ref: InterviewRef) -> None:
        found = await self._kube.interview(ref)
        if found is None:
            return
        metadata = found["metadata"]
        others = [name for name in metadata.get("finalizers", []) if name != FINALIZER]
        changed = {"uid": ref.uid, "resourceVersion": metadata["resourceVersion"], "finalizers": others}
        with contextlib.suppress(NotFoundError):
            await self._kube.patch(INTERVIEWS, ref.namespace, ref.name, {"metadata": changed})

    async def _emit(self, ref: InterviewRef, event: EmitEvent) -> None:
        """Writes an Event. Its name is made of what it says, so that a repeated one is not told again."""
        said = f"{event.type}|{event.reason}|{event.message}|{event.occasion}"
        digest = hashlib.sha256(said.encode()).hexdigest()[:12]
        now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        manifest = {
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": {"name": f"{_child(ref)}.{digest}", "namespace": ref.namespace},
            "eventTime": now,
            "reportingController": "parley.dev/operator",
            "reportingInstance": socket.gethostname()[:128],
            "action": "Reconcile",
            "type": event.type,
            "reason": event.reason,
            "note": event.message.encode()[:NOTE_BYTES].decode(errors="ignore"),
            "regarding": {
                "apiVersion": API_VERSION,
                "kind": INTERVIEW_KIND,
                "namespace": ref.namespace,
                "name": ref.name,
                "uid": ref.uid,
            },
        }
        try:
            await self._create(EVENTS, manifest)
        except (KubeError, aiohttp.ClientError, TimeoutError) as error:
            # A namespace that is being deleted takes no new objects; the interview goes on without being told of.
            logger.warning("no Event %s for %s/%s: %s", event.reason, ref.namespace, ref.name, error)


def _child(ref: InterviewRef) -> str:
    return child_name(ref.name, ref.uid)


def _interview(ref: InterviewRef) -> Json:
    """The identity of an apply; the uid makes it fail where another Interview has the name."""
    metadata = {"name": ref.name, "namespace": ref.namespace, "uid": ref.uid}
    return {"apiVersion": API_VERSION, "kind": INTERVIEW_KIND, "metadata": metadata}
