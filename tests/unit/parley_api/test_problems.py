"""What becomes of the Kubernetes API's refusals, and of what nothing caught."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from parley_api import guard, problems
from parley_api.guard import AnswerHeaders, Guard
from parley_api.kube import KubeError
from parley_api.problems import FIELDS_NAMED, ProblemError, from_kube, invalid, refused_by_cluster
from parley_api.store import StoreUnavailableError
from parley_protocol import FieldError


@pytest.mark.parametrize(
    ("error", "status", "slug"),
    [
        (KubeError(404, "NotFound", "gone"), 404, "not-found"),
        (KubeError(409, "AlreadyExists", "there"), 409, "already-exists"),
        (KubeError(409, "Conflict", "changed"), 409, "conflict"),
        (KubeError(400, "BadRequest", "what?"), 400, "bad-request"),
        (KubeError(410, "Expired", "too old"), 410, "expired"),
        (KubeError(401, "Unauthorized", "who?"), 500, "kubernetes-refused"),
        (KubeError(403, "Forbidden", "no"), 500, "kubernetes-refused"),
        (KubeError(403, "Forbidden", "no", {"causes": [{"reason": "NamespaceTerminating"}]}), 409, "conflict"),
        (KubeError(429, "TooManyRequests", "slow"), 503, "kubernetes-unavailable"),
        (KubeError(500, "InternalError", "oh"), 503, "kubernetes-unavailable"),
        (KubeError(503, "Unreachable", "?"), 503, "kubernetes-unavailable"),
    ],
)
def test_refusals_of_the_kubernetes_api(error: KubeError, status: int, slug: str) -> None:
    problem = from_kube(error)
    assert (problem.status, problem.slug) == (status, slug)


def test_a_422_names_the_fields() -> None:
    causes = [{"field": "spec.noShowSeconds", "message": "must be at least 30", "reason": "FieldValueInvalid"}]
    problem = from_kube(KubeError(422, "Invalid", "invalid", {"causes": causes}))
    assert [(error.field, error.message) for error in problem.errors] == [("spec.noShowSeconds", "must be at least 30")]
    assert problem.detail == "spec.noShowSeconds: must be at least 30"


def test_of_many_fields_the_first_are_named() -> None:
    problem = invalid([FieldError(field=f"spec.x{number}", message="unknown") for number in range(100_000)])
    assert len(problem.errors) == FIELDS_NAMED
    assert problem.detail.endswith("; and 99950 more")
    assert len(problem.document()["detail"]) < 2000


QUOTA = 'interviews.parley.dev "ada" is forbidden: exceeded quota: interviews, used: 5, limited: 5'
OWN = 'interviews.parley.dev is forbidden: User "system:serviceaccount:parley:parley-api" cannot create resource'


@pytest.mark.parametrize(
    ("error", "meant_for_the_caller"),
    [
        (KubeError(403, "Forbidden", QUOTA), True),
        (KubeError(403, "Forbidden", 'admission webhook "policy.example" denied the request: no interviews'), True),
        (KubeError(403, "Forbidden", OWN), False),
        (KubeError(403, "Forbidden", "ending", {"causes": [{"reason": "NamespaceTerminating"}]}), False),
        (KubeError(409, "Conflict", "changed"), False),
    ],
)
def test_whom_a_403_is_meant_for(error: KubeError, meant_for_the_caller: bool) -> None:
    problem = refused_by_cluster(error)
    assert (problem is not None) == meant_for_the_caller
    if problem is not None:
        assert (problem.status, problem.slug, problem.detail) == (403, "refused-by-cluster", error.message)


def test_a_problem_without_errors_has_no_such_member() -> None:
    document = ProblemError(409, "not-ready", "Wait.", members={"state": "open"}).document()
    assert document == {
        "type": "https://parley.dev/problems/not-ready",
        "title": "Not ready",
        "status": 409,
        "detail": "Wait.",
        "state": "open",
    }


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI()
    problems.install(app)

    @app.get("/bug")
    async def bug() -> None:
        raise RuntimeError("a secret of the inside")

    @app.get("/store")
    async def store() -> None:
        raise StoreUnavailableError("bucket-of-ours does not answer")

    @app.get("/half")
    async def half() -> StreamingResponse:
        async def body() -> AsyncIterator[bytes]:
            yield b"half"
            raise RuntimeError("broken")

        return StreamingResponse(body())

    @app.post("/body")
    async def body(sent: dict[str, str]) -> dict[str, str]:
        return sent

    app.add_middleware(Guard, max_body_bytes=1000)
    app.add_middleware(AnswerHeaders)
    return app


async def test_what_nothing_caught_tells_nothing_of_the_inside(app: FastAPI) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api") as http:
        answer = await http.get("/bug")
        assert answer.status_code == 500
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "secret" not in answer.text
        answer = await http.get("/store")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert "bucket" not in answer.text


async def test_a_body_that_never_ends(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "BODY_SECONDS", 0.05)

    async def beginning() -> AsyncIterator[bytes]:
        yield b'{"a": '
        await asyncio.Event().wait()

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api") as http:
        answer = await http.post("/body", content=beginning(), headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.headers["content-type"]) == (408, "application/problem+json")
        assert answer.headers["connection"] == "close"
        assert (await http.post("/body", json={"a": "b"})).json() == {"a": "b"}


async def test_half_an_answer_is_not_made_to_look_whole(app: FastAPI) -> None:
    transport = httpx.ASGITransport(app, raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as http:
        with pytest.raises(RuntimeError, match="broke off"):
            await http.get("/half")


@pytest.mark.parametrize(("status", "slug"), [(403, "kubernetes-refused"), (500, "kubernetes-unavailable")])
def test_what_the_caller_is_not_told_of_the_cluster_is_in_the_log(
    status: int, slug: str, caplog: pytest.LogCaptureFixture
) -> None:
    problem = from_kube(KubeError(status, "Forbidden", "parley-api cannot patch interviews/status"))
    assert problem.slug == slug
    assert "interviews/status" not in problem.detail
    assert "parley-api cannot patch interviews/status" in caplog.text


def test_a_store_that_does_not_answer_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    problem = problems.from_store(StoreUnavailableError("S3 bucket transcripts failed: AccessDenied"))
    assert (problem.status, "AccessDenied" in problem.detail) == (503, False)
    assert "AccessDenied" in caplog.text
