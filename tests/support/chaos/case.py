"""One interview on its path, moved by everybody's hands; what becomes of it is written down so that runs compare."""

import base64
import contextlib
import json
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from parley_crds.names import LABEL_TEMPLATE, child_name, link_secret_name, pod_name, tombstone_name
from parley_rooms.links import verify_link
from parley_rooms.names import room_name

from support.chaos.hands import ConflictError, url_of
from support.chaos.kubelet import Bots
from support.chaos.promises import Broken
from support.chaos.rig import Rig
from support.operator_site import TEMPLATE, Json
from support.wait import until

PATIENCE_SECONDS = 90.0
"""For what takes well under ten, faults included: the machine may be busy."""


@dataclass(frozen=True)
class EndState:
    """What there is of an interview when all has come to rest, without what differs from run to run."""

    interview: Json | None
    tombstone: Json | None
    left: tuple[str, ...]
    snapshots: int
    rooms: int
    orders: frozenset[tuple[str, str]]
    beside: tuple["EndState", ...] = ()
    """Of the interviews beside it that are part of its case."""

    @property
    def all(self) -> tuple["EndState", ...]:
        """Its own, and those beside it."""
        return (self, *self.beside)

    def __str__(self) -> str:
        return json.dumps(asdict(self), default=sorted, sort_keys=True)


class Case:
    """An interview by a name and a template of its own, with those beside it. Each `await_…` is a milestone."""

    def __init__(self, rig: Rig, path: str, template: str | None = None) -> None:
        mark = secrets.token_hex(3)
        self.rig, self.site = rig, rig.site
        self.name, self.template_name = f"{path}.{mark}", template or f"{path}-{mark}"
        self.uids: list[str] = []
        self.beside: list[Case] = []
        self._path = path
        self._spec: Json = {}

    @property
    def uid(self) -> str:
        """The Interview's; of the latest, where there were several by this name."""
        return self.uids[-1]

    # Hands

    def template(self, **spec: Any) -> None:
        """Creates the template."""
        self.site.create("InterviewTemplate", self.template_name, {**TEMPLATE, **spec})

    def create(self, **spec: Any) -> None:
        """Creates the Interview."""
        self._spec = {"templateRef": {"name": self.template_name}, **spec}
        self.create_again()

    def create_again(self, **changes: Any) -> None:
        """Creates it once more, as GitOps does."""
        self._spec |= changes
        self.uids.append(str(self.site.create("Interview", self.name, self._spec)["metadata"]["uid"]))

    def another(self) -> "Case":
        """One more interview of the same template, to be created: it is part of this case, and has to end alike."""
        self.beside.append(made := Case(self.rig, self._path, self.template_name))
        return made

    def edit(self, **spec: Any) -> None:
        """Changes the Interview's spec."""
        self.site.patch(self.name, spec)

    def ready(self, attempt: int = 1) -> None:
        """The bot of an attempt is in its room."""
        self.site.ready(self._pod(attempt))

    def ended(self, attempt: int, exit_code: int) -> None:
        """The bot of an attempt has ended by itself."""
        self.site.dead(self._pod(attempt), exit_code)

    def arrive(self) -> None:
        """The candidate consents."""
        self.site.session(self.name, "CandidateArrived", "Consented")

    def talk(self) -> None:
        """The conversation begins."""
        self._started_at = stamp()
        self.site.session(self.name, "CandidateArrived", "Consented", startedAt=self._started_at)

    def finish(self, attempt: int = 1) -> None:
        """The conversation ends, and its bot."""
        told = {"startedAt": self._started_at, "finishedAt": stamp(), "reason": "Completed"}
        self.site.session(self.name, "SessionFinished", "Completed", **told)
        self.ended(attempt, 0)

    def age_bot(self, seconds: float) -> None:
        """The bot has been in its room for so long."""
        found = self.site.find(self.name)
        assert found is not None
        attempts = found["status"]["attempts"]
        attempts["history"][-1]["readyAt"] = stamp(-seconds)
        # The operator writes there, too; where it was first, the next look is early enough.
        with contextlib.suppress(ConflictError):
            self.site.set_status(self.name, {"attempts": attempts}, found["metadata"]["resourceVersion"])

    def age_start(self, seconds: float) -> None:
        """The first bot was started so long ago."""
        self.site.set_status(self.name, {"startedAt": stamp(-seconds)})

    def delete(self) -> None:
        """Deletes the Interview and does not wait."""
        self.site.delete(self.name)

    # Milestones

    def await_phase(self, phase: str, meanwhile: Callable[[], None] | None = None) -> None:
        """Waits for a phase; `meanwhile` is done each time that it is not there yet."""

        def reached() -> bool:
            found = self._status().get("phase") == phase
            if not found and meanwhile is not None:
                meanwhile()
            return found

        if meanwhile is None:
            self._milestone(f"the phase {phase}", reached)
        else:
            until(f"{self.name}: the phase {phase}", reached, PATIENCE_SECONDS, every=1)

    def await_condition(self, type_: str, status: str, reason: str) -> None:
        """Waits for a condition."""

        def reached() -> bool:
            found = [item for item in self._status().get("conditions", []) if item["type"] == type_]
            return [(item["status"], item["reason"]) for item in found] == [(status, reason)]

        self._milestone(f"{type_}={status} {reason}", reached)

    def await_bot(self, attempt: int = 1) -> None:
        """Waits for the bot of an attempt, told in the status."""

        def there() -> bool:
            told = self._status().get("attempts", {}).get("current") == attempt
            return told and self._pod(attempt) in {pod["metadata"]["name"] for pod in self.site.pods(self.uid)}

        self._milestone(f"the bot of attempt {attempt}", there)

    def await_link(self, epoch: int) -> None:
        """Waits until the link is of this epoch: any other is refused then."""

        def there() -> bool:
            name = link_secret_name(child_name(self.name, self.uid))
            found = self.site.admin.call("GET", url_of(self.site.namespace, "secret", name))
            if found is None:
                return False
            return verify_link([self._link_key], base64.b64decode(found["data"]["token"]).decode()).epoch == epoch

        self._milestone(f"the link of epoch {epoch}", there)

    def await_gone(self) -> None:
        """Waits until this Interview is not there any more."""

        def gone() -> bool:
            found = self.site.find(self.name)
            return found is None or found["metadata"]["uid"] != self.uid

        self._milestone("the Interview is gone", gone)

    def _milestone(self, what: str, reached: Callable[[], bool]) -> None:
        self.rig.until(f"{self.name}: {what}", reached, PATIENCE_SECONDS)

    # What is there

    @property
    def bots(self) -> list[Bots]:
        """The bots that there ever were, of each Interview."""
        return [self.rig.kubelet.bots[uid] for case in self._all for uid in case.uids]

    @property
    def rooms(self) -> set[str]:
        """The names of the rooms that it may have."""
        installation = self.site.environment["PARLEY_INSTALLATION"]
        children = [child_name(case.name, uid) for case in self._all for uid in case.uids]
        return {room_name(self._link_key, installation, child) for child in children}

    @property
    def _all(self) -> list["Case"]:
        return [self, *self.beside]

    @property
    def _link_key(self) -> bytes:
        return self.site.environment["PARLEY_LINK_KEY"].encode()

    def end_state(self) -> EndState:
        """What there is now."""
        taken = [order for order in self.site.orders.taken if any(f"/{uid}/" in order[0] for uid in self.uids)]
        return EndState(
            interview=_normal(self.site.find(self.name)),
            tombstone=self._tombstone(),
            left=tuple(sorted(kind.split()[0] for uid in self.uids for kind in self.site.left_of(uid))),
            snapshots=len(self._snapshots()),
            rooms=len(self.rooms & set(self.site.daily.rooms())),
            orders=frozenset((path.rpartition("/")[2], body.get("reason", "")) for path, body, _ in taken),
            beside=tuple(other.end_state() for other in self.beside),
        )

    def message(self, type_: str) -> str:
        """What a condition says."""
        return self.site.message(self.name, type_)

    def events(self) -> list[tuple[str, str]]:
        """Type and reason of all that people were told."""
        return [told for case in self._all for told in self.site.told(case.name)]

    def tidy(self) -> None:
        """Deletes what is left, and waits until nothing is.

        Raises:
            Broken: something stays.
        """
        for case in self._all:
            self.site.delete(case.name)
        self.site.delete_template(self.template_name)

        def nothing_left() -> bool:
            states = self.end_state().all
            return all((each.interview, each.left, each.snapshots, each.rooms) == (None, (), 0, 0) for each in states)

        try:
            self.rig.until(f"nothing is left of {self.name}", nothing_left, PATIENCE_SECONDS)
        except TimeoutError as error:
            raise Broken(f"after its deletion something stays: {self.end_state()}") from error

    def _status(self) -> Json:
        found = self.site.find(self.name)
        return {} if found is None else found.get("status", {})

    def _pod(self, attempt: int) -> str:
        return pod_name(child_name(self.name, self.uid), attempt)

    def _snapshots(self) -> list[str]:
        label = f"{LABEL_TEMPLATE}={self.template_name}"
        found = self.site._read(self.site.namespace, "controllerrevisions", f"-l={label}")["items"]
        return [item["metadata"]["name"] for item in found]

    def _tombstone(self) -> Json | None:
        name = tombstone_name(self.name)
        items = self.site._read(self.site.namespace, "controllerrevisions")["items"]
        found: Json | None = next((item["data"] for item in items if item["metadata"]["name"] == name), None)
        return found and {key: found[key] for key in ("phase", "condition", "reason")}


def _normal(interview: Json | None) -> Json | None:
    if interview is None:
        return None
    metadata, status = interview["metadata"], interview.get("status", {})
    attempts = status.get("attempts", {})
    return {
        "deleted": "deletionTimestamp" in metadata,
        "finalizers": metadata.get("finalizers", []),
        "phase": status.get("phase"),
        "told": sorted(status),
        "current": status.get("observedGeneration") == metadata["generation"],
        "conditions": {item["type"]: [item["status"], item["reason"]] for item in status.get("conditions", [])},
        "attempts": [attempts.get("current"), attempts.get("failures")],
        "history": [[item["attempt"], item.get("reason")] for item in attempts.get("history", [])],
    }


def stamp(offset_seconds: float = 0) -> str:
    """The time so many seconds from now, as Kubernetes writes times: whole seconds, cut off."""
    return (datetime.now(UTC) + timedelta(seconds=offset_seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
