"""The bots' namespace in memory, for the operator's plan: the inputs Secret and the pods, with all that befalls them.

Objects are as the API server holds them, so that the shell's own readers make the snapshot of them.
"""

import base64
import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from parley_crds.names import LABEL_IN_INTERVIEW
from parley_operator.actions import CreateInputs, CreatePod, DeleteInputs, DeletePod, MarkPod, UpdateInputs

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

type BotsAction = CreateInputs | UpdateInputs | DeleteInputs | CreatePod | MarkPod | DeletePod


@dataclass
class BotsNamespace:
    """What is there for one interview."""

    now: datetime = START
    inputs: dict[str, Any] | None = None
    pods: dict[str, dict[str, Any]] = field(default_factory=dict)
    created_pods: list[str] = field(default_factory=list)
    nodes_ahead: float = 0
    """By how many seconds the nodes' clocks, and their controller's, are ahead of the operator's; behind: negative."""

    def __post_init__(self) -> None:
        self.numbers = itertools.count(1)

    def perform_on_bots(self, action: BotsAction) -> None:
        """Takes an action as the API server would."""
        match action:
            case CreateInputs(manifest):
                if self.inputs is None:
                    self._store_inputs(manifest, f"secret-{next(self.numbers)}")
            case UpdateInputs(manifest):
                assert self.inputs is not None
                assert manifest["metadata"]["resourceVersion"] == self.inputs["metadata"]["resourceVersion"]
                self._store_inputs(manifest, self.inputs["metadata"]["uid"])
            case DeleteInputs(uid):
                if self.inputs is not None and self.inputs["metadata"]["uid"] == uid:
                    self.inputs = None
            case CreatePod(manifest):
                self._create_pod(manifest)
            case MarkPod(name, uid):
                pod = self.pods.get(name)
                if pod is not None and pod["metadata"]["uid"] == uid:
                    labels = {**pod["metadata"]["labels"], LABEL_IN_INTERVIEW: "true"}
                    self.pods[name] = {**pod, "metadata": {**pod["metadata"], "labels": labels}}
            case DeletePod(name, uid, grace):
                pod = self.pods.get(name)
                if pod is not None and pod["metadata"]["uid"] == uid:
                    self.delete_pod(name, grace)

    def _store_inputs(self, manifest: dict[str, Any], uid: str) -> None:
        metadata = {**manifest["metadata"], "uid": uid, "resourceVersion": str(next(self.numbers))}
        data = {key: base64.b64encode(value.encode()).decode() for key, value in manifest["stringData"].items()}
        self.inputs = {"metadata": metadata, "data": data}

    def _create_pod(self, manifest: dict[str, Any]) -> None:
        name = manifest["metadata"]["name"]
        if name in self.pods:
            return
        assert self.inputs is not None, "a pod without its owner is collected at once"
        self.created_pods.append(name)
        created = _stamp(self.now)
        metadata = {**manifest["metadata"], "uid": f"pod-{next(self.numbers)}", "creationTimestamp": created}
        self.pods[name] = {**manifest, "metadata": metadata, "status": {"phase": "Pending"}}

    # What happens by itself or by others

    def advance(self, seconds: float) -> None:
        """Lets time pass; terminating pods end when their grace is over, and the garbage collector works."""
        self.now += timedelta(seconds=seconds)
        for name, pod in list(self.pods.items()):
            deleted = pod["metadata"].get("deletionTimestamp")
            lost = pod["status"].get("reason") == "NodeLost" or pod["metadata"].get("finalizers")
            if deleted is not None and datetime.fromisoformat(deleted) <= self.now and not lost:
                del self.pods[name]
        self.collect()

    def collect(self) -> None:
        """The garbage collector: a pod whose owner is gone is deleted."""
        for name, pod in list(self.pods.items()):
            owner = pod["metadata"]["ownerReferences"][0]["uid"]
            if self.inputs is None or self.inputs["metadata"]["uid"] != owner:
                self.delete_pod(name, 30)

    def delete_pod(self, name: str, grace: int) -> None:
        """Deletes a pod as the API server does: at once without grace or a node, else it terminates.

        A second deletion only shortens the first one's grace, which counts from then.
        """
        pod = self.pods[name]
        if grace == 0 and not pod["metadata"].get("finalizers"):
            del self.pods[name]
            return
        asked, old = self.now, pod["metadata"].get("deletionTimestamp")
        if old is not None:
            given = pod["metadata"]["deletionGracePeriodSeconds"]
            if given <= grace:
                return
            asked = datetime.fromisoformat(old) - timedelta(seconds=given)
        until = asked + timedelta(seconds=grace)
        stamps = {"deletionTimestamp": _stamp(until), "deletionGracePeriodSeconds": grace}
        self.pods[name] = {**pod, "metadata": {**pod["metadata"], **stamps}}

    def set_pod(self, name: str, **status: Any) -> None:
        """Writes a pod's status, as the kubelet does."""
        self.pods[name] = {**self.pods[name], "status": status}

    def ready_pod(self, name: str) -> None:
        """The bot is in the room."""
        ready = {"type": "Ready", "status": "True", "lastTransitionTime": self._stamp_of_node()}
        self.set_pod(name, phase="Running", conditions=[ready])

    def hinder_pod(self, name: str, reason: str, message: str = "It does not work") -> None:
        """A pod that does not start: the scheduler finds no node, or else the kubelet says why its container waits."""
        if reason in ("Unschedulable", "SchedulingGated"):
            told = {"type": "PodScheduled", "status": "False", "reason": reason, "message": message}
            self.set_pod(name, phase="Pending", conditions=[told])
            return
        waiting = {"waiting": {"reason": reason, "message": message}}
        self.set_pod(name, phase="Pending", containerStatuses=[{"name": "bot", "state": waiting}])

    def unready_pod(self, name: str, *, node_is_silent: bool = False) -> None:
        """The bot says that it is not in the room any more; or its node says nothing, and its controller speaks."""
        stamp = self._stamp_of_node()
        conditions = [
            {"type": "Ready", "status": "False", "lastTransitionTime": stamp},
            {"type": "ContainersReady", "status": str(node_is_silent), "lastTransitionTime": stamp},
        ]
        self.set_pod(name, phase="Running", conditions=conditions)

    def kill_pod(self, name: str, exit_code: int | None, reason: str = "") -> None:
        """The container ended."""
        ended = {"exitCode": exit_code, "reason": reason or "Error", "finishedAt": self._stamp_of_node()}
        phase = "Succeeded" if exit_code == 0 else "Failed"
        states = [] if exit_code is None else [{"name": "bot", "state": {"terminated": ended}}]
        self.set_pod(name, phase=phase, containerStatuses=states, **({"reason": reason} if reason else {}))

    def _stamp_of_node(self) -> str:
        return _stamp(self.now + timedelta(seconds=self.nodes_ahead))

    # What tests ask

    @property
    def live_pods(self) -> list[str]:
        """The pods whose container runs or may yet run."""
        return [name for name, pod in self.pods.items() if pod["status"]["phase"] not in ("Succeeded", "Failed")]

    @property
    def pod(self) -> str:
        """The one pod."""
        (name,) = self.pods
        return name


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
