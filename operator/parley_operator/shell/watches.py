"""Where what the watches tell goes: into the mirror and the counts, and to the workers where it is news."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass

from parley_crds import GROUP, INTERVIEW_PLURAL, TEMPLATE_PLURAL, VERSION
from parley_crds.names import LABEL_INSTALLATION, LABEL_MANAGED_BY, MANAGED_BY
from parley_protocol import InterviewRef

from parley_operator.installation import Installation
from parley_operator.shell.capacity.census import Census
from parley_operator.shell.client.children import ref_of_child
from parley_operator.shell.client.kube import INTERVIEWS, PODS, TEMPLATES
from parley_operator.shell.reconcile.reconciler import Reconciler
from parley_operator.shell.turns.workers import Workers
from parley_operator.shell.watch.mirror import Mirror
from parley_operator.shell.watch.upkeep import fill
from parley_operator.shell.watch.watching import Raw, Seen, Watch, at_rest
from parley_operator.sightings import Sightings

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Eyes:
    """Takes what is seen, on the main loop. `templates` keeps their statuses."""

    mirror: Mirror
    reconciler: Reconciler
    workers: Workers[InterviewRef]
    templates: Workers[tuple[str, str]]
    census: Census
    sightings: Sightings

    def saw_interview(self, body: Raw, deleted: bool) -> None:
        """An Interview as it is, or as it was when it was deleted."""
        metadata = body["metadata"]
        ref = InterviewRef(namespace=metadata["namespace"], name=metadata["name"], uid=metadata["uid"])
        if deleted:
            self.census.gone(metadata["uid"])
        else:
            self.census.saw(body)
            if (reason := self.sightings.saw(body)) is not None:
                # An alarm on AWS counts these words (deploy/eks/parley_eks/signs.py).
                logger.warning("the interview failed: %s", reason, extra={"interview": ref})
        if not deleted and at_rest(body):
            self.mirror.forget(INTERVIEWS, metadata["namespace"], metadata["name"])
        elif self.mirror.saw(INTERVIEWS, body, deleted=deleted):
            self.workers.wake(ref)
        else:
            self.workers.reconsider(ref)

    def saw_template(self, body: Raw, deleted: bool) -> None:
        """A template; whoever waits for it looks anew, also where another's look has found it before."""
        namespace, name = body["metadata"]["namespace"], body["metadata"]["name"]
        self.mirror.saw(TEMPLATES, body, deleted=deleted)
        self.templates.wake((namespace, name))
        for ref in self.reconciler.waiting_for(namespace, name):
            self.workers.wake(ref)

    def saw_pod(self, body: Raw, deleted: bool) -> None:
        """A bot's pod."""
        ref = ref_of_child(body)
        if self.mirror.saw(PODS, body, deleted=deleted) and ref is not None:
            self.workers.wake(ref)


@contextlib.asynccontextmanager
async def watching(
    namespaces: Collection[str], installation: Installation, eyes: Eyes
) -> AsyncIterator[tuple[Watch, ...]]:
    """Fills the mirror and runs the watches; `namespaces` are the interviews', empty: all."""
    loop = asyncio.get_running_loop()

    def on_the_loop(seen: Seen) -> Seen:
        def tell(body: Raw, deleted: bool) -> None:
            loop.call_soon_threadsafe(seen, body, deleted)

        return tell

    await fill(eyes.mirror)
    resources = Watch("resources", namespaces)
    resources.on(GROUP, VERSION, INTERVIEW_PLURAL, on_the_loop(eyes.saw_interview))
    resources.on(GROUP, VERSION, TEMPLATE_PLURAL, on_the_loop(eyes.saw_template))
    bots = Watch("bots", [installation.bots_namespace])
    labels = f"{LABEL_MANAGED_BY}={MANAGED_BY},{LABEL_INSTALLATION}={installation.name}"
    bots.on("", "v1", "pods", on_the_loop(eyes.saw_pod), labels=labels)
    watches = (resources, bots)
    for watch in watches:
        watch.start()
    try:
        yield watches
    finally:
        await asyncio.gather(*(asyncio.to_thread(watch.stop) for watch in watches))
