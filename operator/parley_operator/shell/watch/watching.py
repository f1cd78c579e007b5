"""kopf watches; what it sees goes into the mirror and wakes the reconciler.

Two kopf operators run, each in a thread with an event loop of its own (kopf cancels every task of its loop when it
ends): one over the interviews' namespaces for the resources, one over the bots' namespace for pods, so that the right
to see pods stays there.
"""

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable, Collection
from typing import Any

import kopf
import uvloop
from parley_crds import Phase
from parley_crds.names import FINALIZER

from parley_operator.plan.expiry import ALREADY_FINISHED
from parley_operator.shell.client.connection import kopf_credentials

logger = logging.getLogger(__name__)

type Raw = dict[str, Any]
type Seen = Callable[[Raw, bool], None]
"""Takes an object as it is, and whether it was deleted."""

FINAL_PHASES = frozenset(str(phase) for phase in Phase if phase.is_final)


def at_rest(interview: Raw) -> bool:
    """Whether a final Interview has nothing left that its reconcile would do.

    Most Interviews are final, and each start lists all. What one left in the bots' namespace, the sweep and the watch
    of pods find; its link goes before its status says that it is final. One that its TTL is to delete is waited for.
    """
    metadata, status = interview["metadata"], interview.get("status") or {}
    return (
        status.get("phase") in FINAL_PHASES
        and not _has_ttl(interview)
        and "deletionTimestamp" not in metadata
        and FINALIZER in metadata.get("finalizers", ())
        and status.get("observedGeneration") == metadata.get("generation")
    )


def _has_ttl(interview: Raw) -> bool:
    conditions = interview["status"].get("conditions") or []
    stays = any(condition.get("reason") == ALREADY_FINISHED for condition in conditions)
    return not stays and interview["spec"].get("ttlSecondsAfterFinished") is not None


class _NoDiffBase(kopf.DiffBaseStorage):
    """No essence of an object is kept or compared: what a wake leads to is decided by the reconciler."""

    def build(self, *, body: kopf.Body, extra_fields: Any = None) -> kopf.BodyEssence:
        return kopf.BodyEssence()

    def fetch(self, *, body: kopf.Body) -> None:
        return None

    def store(self, *, body: kopf.Body, patch: kopf.Patch, essence: kopf.BodyEssence) -> None:
        """Nowhere."""


class _NoProgress(kopf.ProgressStorage):
    """Handlers of events have no progress; kopf copies each object several times to keep it out of the essence."""

    def fetch(self, **_: Any) -> None:
        return None

    def store(self, **_: Any) -> None:
        """Nowhere."""

    def purge(self, **_: Any) -> None:
        """Nothing was stored."""

    def touch(self, **_: Any) -> None:
        """Nothing is to be woken by a write."""

    def clear(self, *, essence: kopf.BodyEssence) -> kopf.BodyEssence:
        return essence


def _settings(selectors: dict[tuple[str, str], str]) -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
    settings.posting.enabled = False
    settings.peering.standalone = True
    settings.persistence.diffbase_storage = _NoDiffBase()
    settings.persistence.progress_storage = _NoProgress()
    # The types are awaited before kopf starts, so it needs no right to watch the cluster's CRDs and namespaces.
    settings.scanning.disabled = True
    settings.process.ultimate_exiting_timeout = None
    settings.networking.request_timeout = 60
    settings.networking.connect_timeout = 10
    settings.queueing.idle_timeout = 1.0
    # A list whole would hold every CV and every pod of the installation at once.
    settings.watching.chunk_size = 500
    for resource, selector in selectors.items():
        settings.watching.label_selectors[resource] = selector
    return settings


class Watch:
    """One kopf operator in one thread. `alive` turns False when it ended, for whatever reason."""

    def __init__(self, name: str, namespaces: Collection[str]) -> None:
        """`namespaces` empty: the whole cluster."""
        self.name = name
        self.namespaces = list(namespaces)
        self.heard_at = time.monotonic()
        """When it last told of something, or was made."""
        self._registry = kopf.OperatorRegistry()
        self._selectors: dict[tuple[str, str], str] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"watch {name}", daemon=True)
        kopf.on.login(registry=self._registry)(kopf_credentials)

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def on(self, group: str, version: str, plural: str, seen: Seen, labels: str = "") -> None:
        """Calls `seen` in the watch's thread with every object that is listed, added, changed or deleted."""

        async def handler(event: kopf.RawEvent, **_: Any) -> None:
            self.heard_at = time.monotonic()
            seen(dict(event["object"]), event["type"] == "DELETED")

        kopf.on.event(group, version, plural, registry=self._registry, id=f"{self.name}-{plural}")(handler)
        if labels:
            self._selectors[(group, plural)] = labels

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self, timeout: float = 5) -> None:
        """Asks the thread to end and waits `timeout` seconds for it; it holds no state that could be lost."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(timeout)

    def _run(self) -> None:
        try:
            asyncio.run(self._operate(), loop_factory=uvloop.new_event_loop)
        except Exception:  # the main loop sees the thread end and stops the program
            logger.exception("the watch of %s ended", self.name)

    async def _operate(self) -> None:
        # Peering is off; without a name kopf asks for the user's, whom an image's bare uid does not have. Its type is a
        # NewType of str that kopf does not export.
        identity: Any = f"{self.name}@{os.uname().nodename}"
        try:
            await kopf.operator(
                registry=self._registry,
                settings=_settings(self._selectors),
                clusterwide=not self.namespaces,
                namespaces=self.namespaces,
                stop_flag=self._stop,
                identity=identity,
            )
        finally:
            # kopf waits for the flag in a thread of the loop's executor, which asyncio.run would wait for in turn.
            self._stop.set()
