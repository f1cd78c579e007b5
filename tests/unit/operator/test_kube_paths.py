"""Requests to the API server, by their method and path."""

import pytest
from parley_operator.kube_paths import code_of, verb_and_resource


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/api/v1/namespaces/bots/pods", ("list", "pods")),
        ("GET", "/api/v1/namespaces/bots/pods/namespaces", ("get", "pods")),
        ("POST", "/api/v1/namespaces/bots/secrets", ("create", "secrets")),
        ("GET", "/apis/parley.dev/v1alpha1/interviews", ("list", "interviews")),
        ("PATCH", "/apis/parley.dev/v1alpha1/namespaces/h/interviews/a/status", ("patch", "interviews/status")),
        ("PUT", "/apis/coordination.k8s.io/v1/namespaces/p/leases/parley-operator", ("update", "leases")),
        ("DELETE", "/apis/apps/v1/namespaces/h/controllerrevisions/r", ("delete", "controllerrevisions")),
        ("GET", "/apis/parley.dev/v1alpha1", ("get", "discovery")),
        ("GET", "/apis/scheduling.k8s.io/v1/priorityclasses/high", ("get", "priorityclasses")),
    ],
)
def test_verb_and_resource(method: str, path: str, expected: tuple[str, str]) -> None:
    assert verb_and_resource(method, path) == expected


@pytest.mark.parametrize(("status", "code"), [(201, "2xx"), (404, "404"), (422, "4xx"), (429, "429"), (503, "5xx")])
def test_codes(status: int, code: str) -> None:
    assert code_of(status) == code
