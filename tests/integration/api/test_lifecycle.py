"""The process: what it does at its end, at a start that fails, and beside the namespaces that it serves."""

import time
from collections.abc import Awaitable, Callable

import httpx
import pytest
from support.api import ALL_RIGHTS, RELEASE, Api, Interviewed

Person = Callable[..., Awaitable[dict[str, str]]]
MakeInterview = Callable[..., Interviewed]
StartApi = Callable[..., Api]


async def test_a_signal_ends_streams_and_process(start_api: StartApi, interview: MakeInterview, person: Person) -> None:
    api, made = start_api(), interview()
    path = f"/v1/namespaces/{made.namespace}/interviews/{made.name}/events"
    headers = await person(ALL_RIGHTS)
    begun = time.monotonic()
    async with (
        httpx.AsyncClient(base_url=api.url, trust_env=False, timeout=15) as http,
        http.stream("GET", path, headers=headers) as response,
    ):
        lines = response.aiter_lines()
        assert "event: status" in [await anext(lines) for _ in range(2)]
        api.program.terminate()
        rest = [line async for line in lines]
    # The stream ends, the interview does not: a browser's EventSource comes back to another replica.
    assert "event: end" not in rest
    assert api.program.exit_code(10) == 0
    assert time.monotonic() - begun < 12
    assert "Traceback" not in api.logged()


async def test_another_namespace_is_not_served(start_api: StartApi, interview: MakeInterview, person: Person) -> None:
    made, headers = interview(), await person(ALL_RIGHTS)
    api = start_api(PARLEY_WATCH_NAMESPACES=RELEASE)
    async with httpx.AsyncClient(base_url=api.url, trust_env=False, timeout=15) as http:
        answer = await http.get(f"/v1/namespaces/{made.namespace}/interviews", headers=headers)
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (404, "not-served")
        assert (await http.get("/join/v1/interview", headers=made.headers())).status_code == 410


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"PARLEY_TLS_CERT_FILE": "/nowhere/tls.crt"}, "PARLEY_TLS_CERT_FILE /nowhere/tls.crt"),
        ({"KUBECONFIG": "/nowhere/kubeconfig"}, "no way to the Kubernetes API"),
        (
            {"PARLEY_STORE__TYPE": "s3", "PARLEY_STORE__BUCKET": "b", "PARLEY_STORE__REGION": "no region"},
            "no region",
        ),
        ({"PARLEY_LINK_KEY": "short"}, "PARLEY_LINK_KEY is malformed: Value error, must have at least 32 characters"),
    ],
)
def test_what_can_not_start_says_why_in_one_line(start_api: StartApi, settings: dict[str, str], line: str) -> None:
    with pytest.raises(RuntimeError, match="ended with 2") as ended:
        start_api(**settings)
    assert line in str(ended.value)
    assert "Traceback" not in str(ended.value)
