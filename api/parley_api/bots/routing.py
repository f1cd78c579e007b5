"""What the errors of store and cluster mean for a bot or the operator."""

import logging
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from parley_api.kube import KubeError
from parley_api.problems import ProblemError
from parley_api.store import StoreKeyError, StoreUnavailableError
from parley_api.transcripts.erasure import ErasedError

log = logging.getLogger(__name__)


class StoreRoute(APIRoute):
    """A route whose handler uses the store: an outage is a 503 to repeat, never an acknowledgement.

    So is whatever the Kubernetes API answers: a bot takes other 4xx for the last word and ends the conversation, and a
    status that could not be written is never its fault.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """See APIRoute."""
        handle = super().get_route_handler()

        async def handle_store_errors(request: Request) -> Response:
            try:
                return await handle(request)
            except StoreUnavailableError as error:
                raise ProblemError(
                    503,
                    "store-unavailable",
                    f"Nothing was stored; send it again. {error}",
                    headers={"Retry-After": "2"},
                ) from error
            except KubeError as error:
                log.error("the Kubernetes API, for %s: %s", request.url.path, error)  # noqa: TRY400 - a line says it
                raise ProblemError(
                    503,
                    "kubernetes-unavailable",
                    "The cluster did not take it now; send it again.",
                    headers={"Retry-After": "2"},
                ) from error
            except ErasedError as error:
                raise ProblemError(409, "interview-erased", "The interview was erased: stop.") from error
            except StoreKeyError as error:
                raise ProblemError(422, "invalid", str(error)) from error

        return handle_store_errors
