"""What holds for every answer: problems, headers, CORS, limits; the two listeners; the end of the process."""

import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.api import ORIGIN, Api

PROBLEM = "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "status", "slug"),
    [
        ("GET", "/nowhere", 404, "not-found"),
        ("GET", "/v1/namespaces/x/interviews/y/z", 404, "not-found"),
        ("DELETE", "/join/v1/interview", 405, "method-not-allowed"),
        ("GET", "/v1/namespaces/x/interviews/", 404, "not-found"),
        # The inside is not reached from outside.
        ("GET", "/bot/v1/assignment", 404, "not-found"),
        ("POST", "/internal/v1/interviews/x/seal", 404, "not-found"),
        ("GET", "/docs", 404, "not-found"),
    ],
)
async def test_every_error_is_a_problem(
    http: httpx.AsyncClient, method: str, path: str, status: int, slug: str
) -> None:
    answer = await http.request(method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)
    assert answer.json()["type"] == f"https://parley.dev/problems/{slug}"
    assert answer.json()["status"] == status
    assert answer.json()["title"]
    assert answer.json()["detail"]


@pytest.mark.parametrize("path", ["/healthz", "/nowhere", "/join/v1/interview", "/openapi.json"])
async def test_headers_of_every_answer(http: httpx.AsyncClient, path: str) -> None:
    headers = (await http.get(path)).headers
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert "max-age=31536000" in headers["strict-transport-security"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers


async def test_a_large_body_is_refused(http: httpx.AsyncClient) -> None:
    for body in (b"x" * 1_100_000, _in_pieces()):
        answer = await http.post("/join/v1/consent", content=body, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.headers["content-type"]) == (413, PROBLEM)
        assert answer.json()["type"].endswith("/too-large")
        assert answer.headers["x-content-type-options"] == "nosniff"


async def _in_pieces() -> Any:
    for _ in range(11):
        yield b"x" * 100_000


async def test_cors_for_configured_origins_only(http: httpx.AsyncClient) -> None:
    ask = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    allowed = await http.options("/join/v1/consent", headers={**ask, "Origin": ORIGIN})
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == ORIGIN
    assert "access-control-allow-credentials" not in allowed.headers
    refused = await http.options("/join/v1/consent", headers={**ask, "Origin": "https://evil.example.com"})
    assert refused.status_code == 400
    assert "access-control-allow-origin" not in refused.headers
    # Errors reach the page too: it explains them.
    error = await http.get("/join/v1/interview", headers={"Origin": ORIGIN})
    assert error.status_code == 401
    assert error.headers["access-control-allow-origin"] == ORIGIN
    assert "Retry-After" in error.headers["access-control-expose-headers"]


async def test_the_inside_speaks_tls_and_takes_nobody_elses_token(api: Api, service_account_token: Any) -> None:
    context = ssl.create_default_context(cafile=api.ca_file)
    async with httpx.AsyncClient(base_url=api.inside_url, verify=context, trust_env=False) as inside:
        assert (await inside.get("/healthz")).status_code == 200
        assert (await inside.get("/join/v1/interview")).status_code == 404
        for path in ("/bot/v1/assignment",):
            assert (await inside.get(path)).status_code == 401
            token = await service_account_token("default", "somebody", audiences=["parley-api"])
            answer = await inside.get(path, headers={"Authorization": f"Bearer {token}"})
            assert (answer.status_code, answer.headers["content-type"]) == (403, PROBLEM)


async def test_a_certificate_of_another_authority_is_not_taken(api: Api, tmp_path: Path) -> None:
    async with httpx.AsyncClient(trust_env=False) as stranger:
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await stranger.get(f"{api.inside_url}/healthz")
