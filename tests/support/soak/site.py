"""A real API for the bot: on an API server, its store in a folder, and a witness of what it has acknowledged."""

import base64
import itertools
import json
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
from parley_api.store import layout
from parley_crds.crd import all_crds
from parley_crds.names import INPUTS_KEY, child_name, object_labels, pod_labels, pod_name
from parley_protocol import EventAck, EventBatch, InterviewPlan, NumberedEvent, SealRequest, Transcript
from parley_protocol.tickets import mint_ticket
from parley_rooms.links import ticket_key
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from support.api import BOTS, INSTALLATION, LINK_KEY, RELEASE, Api, Cluster, Interviewed, api_token, bot_inputs, run_api
from support.control_plane import start_control_plane
from support.fault_proxy import NOT_PASSED_ON
from support.wait import eventually

_AUDIENCE = "parley-api"
_BOT, _OPERATOR = "parley-bot", "parley-operator"


def _trusting(api: Api) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(api.ca_file))


class Witness:
    """Passes a bot's requests on, and takes down each event that an answer of the API's has acknowledged.

    `acknowledged` holds them by attempt and number. `unavailable` counts what the API did not do: it was away, or its
    store was.
    """

    def __init__(self, api: Api) -> None:
        self.url = ""
        self.acknowledged: dict[tuple[int, int], NumberedEvent] = {}
        self.unavailable = 0
        # Longer than the bot itself waits for its last word.
        self._http = httpx.AsyncClient(base_url=api.inside_url, verify=_trusting(api), trust_env=False, timeout=40)

    def app(self) -> Starlette:
        """All paths, passed on as they are."""
        return Starlette(routes=[Route("/{path:path}", self._pass_on, methods=["GET", "POST", "PUT"])])

    async def close(self) -> None:
        """Close the connections to the API."""
        await self._http.aclose()

    async def _pass_on(self, request: Request) -> Response:
        body, path = await request.body(), request.url.path
        headers = {name: value for name, value in request.headers.items() if name not in NOT_PASSED_ON}
        try:
            answer = await self._http.request(request.method, path, content=body, headers=headers)
        except httpx.TransportError:
            self.unavailable += 1
            return Response(status_code=502)
        self.unavailable += answer.is_server_error
        if path == "/bot/v1/events" and answer.is_success:
            self._note(EventBatch.model_validate_json(body), EventAck.model_validate_json(answer.content))
        return Response(answer.content, answer.status_code, media_type=answer.headers.get("content-type"))

    def _note(self, batch: EventBatch, ack: EventAck) -> None:
        told = {(batch.attempt, event.n): event for event in batch.events if event.n <= ack.acknowledged}
        self.acknowledged = dict(sorted((self.acknowledged | told).items()))


class Appointment:
    """One interview on the site, as the operator would have it."""

    def __init__(self, site: "Site", made: Interviewed, plan: InterviewPlan) -> None:
        self._site, self._made, self._plan = site, made, plan
        self._child = child_name(made.name, made.uid)

    def start(self, attempt: int) -> str:
        """Make an attempt the current one, its inputs and its pod, as the operator does; the answer is its token."""
        cluster, uid = self._site.cluster, self._made.uid
        inputs = bot_inputs(self._made, attempt, "websocket").model_copy(update={"plan": self._plan})
        data = {INPUTS_KEY: base64.b64encode(inputs.to_json()).decode()}
        secrets, pods = f"/api/v1/namespaces/{BOTS}/secrets", f"/api/v1/namespaces/{BOTS}/pods"
        if attempt == 1:
            metadata = {"name": self._child, "labels": object_labels(INSTALLATION, uid)}
            secret = cluster.create(secrets, {"metadata": metadata, "data": data})
        else:
            secret = cluster.patch(f"{secrets}/{self._child}", {"data": data})
        owner = {"apiVersion": "v1", "kind": "Secret", "name": self._child, "uid": secret["metadata"]["uid"]}
        pod = {
            "metadata": {
                "name": pod_name(self._child, attempt),
                "labels": pod_labels(INSTALLATION, uid, attempt),
                "ownerReferences": [owner | {"controller": True}],
            },
            "spec": {"serviceAccountName": _BOT, "containers": [{"name": "bot", "image": "parley/bot"}]},
        }
        created = cluster.create(pods, pod)
        self._made.operator_status("InProgress", attempt)
        name, pod_uid = created["metadata"]["name"], created["metadata"]["uid"]
        return self._site.token(BOTS, _BOT, {"apiVersion": "v1", "kind": "Pod", "name": name, "uid": pod_uid})

    def ticket(self, attempt: int) -> str:
        """A ticket to the room of an attempt."""
        key = ticket_key(LINK_KEY.encode(), self._made.uid)
        return mint_ticket(key, self._made.uid, attempt, now=time.time(), record=False)

    def bot_is_ready(self, attempt: int, ip: str) -> None:
        """What the kubelet tells of an attempt's bot that is in its room, at this address."""
        self._made.bot_is_ready(ip, attempt)

    def relay(self, attempt: int) -> str:
        """The way to an attempt's room through the API, with a ticket."""
        host = self._site.api.url.replace("http", "ws")
        return f"{host}/rooms/{self._made.uid}/ws?token={self.ticket(attempt)}"

    def seal(self) -> None:
        """Order what a dead bot left to be finished, as the operator does when nobody takes its place."""
        api, token = self._site.api, self._site.token(RELEASE, _OPERATOR)
        order = SealRequest(namespace=self._made.namespace, name=self._made.name)
        answer = httpx.post(
            f"{api.inside_url}/internal/v1/interviews/{self._made.uid}/seal",
            content=order.to_json(),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            verify=_trusting(api),
            trust_env=False,
            timeout=15,
        )
        answer.raise_for_status()

    @property
    def transcript(self) -> Transcript | None:
        """What is stored for good; None where nothing is."""
        key = layout.artifact(self._made.namespace, self._made.uid, layout.TRANSCRIPT_JSON)
        path = self._site.api.store / key
        return Transcript.model_validate_json(path.read_text()) if path.exists() else None


class Site:
    """An API server and the API on it."""

    def __init__(self, cluster: Cluster, api: Api) -> None:
        self.cluster, self.api = cluster, api
        self._numbers = itertools.count(1)

    @staticmethod
    @contextmanager
    def open(folder: Path) -> Iterator["Site"]:
        """Everything that runs, while the block does."""
        for name in ("plane", "api"):
            (folder / name).mkdir(parents=True)
        plane = start_control_plane(folder / "plane")
        try:
            crds = {"apiVersion": "v1", "kind": "List", "items": list(all_crds().values())}
            plane.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(crds))
            plane.kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")
            cluster = Cluster(plane)
            for name in (RELEASE, BOTS):
                cluster.create("/api/v1/namespaces", {"metadata": {"name": name}})
            for namespace, name in ((BOTS, _BOT), (RELEASE, _OPERATOR)):
                cluster.create(f"/api/v1/namespaces/{namespace}/serviceaccounts", {"metadata": {"name": name}})
            api, program = run_api(folder / "api", plane.kubeconfig_of(api_token(cluster)), {})
            try:
                yield Site(cluster, api)
            finally:
                program.stop()
                cluster.close()
        finally:
            plane.stop()

    def appoint(self, plan: InterviewPlan) -> Appointment:
        """An Interview that nobody has begun."""
        name = f"kim-{next(self._numbers)}"
        body = {
            "apiVersion": "parley.dev/v1alpha1",
            "kind": "Interview",
            "metadata": {"name": name},
            "spec": {"templateRef": {"name": "data-engineer"}, "candidate": {"name": "Kim Park"}},
        }
        created = self.cluster.create(f"/apis/parley.dev/v1alpha1/namespaces/{RELEASE}/interviews", body)
        return Appointment(self, Interviewed(self.cluster, RELEASE, name, created["metadata"]["uid"]), plan)

    def token(self, namespace: str, account: str, pod: dict[str, Any] | None = None) -> str:
        """A token for the API's inside, bound to a pod where one is given."""
        spec = {"audiences": [_AUDIENCE], "expirationSeconds": 7200} | ({"boundObjectRef": pod} if pod else {})
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
        return str(self.cluster.create(path, {"spec": spec})["status"]["token"])

    @asynccontextmanager
    async def without_api(self) -> AsyncIterator[None]:
        """The API is killed, and comes back when the block ends."""
        self.api.program.kill()
        try:
            yield
        finally:
            self.api.program.start_again()
            await eventually("the API is back", self._serves, 60)

    @asynccontextmanager
    async def without_store(self) -> AsyncIterator[None]:
        """The store takes and gives nothing: in the place of its folder is a file, until the block ends."""
        store = self.api.store
        away = store.rename(store.with_name("store-away"))
        store.touch()
        try:
            yield
        finally:
            store.unlink()
            away.rename(store)

    def _serves(self) -> bool:
        self.api.program.require_alive()
        try:
            return httpx.get(f"{self.api.url}/readyz", trust_env=False).is_success
        except httpx.TransportError:
            return False
