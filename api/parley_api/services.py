"""What every request can reach: one object, made at start, kept at `app.state.services`."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from parley_api.auth import Authenticator
from parley_api.failures import FailureLimit
from parley_api.interviews import InterviewCache
from parley_api.kube import Kube
from parley_api.news import News
from parley_api.settings import Settings
from parley_api.store import Store
from parley_api.templates import Templates


@dataclass(frozen=True)
class Services:
    """The shared parts of one API process."""

    settings: Settings
    kube: Kube
    store: Store
    interviews: InterviewCache
    templates: Templates
    authenticator: Authenticator
    link_failures: FailureLimit
    news: News
    """Rung by the bots' router for each stored batch, so that a stream of events need not poll for it."""

    @classmethod
    def build(cls, settings: Settings, kube: Kube, store: Store) -> "Services":
        """The parts over a connection and a store; the cache is empty until its `run` is started."""
        news = News()
        return cls(
            settings=settings,
            kube=kube,
            store=store,
            interviews=InterviewCache(kube, settings.watch_namespaces, news.ring),
            templates=Templates(kube),
            authenticator=Authenticator(kube),
            link_failures=FailureLimit(),
            news=news,
        )


def services_of(connection: HTTPConnection) -> Services:
    """The services of the app that serves this request or WebSocket."""
    services: Services = connection.app.state.services
    return services


ServicesOf = Annotated[Services, Depends(services_of)]
