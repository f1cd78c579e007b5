"""The API server's audit log: who wrote what, how often, and how large."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

WRITES = frozenset({"create", "update", "patch", "delete", "deletecollection"})


@dataclass(frozen=True)
class Call:
    """One answered request. `size` is its body's as JSON, in bytes; 0 where the policy keeps no content."""

    at: datetime
    user: str
    agent: str
    verb: str
    resource: str
    code: int
    size: int
    joinable: bool = False
    """Whether its body says that the interview can be joined."""

    @property
    def is_write(self) -> bool:
        """Whether it may have changed something."""
        return self.verb in WRITES

    @property
    def kind(self) -> str:
        """Its verb and resource, and that it was refused where it was."""
        return f"{self.verb} {self.resource}" + (f" ({self.code})" if self.code >= 400 else "")


class AuditLog:
    """Reads the log on from where it read last."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def read(self) -> list[Call]:
        """The calls that were logged since; half a line is left for the next time."""
        return list(self._new())

    def _new(self) -> Iterator[Call]:
        with self._path.open("rb") as log:
            log.seek(self._offset)
            for line in log:
                if not line.endswith(b"\n"):
                    return
                self._offset += len(line)
                call = parse(json.loads(line))
                if call is not None:
                    yield call


def parse(event: dict[str, Any]) -> Call | None:
    """The call that an event of the log tells of; None for what is no resource's, and no answer.

    A Lease is renewed every few seconds, whether there are interviews or not, so its calls are no interview's.
    """
    if event["stage"] != "ResponseComplete" or event.get("objectRef", {}).get("resource") in (None, "leases"):
        return None
    reference, body = event["objectRef"], event.get("requestObject")
    return Call(
        at=datetime.fromisoformat(event["requestReceivedTimestamp"]),
        user=event["user"]["username"],
        agent=event.get("userAgent", "").partition("/")[0],
        verb=event["verb"],
        resource="/".join(filter(None, [reference.get("resource"), reference.get("subresource")])),
        code=event.get("responseStatus", {}).get("code", 0),
        size=len(json.dumps(body, separators=(",", ":"))) if body else 0,
        joinable=_says_joinable(body) if isinstance(body, dict) else False,
    )


def _says_joinable(body: dict[str, Any]) -> bool:
    status = body.get("status")
    conditions = status.get("conditions") or [] if isinstance(status, dict) else []
    return any(item.get("type") == "Joinable" and item.get("status") == "True" for item in conditions)


@dataclass(frozen=True)
class Account:
    """What one party asked of the API server."""

    writes: int
    size: int
    reads: int
    kinds: dict[str, int]


def account(calls: Iterable[Call], user: str) -> Account:
    """The account of a user."""
    own = [call for call in calls if call.user == user]
    writes = [call for call in own if call.is_write]
    kinds = Counter(call.kind for call in writes)
    return Account(len(writes), sum(call.size for call in writes), len(own) - len(writes), dict(kinds))
