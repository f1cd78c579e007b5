"""What every request can reach: one object, made at start, kept at `app.state.services`."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from parley_api.auth import Authenticator
from parley_api.interviews import InterviewCache
from parley_api.kube import Kube
from parley_api.news import News
from parley_api.settings import Settings
from parley_api.store import Store


@dataclass(frozen=True)
class Services:
    """The shared parts of one API process."""

    settings: Settings
    kube: Kube
    store: Store
    interviews: InterviewCache
    authenticator: Authenticator
    news: News
    """Woken by the bots' router for each stored batch, so that a stream of events needs not poll for it."""


def services_of(connection: HTTPConnection) -> Services:
    """The services of the app that serves this request or WebSocket."""
    services: Services = connection.app.state.services
    return services


ServicesOf = Annotated[Services, Depends(services_of)]
