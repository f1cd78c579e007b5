"""Keeps the templates' statuses: each is written at most every ten seconds, and only when it says something new."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from parley_crds import (
    API_VERSION,
    OPERATOR_MANAGER,
    TEMPLATE_KIND,
    InterviewTemplateSpec,
    InterviewTemplateStatus,
    ObjectMeta,
)
from pydantic import ValidationError

from parley_operator.installation import Installation
from parley_operator.shell.client.failures import ACTION_ERRORS
from parley_operator.shell.client.kube import TEMPLATES, ConflictError, Json, Kube, NotFoundError
from parley_operator.shell.turns.workers import RetryLaterError, Settled
from parley_operator.templates import TemplateSnapshot, template_status

WRITE_SECONDS = 10.0

type Key = tuple[str, str]
"""A template's namespace and name."""


class Templates:
    """Reconciles the statuses of templates; `active` counts a template's interviews that are not over.

    In its first seconds nothing is written: the interviews are still being counted.
    """

    def __init__(
        self,
        kube: Kube,
        installation: Installation,
        active: Callable[[str, str], int],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._kube = kube
        self._installation = installation
        self._active = active
        self._clock = clock
        self._started = clock()
        self._written: dict[Key, float] = {}

    async def reconcile(self, key: Key) -> Settled:
        """Brings one status up to date.

        Raises:
            RetryLaterError: the API server is away or refuses.
        """
        pause = self._written.get(key, self._started) + WRITE_SECONDS - self._clock()
        if pause > 0:
            return Settled(again_in=pause)
        self._written.pop(key, None)
        try:
            if await self._update(*key):
                self._written[key] = self._clock()
                return Settled(again_in=WRITE_SECONDS)
        except (NotFoundError, ConflictError):
            pass  # it was deleted meanwhile; another of its name is told of by the watch
        except ACTION_ERRORS as error:
            raise RetryLaterError(f"the status of template {'/'.join(key)}: {error}") from error
        return Settled(done=True)

    async def _update(self, namespace: str, name: str) -> bool:
        """Whether there was something to write."""
        found = await self._kube.get(TEMPLATES, namespace, name)
        if found is None or "deletionTimestamp" in found["metadata"]:
            return False
        template = snapshot_of(found)
        now = datetime.now(UTC).replace(microsecond=0)
        status = template_status(template, self._installation, self._active(namespace, name), now)
        if status == template.status:
            return False
        metadata = {"name": name, "namespace": namespace, "uid": found["metadata"]["uid"]}
        manifest = {"apiVersion": API_VERSION, "kind": TEMPLATE_KIND, "metadata": metadata, "status": status.to_dict()}
        await self._kube.apply(TEMPLATES, manifest, OPERATOR_MANAGER, subresource="status")
        return True


def snapshot_of(found: Json) -> TemplateSnapshot:
    """A template, from its object. One that an older schema let in may not be valid any more."""
    content, invalid = None, ""
    try:
        content = InterviewTemplateSpec.model_validate(found.get("spec"))
    except ValidationError as error:
        first = error.errors()[0]
        invalid = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    try:
        status = InterviewTemplateStatus.model_validate(found.get("status") or {})
    except ValidationError:
        status = InterviewTemplateStatus()
    return TemplateSnapshot(ObjectMeta.model_validate(found["metadata"]), status, content, invalid)
