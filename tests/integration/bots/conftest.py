"""The internal application on a real API server, as a service account with the chart's rights and no more."""

import base64
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from kubernetes.aio import client as untyped_client
from kubernetes.aio import config as untyped_config
from parley_api import problems
from parley_api.bots import bots_router
from parley_api.kube import Kube, interviews_path, resource_path
from parley_api.services import Services
from parley_api.settings import Settings
from parley_api.store import FolderStore
from parley_crds.names import child_name, pod_labels, pod_name
from parley_protocol import (
    BotInputs,
    InterviewerPlan,
    InterviewPlan,
    InterviewRef,
    QuestionPlan,
    RecordingPlan,
    RoomInputs,
    ToolPlan,
    ToolWebhook,
)
from pydantic import SecretStr
from support.certificates import Authority
from support.chart import render, rights
from support.control_plane import ControlPlane

# The package claims to be typed, but takes plain documents that its annotations do not name.
client: Any = untyped_client
config: Any = untyped_config

INSTALLATION = "test"


@dataclass(frozen=True)
class Site:
    """One installation in namespaces of its own, and the application that serves its bots."""

    settings: Settings
    store: FolderStore
    services: Services
    http: httpx.AsyncClient
    admin: Kube
    token: Callable[..., Awaitable[str]]
    core: Any

    @property
    def bots(self) -> str:
        return self.settings.bots_namespace

    async def operator_token(self) -> str:
        return await self.token(self.settings.namespace, "parley-operator", audiences=["parley-api"])

    async def interview(self, name: str) -> "Running":
        """An Interview with its inputs Secret and the pod of attempt 1."""
        body = {
            "apiVersion": "parley.dev/v1alpha1",
            "kind": "Interview",
            "metadata": {"name": name, "namespace": self.settings.namespace},
            "spec": {"templateRef": {"name": "backend"}},
        }
        made = await self.admin.create(interviews_path(self.settings.namespace), body)
        running = Running(self, InterviewRef(namespace=self.settings.namespace, name=name, uid=made["metadata"]["uid"]))
        await running.write_inputs(1)
        return replace(running, pod=await running.make_pod(1))

    async def make_pod(self, name: str, **metadata: Any) -> Any:
        pod = {
            "metadata": {"name": name, **metadata},
            "spec": {"serviceAccountName": "parley-bot", "containers": [{"name": "bot", "image": "bot"}]},
        }
        return await self.core.create_namespaced_pod(self.bots, pod)

    async def bot_token(self, pod: Any, *, audience: str = "parley-api") -> str:
        return await self.token(self.bots, "parley-bot", audiences=[audience], pod=pod)


@dataclass(frozen=True)
class Running:
    """An Interview under way, as the operator leaves it."""

    site: Site
    ref: InterviewRef
    pod: Any = None

    @property
    def child(self) -> str:
        return child_name(self.ref.name, self.ref.uid)

    async def write_inputs(
        self,
        attempt: int,
        tool: ToolPlan | None = None,
        hook: ToolWebhook | None = None,
        *,
        recording: bool = False,
        daily: bool = False,
    ) -> None:
        room = RoomInputs(provider="websocket", name=self.ref.uid, ticket_key="c2VjcmV0")
        inputs = BotInputs(
            interview=self.ref,
            attempt=attempt,
            template="backend-1",
            plan=InterviewPlan(
                title="Backend engineer",
                candidate_name="Ada",
                interviewer=InterviewerPlan(name="Sam", greeting="Hello.", closing="Goodbye."),
                questions=[QuestionPlan(id="q1", text="What did you build?")],
                tools=[] if tool is None else [tool],
                recording=RecordingPlan(wanted=recording),
            ),
            webhooks=[] if hook is None else [hook],
            room=RoomInputs(provider="daily", name=self.ref.uid, url="https://x.daily.co/x") if daily else room,
            retention_days=30,
        )
        labels = pod_labels(INSTALLATION, self.ref.uid, attempt)
        data = {"inputs.json": base64.b64encode(inputs.to_json()).decode()}
        body = {"metadata": {"name": self.child, "labels": labels}, "data": data}
        if attempt == 1 and self.pod is None:
            await self.site.core.create_namespaced_secret(self.site.bots, body)
        else:
            await self.site.core.replace_namespaced_secret(self.child, self.site.bots, body)

    async def make_pod(self, attempt: int) -> Any:
        secret = await self.site.core.read_namespaced_secret(self.child, self.site.bots)
        owner = {
            "apiVersion": "v1",
            "kind": "Secret",
            "name": self.child,
            "uid": secret.metadata.uid,
            "controller": True,
        }
        return await self.site.make_pod(
            pod_name(self.child, attempt),
            labels=pod_labels(INSTALLATION, self.ref.uid, attempt),
            ownerReferences=[owner],
        )

    async def headers(self, pod: Any = None) -> dict[str, str]:
        return bearer(await self.site.bot_token(pod or self.pod))

    async def status(self) -> dict[str, Any]:
        found = await self.site.admin.get(interviews_path(self.ref.namespace, self.ref.name))
        status: dict[str, Any] = found.get("status") or {}
        return status

    async def operator_status(self, attempt: int) -> None:
        path = interviews_path(self.ref.namespace, self.ref.name, "status")
        await self.site.admin.merge_patch(
            path, {"status": {"attempts": {"current": attempt}}}, manager="parley-operator"
        )

    async def delete(self) -> None:
        objects = client.CustomObjectsApi(self.site.core.api_client)
        await objects.delete_namespaced_custom_object(
            "parley.dev", "v1alpha1", self.ref.namespace, "interviews", self.ref.name
        )


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Whom the API trusts in webhooks, beside the system's CAs."""
    return Authority(tmp_path)


@pytest.fixture
async def site(
    control_plane: ControlPlane,
    namespace: str,
    api_client: Any,
    service_account_token: Callable[..., Awaitable[str]],
    authority: Authority,
    tmp_path: Path,
) -> AsyncIterator[Site]:
    core = client.CoreV1Api(api_client)
    bots = f"{namespace}-bots"
    await core.create_namespace({"metadata": {"name": bots}})
    for account in ("parley-bot", "someone-else"):
        await core.create_namespaced_service_account(bots, {"metadata": {"name": account}})
    admin = await _connect(control_plane.kubeconfig)
    await _grant(admin, namespace, bots)
    kube = await _connect(control_plane.kubeconfig_of(await service_account_token(namespace, "parley-api")))
    settings = Settings(
        namespace=namespace,
        bots_namespace=bots,
        installation=INSTALLATION,
        link_key=SecretStr(secrets.token_urlsafe(32)),
        link_base_url="http://127.0.0.1:1",
        public_url="http://127.0.0.1:2",
        webhook_networks=[ip_network("127.0.0.0/8"), ip_network("::1/128")],
        webhook_ca_file=authority.file,
    )
    store = FolderStore(tmp_path / "store")
    services = Services.build(settings, kube, store)
    app = FastAPI()
    problems.install(app)
    app.include_router(bots_router)
    app.state.services = services
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://parley-api-internal:8443") as http:
        yield Site(settings, store, services, http, admin, service_account_token, core)
    await kube.close()
    await admin.close()


async def _connect(kubeconfig: Path) -> Kube:
    configuration = client.Configuration()
    await config.load_kube_config(config_file=str(kubeconfig), client_configuration=configuration)
    return Kube(configuration)


async def _grant(admin: Kube, namespace: str, bots: str) -> None:
    """What the chart grants the API: a right that it needs and has not fails these tests."""
    chart = render(namespace, f"bots.namespace={bots}")
    for document in rights(chart, "parley-api"):
        plural, where = f"{document['kind'].lower()}s", document["metadata"].get("namespace")
        await admin.create(resource_path(_root(document), plural, where, None), document)


def _root(document: dict[str, Any]) -> str:
    version = document["apiVersion"]
    return f"/api/{version}" if version == "v1" else f"/apis/{version}"
