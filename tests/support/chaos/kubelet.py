"""Scheduler and kubelet, as far as a bot's pod needs them; it sees every pod there ever is, so it keeps the count."""

import json
import logging
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field

import httpx

from support.chaos.hands import QuickSite, url_of
from support.operator_site import Json

logger = logging.getLogger(__name__)

UID = "parley.dev/interview-uid"
WATCH_SECONDS = 20


@dataclass
class Bots:
    """The bots that there ever were: pods by name with their uids, those that run or may, and the most at once."""

    uids: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    live: set[str] = field(default_factory=set)
    most: int = 0

    def saw(self, name: str, uid: str, *, live: bool) -> None:
        """A pod, and whether it runs or may."""
        self.uids[name].add(uid)
        if live:
            self.live.add(name)
        else:
            self.live.discard(name)
        self.most = max(self.most, len(self.live))


class Kubelet:
    """Binds each pod, and ends it when it is deleted, as a node does. It runs until `stop`."""

    def __init__(self, site: QuickSite) -> None:
        self.bots: dict[str, Bots] = defaultdict(Bots)
        self.all = Bots()
        """Those of all interviews together."""
        self._site = site
        self._running = True
        self._version = ""
        self._thread = threading.Thread(target=self._run, name="kubelet", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends it within one turn of its watch."""
        self._running = False

    def _run(self) -> None:
        while self._running:
            try:
                if not self._version:
                    self._list()
                self._watch()
            except (httpx.HTTPError, TimeoutError) as error:
                logger.debug("the kubelet lost the API server: %s", error)
                time.sleep(0.2)

    def _list(self) -> None:
        answer = self._site.admin.call("GET", url_of(self._site.bots, "pod"))
        assert answer is not None
        there = {pod["metadata"]["name"] for pod in answer["items"]}
        for bots in (*self.bots.values(), self.all):
            bots.live &= there
        for pod in answer["items"]:
            self._saw(pod, gone=False)
        self._version = answer["metadata"]["resourceVersion"]

    def _watch(self) -> None:
        query = {"watch": "1", "resourceVersion": self._version, "timeoutSeconds": str(WATCH_SECONDS)}
        query["allowWatchBookmarks"] = "true"
        path = url_of(self._site.bots, "pod")
        with self._site.admin.http.stream("GET", path, params=query, timeout=WATCH_SECONDS + 10) as lines:
            for line in lines.iter_lines():
                event: Json = json.loads(line)
                if event.get("type") not in ("ADDED", "MODIFIED", "DELETED", "BOOKMARK"):
                    self._version = ""  # what it asked for is too old, or the server is only starting
                    return
                self._version = event["object"]["metadata"]["resourceVersion"]
                if event["type"] != "BOOKMARK":
                    self._saw(event["object"], gone=event["type"] == "DELETED")
                if not self._running:
                    return

    def _saw(self, pod: Json, *, gone: bool) -> None:
        metadata = pod["metadata"]
        ended = gone or pod["status"].get("phase") in ("Succeeded", "Failed")
        for bots in (self.bots[metadata.get("labels", {}).get(UID, "")], self.all):
            bots.saw(metadata["name"], metadata["uid"], live=not ended)
        if not gone:
            self._serve(pod)

    def _serve(self, pod: Json) -> None:
        """Does the node's part; a pod that somebody removed meanwhile needs none."""
        metadata = pod["metadata"]
        path = url_of(self._site.bots, "pod", metadata["name"])
        same = {"preconditions": {"uid": metadata["uid"]}, "gracePeriodSeconds": 0}
        try:
            if "deletionTimestamp" in metadata:
                self._site.admin.call("DELETE", path, same)
            elif not pod["spec"].get("nodeName"):
                target = {"apiVersion": "v1", "kind": "Node", "name": "node-1"}
                named = {"name": metadata["name"], "uid": metadata["uid"]}
                binding = {"apiVersion": "v1", "kind": "Binding", "metadata": named, "target": target}
                self._site.admin.call("POST", f"{path}/binding", binding)
        except AssertionError as error:
            logger.debug("%s is another pod now: %s", metadata["name"], error)
