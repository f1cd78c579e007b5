"""The harness itself: what other integration tests rely on."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from kubernetes.aio import client as untyped_client
from support.control_plane import ControlPlane

client: Any = untyped_client  # claims to be typed, but takes plain documents that its annotations do not name
POD = {
    "metadata": {"name": "bot"},
    "spec": {"serviceAccountName": "bot", "containers": [{"name": "bot", "image": "bot:1"}]},
}


async def test_a_bound_token_names_its_pod(
    api_client: Any, namespace: str, service_account_token: Callable[..., Awaitable[str]]
) -> None:
    await service_account_token(namespace, "bot")
    pod = await client.CoreV1Api(api_client).create_namespaced_pod(namespace, POD)
    token = await service_account_token(namespace, "bot", audiences=["parley-api"], pod=pod)
    review = await client.AuthenticationV1Api(api_client).create_token_review(
        {"spec": {"token": token, "audiences": ["parley-api"]}}
    )
    assert review.status.authenticated
    assert review.status.audiences == ["parley-api"]
    assert review.status.user.extra["authentication.kubernetes.io/pod-name"] == ["bot"]
    assert review.status.user.extra["authentication.kubernetes.io/pod-uid"] == [pod.metadata.uid]


async def test_a_token_of_an_audience_is_none_for_the_api_server(
    api_client: Any, namespace: str, service_account_token: Callable[..., Awaitable[str]], control_plane: ControlPlane
) -> None:
    token = await service_account_token(namespace, "person", audiences=["parley"])
    answer = control_plane.kubectl("get", "itv", f"--token={token}", "--kubeconfig=/dev/null", check=False)
    assert answer.returncode != 0
    own = control_plane.kubeconfig_of(token)
    answer = control_plane.kubectl("auth", "whoami", f"--kubeconfig={own}", check=False)
    assert "logged in" in answer.stderr or "Unauthorized" in answer.stderr


def test_the_collectors_collect(control_plane: ControlPlane, namespace: str, collectors: None) -> None:
    """What an owner takes with it, and a namespace, are gone a moment after their deletion."""
    control_plane.kubectl("create", "configmap", "owner", "-n", namespace)
    uid = control_plane.kubectl("get", "configmap", "owner", "-n", namespace, "-o", "jsonpath={.metadata.uid}").stdout
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid, "controller": True}
    owned = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "owned", "ownerReferences": [owner]}}
    control_plane.kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps(owned))
    control_plane.kubectl("delete", "configmap", "owner", "-n", namespace)
    control_plane.kubectl("wait", "--for=delete", "secret/owned", "-n", namespace, "--timeout=50s")
    control_plane.kubectl("delete", "namespace", namespace, "--timeout=50s")
