"""The bench's own hands on the API server: the administrator's, for whom there is no queue."""

import json
import ssl
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import aiohttp
from support.control_plane import ControlPlane

type Json = dict[str, Any]

METADATA = "application/json;as=PartialObjectMetadata{list};g=meta.k8s.io;v=v1"
LONGEST_LINE = 2**21
WATCH_SECONDS = 7200


class RefusedError(Exception):
    """The API server refused; the message holds its words."""


class Api:
    """JSON over one pool of connections."""

    def __init__(self, plane: ControlPlane, agent: str = "parley-bench", connections: int = 128) -> None:
        self._url = plane.url
        self._session = aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {plane.token}", "User-Agent": agent},
            connector=aiohttp.TCPConnector(
                ssl=ssl.create_default_context(cafile=str(plane.ca_file)), limit=connections
            ),
            timeout=aiohttp.ClientTimeout(total=None, connect=None, sock_read=60),
            read_bufsize=LONGEST_LINE,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def create(self, collection: str, manifest: Json) -> None:
        """Creates an object."""
        await self._send("POST", collection, manifest)

    async def apply_status(self, path: str, manifest: Json, manager: str) -> None:
        """Applies a manager's whole set of a status."""
        query = f"{path}/status?fieldManager={manager}&force=true"
        await self._send("PATCH", query, manifest, "application/apply-patch+yaml")

    async def merge(self, path: str, patch: Json) -> None:
        """A JSON merge patch."""
        await self._send("PATCH", path, patch, "application/merge-patch+json")

    async def delete(self, path: str) -> None:
        """Deletes an object; its dependants follow."""
        await self._send("DELETE", path, {"propagationPolicy": "Background"})

    async def get(self, path: str) -> Json | None:
        """An object, or None where there is none."""
        async with self._session.get(self._url + path) as response:
            return None if response.status == 404 else await self._read(response)

    async def is_empty(self, collection: str, labels: str = "") -> bool:
        """Whether a collection holds nothing with these labels."""
        accept = METADATA.format(list="List")
        query = f"{collection}?limit=1&labelSelector={labels}"
        async with self._session.get(self._url + query, headers={"Accept": accept}) as response:
            return not (await self._read(response))["items"]

    async def watch(self, collection: str, seen: Callable[[Json], None], *, metadata_only: bool = False) -> None:
        """Calls `seen` with each object that is there or comes or changes, until it is cancelled.

        The API server ends a watch whenever it likes; it is taken up again where it was.

        Raises:
            RefusedError: it can't be taken up again, so something may have been missed.
        """
        accept = METADATA.format(list="") if metadata_only else "application/json"
        version = ""
        while True:
            query = f"{collection}?watch=1&resourceVersion={version}&timeoutSeconds={WATCH_SECONDS}"
            limits = aiohttp.ClientTimeout(total=None)
            async with self._session.get(self._url + query, headers={"Accept": accept}, timeout=limits) as response:
                if response.status != 200:
                    raise RefusedError(f"watch {collection}: {await response.text()}")
                async for line in response.content:
                    event = json.loads(line)
                    if event["type"] == "ERROR":
                        raise RefusedError(f"watch {collection}: {event['object']}")
                    version = event["object"]["metadata"]["resourceVersion"]
                    if event["type"] != "DELETED":
                        seen(event["object"])

    async def _send(self, method: str, path: str, body: Json, content_type: str = "application/json") -> None:
        headers = {"Content-Type": content_type}
        async with self._session.request(method, self._url + path, data=json.dumps(body), headers=headers) as response:
            await self._read(response)

    async def _read(self, response: aiohttp.ClientResponse) -> Json:
        raw = await response.read()
        if response.status >= 300:
            raise RefusedError(f"{response.method} {response.url.path}: {response.status} {raw[:500]!r}")
        answer: Json = json.loads(raw)
        return answer
