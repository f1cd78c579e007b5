"""The arithmetic: what a month costs whatever happens, what an interview adds, and what is there when it is busiest."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from parley_eks.cost import prices
from parley_eks.cost.sizes import Size, size_of

HOURS = 730
"""Of a month."""
DAYS = 30
GB = 1e9
MILLION = 1e6
DAILY_FREE_MINUTES = 10_000
"""Of each month, by Daily's price list."""

type Lines = dict[str, float]
"""US dollars by what they are paid for."""


@dataclass(frozen=True)
class Assumptions:
    """What an interview is like; each is a guess until you have measured your own. Times are in minutes."""

    talk: float = field(default=20, metadata={"told": "minutes of conversation"})
    early: float = field(default=3, metadata={"told": "minutes after the window's opening at which a candidate comes"})
    no_shows: float = field(default=0.2, metadata={"told": "share of interviews whose candidate never comes"})
    start: float = field(default=1.0, metadata={"told": "minutes from a bot's pod to its room; Fargate bills them"})
    end: float = field(default=0.5, metadata={"told": "minutes from the last word to the pod's end"})
    speaking: float = field(default=0.4, metadata={"told": "share of the talk in which the interviewer speaks"})
    tokens_a_second: float = field(default=25, metadata={"told": "tokens of a second of speech, either way"})
    text_in: float = field(default=30_000, metadata={"told": "tokens of text read: prompt, tools, each new stream"})
    text_out: float = field(default=6_000, metadata={"told": "tokens of text written: both sides' words, tools"})
    media_kbit: float = field(default=100, metadata={"told": "kbit/s of a Daily room's sound through NAT, each way"})
    stored_mb: float = field(default=1, metadata={"told": "MB stored of an interview without a recording"})
    writes: float = field(default=100, metadata={"told": "objects written for an interview"})
    logged_mb: float = field(
        default=3, metadata={"told": "MB of logs of an interview, the API server's audit included"}
    )
    logged_gb: float = field(default=60, metadata={"told": "GB of logs a month with no interview at all"})
    busy_hours: float = field(default=10, metadata={"told": "hours of a day in which interviews are held"})
    peak: float = field(default=2, metadata={"told": "busiest time, as a multiple of those hours' mean"})
    talks_a_replica: int = field(
        default=40, metadata={"told": "conversations of WebSocket rooms that an API pod relays"}
    )


@dataclass(frozen=True)
class Installation:
    """What one region has, whatever is held in it: the stack's defaults; a test counts it in the stack's template."""

    nat_gateways: int = 3
    zones: int = 3
    interface_endpoints: int = 6
    load_balancers: int = 2
    web_acls: int = 2
    web_acl_rules: int = 9
    kms_keys: int = 6
    alarms: int = 14
    log_metrics: int = 5
    system_pods: int = 12
    """Of the smallest size: 2 of CoreDNS, 2 of the load balancers' controller, 1 of external-dns, 5 of External Secrets
    (its webhook and certificates among them), 2 of metrics-server."""
    kept_jobs: int = 1
    """Whose pod is done and there: the installation's for the certificates. A test holds it to the chart."""
    job_hours: float = DAYS + DAYS / 7
    """Of a month, of other Jobs' pods: the nightly one for the retention and the weekly one for the certificates, an
    hour each until they are removed."""


@dataclass(frozen=True)
class Way:
    """One way of holding interviews: what the levers are set to."""

    name: str
    start: Literal["Immediate", "OnArrival"]
    rooms: Literal["daily", "websocket"]
    bot: Size
    nat_gateways: int = 3


class Costs:
    """What the chart's profile for EKS costs.

    Args:
        values: charts/parley/values-eks.yaml, over the chart's own values.
        assumed: what an interview is like.
        installation: what a region has.
    """

    def __init__(
        self,
        values: Mapping[str, Any],
        assumed: Assumptions | None = None,
        installation: Installation | None = None,
    ) -> None:
        self.assumed = assumed or Assumptions()
        self.installation = installation or Installation()
        self.operator, self.api, self.web, self.bot, self.job = (
            size_of(values[name]["resources"]["requests"])
            for name in ("operator", "api", "web", "bots", "certificates")
        )
        self.operators: int = values["operator"]["replicas"]
        self.fewest_apis: int = values["api"]["autoscaling"]["minReplicas"]
        self.most_apis: int = values["api"]["autoscaling"]["maxReplicas"]
        self.webs: int = values["web"]["autoscaling"]["minReplicas"]
        self.lead: float = values["operator"]["leadSeconds"] / 60
        self.no_show: float = 900 / 60
        """`noShowSeconds`, by the schema's default."""

    def fixed(self, way: Way) -> Lines:
        """A month without an interview."""
        there = self.installation
        addresses = way.nat_gateways + there.load_balancers * there.zones
        pods = (
            self.operators * self.operator.hourly
            + self.fewest_apis * self.api.hourly
            + self.webs * self.web.hourly
            + there.system_pods * Size(0.25, 0.5).hourly
            + there.kept_jobs * self.job.hourly
        )
        return {
            "EKS control plane": HOURS * prices.EKS.usd,
            "pods: operator, API, pages, Jobs, add-ons": HOURS * pods + there.job_hours * self.job.hourly,
            "NAT gateways": HOURS * way.nat_gateways * prices.NAT_GATEWAY.usd,
            "interface endpoints": HOURS * there.interface_endpoints * there.zones * prices.ENDPOINT.usd,
            "load balancers": HOURS * there.load_balancers * prices.LOAD_BALANCER.usd,
            "public addresses": HOURS * addresses * prices.PUBLIC_ADDRESS.usd,
            "web ACLs": there.web_acls * prices.WEB_ACL.usd + there.web_acl_rules * prices.WEB_ACL_RULE.usd,
            "logs": self.assumed.logged_gb * prices.LOGS_GB.usd,
            "keys": there.kms_keys * prices.KMS_KEY.usd,
            "alarms, and what they count in logs": there.alarms * prices.ALARM.usd
            + there.log_metrics * prices.LOG_METRIC.usd,
        }

    def bot_minutes(self, way: Way) -> tuple[float, float]:
        """How long a bot's pod is paid for: of an interview that is held, and of a no-show."""
        assumed = self.assumed
        if way.start == "OnArrival":
            return assumed.start + assumed.talk + assumed.end, 0.0
        # The pod begins a lead time before the window, and is in its room before it opens.
        return self.lead + assumed.early + assumed.talk + assumed.end, self.lead + self.no_show + assumed.end

    def scheduled(self, way: Way) -> Lines:
        """What one interview that was scheduled adds, no-shows averaged in; Daily's free minutes aside."""
        assumed = self.assumed
        held = 1 - assumed.no_shows
        seconds = assumed.talk * 60 * held
        heard, spoken = (seconds * assumed.tokens_a_second * share for share in (1, assumed.speaking))
        to_model = seconds * (32_000 + 48_000 * assumed.speaking) * 4 / 3 / GB
        logs = assumed.logged_mb * 1e6 / GB * prices.LOGS_GB.usd
        stored = held * assumed.stored_mb * 1e6 / GB * prices.S3_GB.usd
        return {
            "bot's pod": self._bot_minutes(way) / 60 * way.bot.hourly,
            "model: speech heard": heard / MILLION * prices.SPEECH_IN.usd,
            "model: speech spoken": spoken / MILLION * prices.SPEECH_OUT.usd,
            "model: text": held
            * (assumed.text_in * prices.TEXT_IN.usd + assumed.text_out * prices.TEXT_OUT.usd)
            / MILLION,
            "way to the model": to_model * prices.ENDPOINT_GB.usd,
            **(self._daily_room(way) if way.rooms == "daily" else self._websocket_room()),
            "logs": logs,
            "store": held * assumed.writes / 1000 * prices.S3_PUT.usd + stored,
        }

    def month(self, way: Way, a_day: int) -> float:
        """All of a month with so many scheduled a day."""
        return sum(self.sum_of(way, a_day).values())

    def sum_of(self, way: Way, a_day: int) -> Lines:
        """What a month's total is the sum of; what is let off is below nought."""
        scheduled = a_day * DAYS
        lines = {
            "without an interview": sum(self.fixed(way).values()),
            "interviews": scheduled * sum(self.scheduled(way).values()),
        }
        if way.rooms == "daily":
            free = min(DAILY_FREE_MINUTES, scheduled * self._daily_minutes(way))
            return lines | {"Daily's free minutes": -free * prices.DAILY_MINUTE.usd}
        more = max(0, math.ceil(self._talking(a_day) / self.assumed.talks_a_replica) - self.fewest_apis)
        return lines | {"more API pods": more * DAYS * self.assumed.busy_hours * self.api.hourly}

    def busiest(self, way: Way, a_day: int) -> Mapping[str, float]:
        """What is there at the busiest time, in the figures that limits are told in."""
        assumed = self.assumed
        a_minute = a_day / (assumed.busy_hours * 60) * assumed.peak
        pods = math.ceil(a_minute * self._bot_minutes(way))
        talks = math.ceil(self._talking(a_day) * assumed.peak)
        apis = self.fewest_apis
        if way.rooms == "websocket":
            apis = max(apis, math.ceil(talks / assumed.talks_a_replica))
        others = (
            self.operators * self.operator.vcpu
            + apis * self.api.vcpu
            + self.webs * self.web.vcpu
            + self.installation.system_pods * 0.25
            + self.installation.kept_jobs * self.job.vcpu
        )
        return {
            "starts a minute": a_minute if way.start == "Immediate" else a_minute * (1 - assumed.no_shows),
            "bots": pods,
            "streams of the model": talks,
            "vCPUs of Fargate": pods * way.bot.vcpu + others,
            "API pods": apis,
        }

    def _bot_minutes(self, way: Way) -> float:
        held, no_show = self.bot_minutes(way)
        return held * (1 - self.assumed.no_shows) + no_show * self.assumed.no_shows

    def _talking(self, a_day: int) -> float:
        """Conversations at a time, as the mean of the busy hours."""
        return a_day * (1 - self.assumed.no_shows) * self.assumed.talk / (self.assumed.busy_hours * 60)

    def _daily_minutes(self, way: Way) -> float:
        """Participants' minutes: the bot's own, who waits in the room, and the candidate's."""
        return self._bot_minutes(way) + self.assumed.talk * (1 - self.assumed.no_shows)

    def _daily_room(self, way: Way) -> Lines:
        one_way = self.assumed.talk * 60 * (1 - self.assumed.no_shows) * self.assumed.media_kbit * 1000 / 8 / GB
        return {
            "Daily": self._daily_minutes(way) * prices.DAILY_MINUTE.usd,
            "sound's way": 2 * one_way * prices.NAT_GB.usd + one_way * prices.INTERNET_GB.usd,
        }

    def _websocket_room(self) -> Lines:
        """Sound without compression: 16 bits at 16 kHz from the candidate, at 24 kHz to them while it is spoken."""
        seconds = self.assumed.talk * 60 * (1 - self.assumed.no_shows)
        there, back = seconds * 32_000 / GB, seconds * 48_000 * self.assumed.speaking / GB
        return {"Daily": 0.0, "sound's way": (there + back) * prices.LCU.usd + back * prices.INTERNET_GB.usd}
