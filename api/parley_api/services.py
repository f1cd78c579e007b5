"""What every request can reach: one object, made at start, kept at `app.state.services`."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from parley_rooms.provider import RecordedRooms
from starlette.requests import HTTPConnection

from parley_api.auth import Authenticator
from parley_api.bot_directory import BotDirectory, user_name
from parley_api.daily import daily_rooms
from parley_api.failures import FailureLimit
from parley_api.interviews import InterviewCache
from parley_api.kube import Kube
from parley_api.news import News
from parley_api.settings import Settings
from parley_api.store import Store
from parley_api.templates import Templates
from parley_api.transcripts.event_log import EventLog
from parley_api.webhooks import GuardedNetwork, Webhooks, tls_context


@dataclass(frozen=True)
class Services:
    """The shared parts of one API process."""

    settings: Settings
    kube: Kube
    store: Store
    interviews: InterviewCache
    templates: Templates
    authenticator: Authenticator
    event_log: EventLog
    bots: BotDirectory
    link_failures: FailureLimit
    daily: RecordedRooms | None
    """Daily's rooms; None without a key."""
    webhooks: Webhooks
    news: News
    """Rung by the bots' router for each stored batch, so that a stream of events need not poll for it."""

    @classmethod
    def build(cls, settings: Settings, kube: Kube, store: Store) -> "Services":
        """The parts over a connection and a store; the cache is empty until its `run` is started."""
        news = News()
        authenticator = Authenticator(kube)
        return cls(
            settings=settings,
            kube=kube,
            store=store,
            interviews=InterviewCache(kube, settings.watch_namespaces, news.ring),
            templates=Templates(kube),
            authenticator=authenticator,
            event_log=EventLog(store),
            bots=BotDirectory(
                kube,
                authenticator,
                namespace=settings.bots_namespace,
                service_account=settings.bot_service_account,
                operator=user_name(settings.namespace, settings.operator_service_account),
            ),
            link_failures=FailureLimit(),
            daily=daily_rooms(settings),
            webhooks=Webhooks(GuardedNetwork(settings.webhook_networks), tls_context(settings.webhook_ca_file)),
            news=news,
        )

    async def aclose(self) -> None:
        """Close the connections of the parts."""
        if self.daily is not None:
            await self.daily.aclose()
        await self.webhooks.aclose()
        await self.kube.close()


def services_of(connection: HTTPConnection) -> Services:
    """The services of the app that serves this request or WebSocket."""
    services: Services = connection.app.state.services
    return services


ServicesOf = Annotated[Services, Depends(services_of)]
