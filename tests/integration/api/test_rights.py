"""Who may do what: tokens by audience, rights by RBAC."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from support.api import ALL_RIGHTS, Interviewed

Person = Callable[..., Awaitable[dict[str, str]]]
MakeInterview = Callable[..., Interviewed]
NEW = {"generateName": "ada-", "spec": {"templateRef": {"name": "data-engineer"}}}
CALLS: dict[str, tuple[str, str, dict[str, list[str]]]] = {
    "create": ("POST", "", {"interviews": ["create"]}),
    "list": ("GET", "", {"interviews": ["list"]}),
    "get": ("GET", "/{name}", {"interviews": ["get"]}),
    "cancel": ("POST", "/{name}/cancel", {"interviews": ["patch"]}),
    "link": ("GET", "/{name}/link", {"interviews/link": ["get"]}),
    "transcript": ("GET", "/{name}/transcript", {"interviews/transcript": ["get"]}),
    "recording": ("GET", "/{name}/recording", {"interviews/recording": ["get"]}),
}


async def call(http: httpx.AsyncClient, made: Interviewed, what: str, headers: dict[str, str]) -> httpx.Response:
    method, path, _ = CALLS[what]
    url = f"/v1/namespaces/{made.namespace}/interviews{path.format(name=made.name)}"
    return await http.request(method, url, headers=headers, json=NEW if what == "create" else None)


@pytest.mark.parametrize("what", CALLS)
async def test_each_right_opens_its_own_path_and_no_other(
    http: httpx.AsyncClient, interview: MakeInterview, person: Person, what: str
) -> None:
    made = interview()
    headers = await person(CALLS[what][2])
    for other in CALLS:
        answer = await call(http, made, other, headers)
        if other == what:
            assert answer.status_code not in (401, 403), answer.text
        else:
            assert answer.status_code == 403
            assert answer.json()["type"] == "https://parley.dev/problems/forbidden"


async def test_a_missing_right_is_named(http: httpx.AsyncClient, interview: MakeInterview, person: Person) -> None:
    made = interview()
    answer = await call(http, made, "transcript", await person({"interviews": ["get", "list"]}))
    assert "get interviews/transcript.parley.dev" in answer.json()["detail"]
    assert made.namespace in answer.json()["detail"]


async def test_rights_end_at_the_namespace(http: httpx.AsyncClient, interview: MakeInterview, person: Person) -> None:
    interview()
    answer = await http.get("/v1/namespaces/default/interviews", headers=await person(ALL_RIGHTS))
    assert answer.status_code == 403


@pytest.mark.parametrize("audiences", [(), ("parley-api",), ("https://kubernetes.default.svc",)])
async def test_a_token_of_another_audience_is_not_good(
    http: httpx.AsyncClient, interview: MakeInterview, person: Person, audiences: tuple[str, ...]
) -> None:
    """Above all none that the API server itself would accept."""
    answer = await call(http, interview(), "get", await person(ALL_RIGHTS, audiences))
    assert answer.status_code == 401
    assert answer.json()["type"].endswith("/unauthenticated")
    assert answer.headers["www-authenticate"].startswith("Bearer ")


async def test_the_administrators_own_token_is_not_good(
    http: httpx.AsyncClient, interview: MakeInterview, cluster: Any
) -> None:
    headers = {"Authorization": f"Bearer {cluster.plane.token}"}
    assert (await call(http, interview(), "get", headers)).status_code == 401


@pytest.mark.parametrize("header", [None, "Bearer rubbish", "Basic YTpi", "Bearer", "Bearer " + "x" * 20_000])
async def test_without_a_good_token_nothing(
    http: httpx.AsyncClient, interview: MakeInterview, header: str | None
) -> None:
    answer = await call(http, interview(), "get", {"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_link_token_is_no_persons_token_and_the_other_way_round(
    http: httpx.AsyncClient, interview: MakeInterview, person: Person
) -> None:
    made = interview()
    assert (await call(http, made, "get", made.headers())).status_code == 401
    answer = await http.get("/join/v1/interview", headers=await person(ALL_RIGHTS))
    assert answer.status_code == 401
    assert answer.json()["type"].endswith("/link-invalid")
