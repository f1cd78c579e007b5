"""The hands of people, the API and the kubelet, quicker than by kubectl: a case uses them a hundred times."""

import json
import ssl
import time
from dataclasses import fields
from typing import Any, Literal, Self

import httpx

from support.control_plane import ControlPlane
from support.operator_site import Json, Site

PATIENCE_SECONDS = 60
"""For how long a server that is away is asked again."""
APPLY, MERGE, PLAIN = "application/apply-patch+yaml", "application/merge-patch+json", "application/json"
APIS = {
    "interview": "apis/parley.dev/v1alpha1",
    "interviewtemplate": "apis/parley.dev/v1alpha1",
    "controllerrevision": "apis/apps/v1",
    "events.v1.events.k8s.io": "apis/events.k8s.io/v1",
    "pod": "api/v1",
    "secret": "api/v1",
}


class ConflictError(AssertionError):
    """The object was there already, or has changed since it was read."""


def url_of(namespace: str, kind: str, name: str = "", subresource: str = "") -> str:
    """The path of a collection, an object or its subresource; `kind` as kubectl takes it."""
    kind = kind if kind in APIS else kind.removesuffix("s")
    plural = f"{kind.partition('.')[0].removesuffix('s')}s"
    return "/".join(filter(None, [f"/{APIS[kind]}/namespaces/{namespace}/{plural}", name, subresource]))


class Admin:
    """The API server, as its administrator sees it past every fault; one that is away is waited for."""

    def __init__(self, plane: ControlPlane) -> None:
        headers = {"Authorization": f"Bearer {plane.token}"}
        trusted = ssl.create_default_context(cafile=plane.ca_file)
        self.http = httpx.Client(base_url=plane.url, headers=headers, verify=trusted, timeout=15, trust_env=False)

    def call(
        self,
        method: Literal["GET", "POST", "PATCH", "DELETE"],
        path: str,
        body: Json | None = None,
        kind: str = PLAIN,
        **query: str,
    ) -> Json | None:
        """What it answers, or None where there is no such object."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        content = None if body is None else json.dumps(body)
        while True:
            try:
                answer = self.http.request(method, path, content=content, params=query, headers={"Content-Type": kind})
                if answer.status_code < 500 and answer.status_code != 429:
                    break
                fault = answer.text
            except httpx.TransportError as error:
                fault = f"{type(error).__name__} {error}"
            if time.monotonic() > deadline:
                raise TimeoutError(f"{method} {path}: {fault}")
            time.sleep(0.2)
        if answer.status_code == 404:
            return None
        if answer.status_code == 409:
            raise ConflictError(f"{method} {path}: {answer.text}")
        if not answer.is_success:
            raise AssertionError(f"{method} {path}: {answer.status_code} {answer.text}")
        said: Json = answer.json()
        return said


class QuickSite(Site):
    """An installation whose hands need no process of their own."""

    admin: Admin

    @classmethod
    def of(cls, site: Site) -> Self:
        """The same installation with quicker hands."""
        quick = cls(**{each.name: getattr(site, each.name) for each in fields(site) if each.init})
        quick.admin = Admin(site.plane)
        return quick

    def crash(self) -> None:
        assert self.program is not None
        self.program.kill()
        leases = f"/apis/coordination.k8s.io/v1/namespaces/{self.environment['PARLEY_NAMESPACE']}/leases"
        self.admin.call("DELETE", f"{leases}/parley-operator")

    def patch(self, name: str, spec: Json) -> None:
        self.admin.call("PATCH", url_of(self.namespace, "interview", name), {"spec": spec}, MERGE)

    def delete(self, name: str) -> None:
        self.admin.call("DELETE", url_of(self.namespace, "interview", name))

    def delete_template(self, name: str) -> None:
        """Deletes an InterviewTemplate."""
        self.admin.call("DELETE", url_of(self.namespace, "interviewtemplate", name))

    def set_status(self, name: str, status: Json, version: str | None = None) -> None:
        """Changes an Interview's status in the place of the time that a test does not wait.

        Raises:
            ConflictError: it is not the `version` (of the object) that the change was made for any more.
        """
        body: Json = {"status": status}
        if version is not None:
            body["metadata"] = {"resourceVersion": version}
        self.admin.call("PATCH", url_of(self.namespace, "interview", name, "status"), body, MERGE)

    def set_pod(self, name: str, **status: Any) -> None:
        self.admin.call("PATCH", url_of(self.bots, "pod", name, "status"), {"status": status}, MERGE)

    def find(self, name: str) -> Json | None:
        """The Interview, if there is one."""
        return self.admin.call("GET", url_of(self.namespace, "interview", name))

    def told(self, name: str) -> list[tuple[str, str]]:
        """The type and reason of each Event about an Interview, those of former ones of its name too."""
        items = self._read(self.namespace, "events.v1.events.k8s.io")["items"]
        return [(item["type"], item["reason"]) for item in items if item["regarding"]["name"] == name]

    def _apply(self, manifest: Json) -> Json:
        metadata = manifest["metadata"]
        path = url_of(metadata["namespace"], manifest["kind"].lower(), metadata["name"])
        applied = self.admin.call("PATCH", path, manifest, APPLY, fieldManager="people", force="true")
        assert applied is not None
        return applied

    def _apply_status(self, manifest: Json) -> None:
        path = url_of(self.namespace, "interview", manifest["metadata"]["name"], "status")
        self.admin.call("PATCH", path, manifest, APPLY, fieldManager="parley-api")

    def _read(self, namespace: str, *what: str) -> Json:
        kind, _, name = what[0].partition("/")
        labels = "".join(word.removeprefix("-l=") for word in what[1:])
        found = self.admin.call("GET", url_of(namespace, kind, name), labelSelector=labels)
        if found is None:
            raise AssertionError(f"there is no {what[0]} in {namespace}")
        # Those of a list do not say what they are.
        for item in found.get("items", []):
            item.setdefault("kind", found["kind"].removesuffix("List"))
        return found
