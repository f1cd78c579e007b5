"""The two applications: one for people and candidates, one for bots and the operator."""

import logging
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fastapi import FastAPI, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.openapi.utils import get_openapi
from parley_protocol import Problem

from parley_api import problems
from parley_api.bots import bots_router
from parley_api.candidates import candidates_router
from parley_api.guard import AnswerHeaders, Guard
from parley_api.people import people_router
from parley_api.relay import relay_router
from parley_api.services import Services, ServicesOf
from parley_api.settings import Settings
from parley_api.store import StoreError

log = logging.getLogger(__name__)

REF = "#/components/schemas/{model}"


def public_app(settings: Settings) -> FastAPI:
    """The application of the public port. `serve` gives it its services."""
    app = _app("Parley")
    app.include_router(people_router)
    app.include_router(candidates_router)
    app.include_router(relay_router)
    _add_health(app)
    # The last one added is the outermost: the headers are on CORS's own answers too, and CORS's on the guard's.
    app.add_middleware(Guard, max_body_bytes=settings.max_body_bytes)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.cors_origins,
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type", "Last-Event-ID"],
        expose_headers=["Retry-After"],
        max_age=600,
    )
    app.add_middleware(AnswerHeaders)
    return app


def internal_app(settings: Settings) -> FastAPI:
    """The application of the internal port. `serve` gives it its services."""
    app = _app("Parley, inside")
    app.include_router(bots_router)
    _add_health(app)
    app.add_middleware(Guard, max_body_bytes=settings.max_body_bytes)
    app.add_middleware(AnswerHeaders)
    return app


def serve(app: FastAPI, services: Services) -> FastAPI:
    """Give the application its services; before this it can only describe itself."""
    app.state.services = services
    return app


def _app(title: str) -> FastAPI:
    app = FastAPI(
        title=title,
        version=_version(),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # An operation is named by its function, not by its whole path: clients generate readable names from it.
        generate_unique_id_function=lambda route: route.name,
    )
    problems.install(app)

    def describe() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _with_problems(get_openapi(title=app.title, version=app.version, routes=app.routes))
        return app.openapi_schema

    # FastAPI's documented way to change the description.
    app.openapi = describe  # type: ignore[method-assign]  # FastAPI's documented hook
    return app


def _with_problems(document: dict[str, Any]) -> dict[str, Any]:
    """Describe errors as they are: problem documents, in place of FastAPI's own form of 422."""
    schema = Problem.model_json_schema(ref_template=REF)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(schema.pop("$defs", {}))
    schemas["Problem"] = schema
    for path in document["paths"].values():
        for operation in path.values():
            if "422" in operation["responses"]:
                operation["responses"].update({str(k): v for k, v in problems.problem_responses(422).items()})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    return document


def _add_health(app: FastAPI) -> None:
    store_answered = False

    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> Response:
        """The process answers."""
        return Response("ok", media_type="text/plain")

    @app.get("/readyz", include_in_schema=False)
    async def readyz(services: ServicesOf) -> Response:
        """The Interviews were listed, and the store could be reached: each once.

        An outage of the store takes no pod out of the Service: it hits all of them, most that is asked for needs no
        store, and a route that does says so with a 503.
        """
        nonlocal store_answered
        if not services.interviews.ready:
            raise problems.ProblemError(503, "unavailable", "The Interviews have not been listed yet.")
        if not store_answered:
            try:
                await services.store.check()
            except StoreError as error:
                log.warning("not ready: the store does not answer: %s", error)
                raise problems.ProblemError(
                    503, "unavailable", "The store does not answer; the log says why."
                ) from error
            store_answered = True
        return Response("ok", media_type="text/plain")


def _version() -> str:
    try:
        return version("parley")
    except PackageNotFoundError:
        # In the image the packages are plain folders, not an installed distribution.
        return "0.1.0"
