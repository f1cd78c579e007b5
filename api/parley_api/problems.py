"""Every error is a problem document (RFC 9457), `application/problem+json`."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from parley_protocol import FieldError, Problem
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from parley_api.kube import OVERLOADED, KubeError
from parley_api.store import StoreError, StoreUnavailableError

log = logging.getLogger(__name__)

TYPE_BASE = "https://parley.dev/problems/"
MEDIA_TYPE = "application/problem+json"
# A body may hold as many unknown keys as it has room for: the answer need not name them all.
FIELDS_NAMED = 50

_SLUGS = {
    400: "bad-request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    409: "conflict",
    413: "too-large",
    415: "unsupported-media-type",
    422: "invalid",
    429: "too-many-requests",
    503: "unavailable",
}


class ProblemError(Exception):
    """An error to answer with: slug of its type, status, what happened and what to do next.

    `members` are extension members of the document, such as `opensAt`.
    """

    def __init__(
        self,
        status: int,
        slug: str,
        detail: str,
        *,
        errors: list[FieldError] | None = None,
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.slug = slug
        self.detail = detail
        self.errors = errors or []
        self.headers = dict(headers or {})
        self.members = dict(members or {})

    def document(self) -> dict[str, Any]:
        """The problem document."""
        title = self.slug.replace("-", " ").capitalize()
        problem = Problem(
            type=TYPE_BASE + self.slug, title=title, status=self.status, detail=self.detail, errors=self.errors
        )
        return {**problem.model_dump(mode="json", exclude={"errors"} if not self.errors else None), **self.members}

    def response(self) -> Response:
        """The response that carries it."""
        return JSONResponse(self.document(), self.status, self.headers, MEDIA_TYPE)


def invalid(errors: list[FieldError]) -> ProblemError:
    """422 `invalid`: the detail names every field (of many, the first fifty), so that it is enough to read alone."""
    shown = errors[:FIELDS_NAMED]
    named = "; ".join(f"{error.field}: {error.message}" for error in shown)
    if len(errors) > len(shown):
        named += f"; and {len(errors) - len(shown)} more"
    return ProblemError(422, "invalid", named or "The request is not valid.", errors=shown)


def from_kube(error: KubeError) -> ProblemError:
    """What the Kubernetes API's refusal means for the caller."""
    causes = [
        FieldError(field=cause.get("field") or "", message=cause.get("message") or "")
        for cause in error.details.get("causes") or []
    ]
    if error.status == 422:
        return invalid(causes or [FieldError(field="", message=error.message)])
    if error.status == 400:
        return ProblemError(400, "bad-request", error.message, errors=causes)
    if error.status == 410:
        return ProblemError(410, "expired", f"Begin the list again without continue: {error.message}")
    if error.status == 404:
        return ProblemError(404, "not-found", error.message)
    if error.status == 409:
        slug = "already-exists" if error.reason == "AlreadyExists" else "conflict"
        return ProblemError(409, slug, error.message)
    if error.status == 403 and _is_terminating(error):
        return ProblemError(409, "conflict", error.message)
    if error.reason != OVERLOADED:  # a stranger could fill the log with those
        log.error("the Kubernetes API: %s", error)
    if error.status in (401, 403):
        return ProblemError(
            500, "kubernetes-refused", "Parley's API lacks a right in the cluster; its log names which one."
        )
    return ProblemError(
        503,
        "kubernetes-unavailable",
        "The Kubernetes API does not answer now; try again in a few seconds.",
        headers={"Retry-After": "5"},
    )


def refused_by_cluster(error: KubeError) -> ProblemError | None:
    """403 `refused-by-cluster` for a refusal that is meant for the caller, whose right was asked for before.

    Such is one by a ResourceQuota or a policy. None where the refusal is another, above all of this API's own rights.
    """
    ours = 'User "system:serviceaccount:' in error.message
    if error.status != 403 or ours or _is_terminating(error):
        return None
    return ProblemError(403, "refused-by-cluster", error.message)


def _is_terminating(error: KubeError) -> bool:
    return any(cause.get("reason") == "NamespaceTerminating" for cause in _causes(error))


def from_store(error: StoreError) -> ProblemError:
    """The store failed: nothing was acknowledged, so the same request may be sent again."""
    log.error("the store: %s", error)
    if isinstance(error, StoreUnavailableError):
        return ProblemError(
            503, "store-unavailable", "The store does not answer now; send it again.", headers={"Retry-After": "5"}
        )
    return ProblemError(500, "internal-error", "Parley's API failed; its log says why.")


def _causes(error: KubeError) -> list[dict[str, Any]]:
    return error.details.get("causes") or []


def from_validation(error: RequestValidationError) -> ProblemError:
    """422 for a body, query or path that FastAPI refused; `field` is the path within its part of the request."""
    fields = []
    for item in error.errors():
        if item["type"] == "json_invalid":
            return ProblemError(400, "bad-request", f"The body is not JSON: {item['ctx']['error']}.")
        fields.append(FieldError(field=field_path(item["loc"][1:]), message=item["msg"].removeprefix("Value error, ")))
    return invalid(fields)


def field_path(location: Sequence[str | int]) -> str:
    """The path of a value that pydantic refused, as Kubernetes writes it: `spec.questions[0].text`."""
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return path.removeprefix(".")


def from_http(error: HTTPException) -> ProblemError:
    """The problem of a plain HTTP error, such as an unknown path."""
    phrase = _phrase(error.status_code)
    slug = _SLUGS.get(error.status_code, phrase.lower().replace(" ", "-"))
    bare = error.detail == HTTPStatus(error.status_code).phrase  # Starlette's own word where nobody gave another
    detail = error.detail if not bare else f"{phrase}: see /openapi.json for what is here."
    return ProblemError(error.status_code, slug, detail, headers=error.headers)


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """These statuses for a route's OpenAPI: each a problem document."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": _phrase(status), "content": content} for status in statuses}


def _phrase(status: int) -> str:
    """The status in words, by RFC 9110; Python 3.12 has two of them in the words of the RFC before it."""
    return {413: "Content Too Large", 422: "Unprocessable Content"}.get(status, HTTPStatus(status).phrase)


def install(app: FastAPI) -> None:
    """Answer every error of `app` with a problem document; `parley_api.guard` does so for what nothing caught."""

    async def problem(_request: Request, error: Exception) -> Response:
        if isinstance(error, KubeError):
            return from_kube(error).response()
        if isinstance(error, StoreError):
            return from_store(error).response()
        if isinstance(error, RequestValidationError):
            return from_validation(error).response()
        if isinstance(error, HTTPException):
            return from_http(error).response()
        if isinstance(error, ProblemError):
            return error.response()
        raise error

    for kind in (ProblemError, KubeError, StoreError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, problem)
