"""The settings of an installation: CDK context values named `parley:<name>`, each documented here and nowhere else.

They stand in a file that PARLEY_EKS_SETTINGS names (examples/ has two), or on the command line
(`-c parley:retentionDays=90`; a list or an object as JSON).
"""

import json
from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic.alias_generators import to_camel

from parley_eks.names import KEDA, SYSTEM_NAMESPACE
from parley_eks.regions import DAILY_GEO, DAILY_GEOS, NOVA_SONIC_REGIONS, ZONES

PREFIX = "parley:"

Label = Annotated[str, Field(pattern=r"^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$")]
Host = Annotated[str, Field(pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$")]
RegionName = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$")]
RoleArn = Annotated[str, Field(pattern=r"^arn:aws(-[a-z]+)*:iam::[0-9]{12}:role/[\w+=,.@/-]+$")]
Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]

# What CloudWatch Logs takes (PutRetentionPolicy).
LogDays = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]


class SettingsError(Exception):
    """A setting is missing or malformed; each line of the message names one."""


class _Model(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=False, extra="forbid", frozen=True, str_strip_whitespace=True
    )


class Region(_Model):
    """One region: a cluster of its own, a stack of its own, host names of its own."""

    region: RegionName = Field(description="The AWS region, as in us-east-1.")
    host: Host = Field(description="Where candidates' pages are reached; links carry it. Of this region alone.")
    api_host: Host = Field(description="Where the API is reached by browsers. Of this region alone.")
    cidr: IPv4Network = Field(
        default=IPv4Network("10.64.0.0/16"),
        description="The VPC's private network, a /16: every bot takes an address. Regions that are peered differ.",
    )
    zones: tuple[str, ...] = Field(
        default=(), description="Three availability zones; those of a known region if left out."
    )
    model_region: RegionName | None = Field(
        default=None, description="Where Nova Sonic is called; the region itself if left out."
    )
    daily_geo: str | None = Field(default=None, description="Daily's media region; the nearest one if left out.")
    daily_domain: Label | None = Field(
        default=None,
        description="A Daily domain (the subdomain of daily.co) that records into a bucket of yours: makes the bucket,"
        " and a role that lets this domain write there. A domain has one bucket, so it is of this region alone. Left"
        " out, Daily keeps recordings itself, and Parley deletes them there.",
    )
    recordings_days: Annotated[int, Field(ge=1, le=3650)] | None = Field(
        default=None,
        description="After how many days that bucket drops a recording: goes with dailyDomain. Neither an erasure on"
        " demand nor a template's retention reaches what is in it, so this is how long it may outlive either.",
    )

    @field_validator("cidr")
    @classmethod
    def _private(cls, cidr: IPv4Network) -> IPv4Network:
        # The bots' way out is to public addresses alone, which are told from private ones by RFC 1918.
        if cidr.prefixlen != 16 or not any(cidr.subnet_of(private) for private in PRIVATE_NETWORKS):
            raise ValueError("must be a /16 of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16")
        return cidr

    @model_validator(mode="after")
    def _known(self) -> Self:
        zones = self.zones or ZONES.get(self.region, ())
        if len(set(zones)) != 3 or any(zone[:-1] != self.region for zone in zones):
            raise ValueError(f"zones: name three availability zones of {self.region}, such as {self.region}a")
        model_region = self.model_region or self.region
        if model_region not in NOVA_SONIC_REGIONS:
            known = ", ".join(sorted(NOVA_SONIC_REGIONS))
            raise ValueError(f"modelRegion: Nova Sonic does not answer in {model_region}; name one of {known}")
        if (self.daily_geo or DAILY_GEO.get(self.region)) not in DAILY_GEOS:
            raise ValueError(f"dailyGeo: name one of {', '.join(sorted(DAILY_GEOS))}")
        if (self.daily_domain is None) != (self.recordings_days is None):
            raise ValueError("dailyDomain, recordingsDays: one makes a bucket, the other ends what is in it; name both")
        if self.host == self.api_host:
            raise ValueError("apiHost: pages and API are services of their own, with a host name each")
        return self

    @property
    def availability_zones(self) -> tuple[str, ...]:
        """The three zones, named or known."""
        return self.zones or ZONES[self.region]

    @property
    def model(self) -> str:
        """The region in which the model is called."""
        return self.model_region or self.region

    @property
    def geo(self) -> str:
        """Daily's media region for rooms of this one."""
        return self.daily_geo or DAILY_GEO[self.region]


PRIVATE_NETWORKS = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
"""RFC 1918."""


class HostedZone(_Model):
    """The public Route 53 zone that all host names are in."""

    id: Annotated[str, Field(pattern=r"^Z[A-Z0-9]{1,31}$")] = Field(description="As in Z0123456789ABCDEFGHIJ.")
    name: Host = Field(description="As in example.com.")


class Budget(_Model):
    """What a month may cost before people are told."""

    monthly_usd: Annotated[int, Field(ge=1)] = Field(
        description="US dollars a month, of all that the account pays AWS for: neither calls of Bedrock nor pods on"
        " Fargate carry a tag. What Daily is paid is on no invoice of AWS."
    )
    emails: Annotated[tuple[Email, ...], Field(min_length=1, max_length=10)] = Field(
        description="Who is told at 80 % and 100 % spent, and when 100 % is forecast."
    )


class Settings(_Model):
    """Everything that an installation says of itself."""

    account: Annotated[str, Field(pattern=r"^[0-9]{12}$")] = Field(description="The AWS account's number.")
    # What the chart takes, for the names of rooms; a load balancer's, with `-web` or `-api` after it, may have 32.
    installation: Annotated[Label, Field(max_length=22)] = Field(
        default="parley",
        description="The installation's name, of 22 characters at most: of the cluster, the parameters, the load"
        " balancers, the tags; the chart's own.",
    )
    regions: Annotated[tuple[Region, ...], Field(min_length=1, max_length=10)] = Field(
        description="The regions, each with its host names; one makes a whole installation."
    )
    hosted_zone: HostedZone = Field(description="The public Route 53 zone of the host names.")

    kubernetes_version: Literal["1.34", "1.35", "1.36"] = Field(
        default="1.35", description="The control plane's version; 1.35 is what the project's own tests run on."
    )
    namespace: Label = Field(default="parley", description="Namespace of the release.")
    release: Label = Field(
        default="parley", description="Name of the Helm release: the profile selects its pods by it."
    )
    bots_namespace: Label = Field(default="parley-bots", description="The one namespace of bots.")
    interview_namespaces: Annotated[tuple[Label, ...], Field(min_length=1)] = Field(
        default=("interviews",),
        description="Namespaces whose Interviews are served: there alone the operator may make and read Secrets.",
    )
    # By fives, with two profiles of Parley's own and kube-system's: while all of them change, nine of the ten that a
    # cluster may have are there.
    system_namespaces: Annotated[tuple[Label, ...], Field(min_length=1, max_length=16)] = Field(
        default=(SYSTEM_NAMESPACE, "external-secrets", "external-dns", "argocd", "flux-system"),
        description="Namespaces of the cluster's own programs, kube-system among them: no pod of any other starts. Each"
        " five beside kube-system make a Fargate profile. Name new ones behind those that are there: a profile is made"
        " anew for one more, and then the pods of its up to four others start anew, in any other order those of all.",
    )
    keda: bool = Field(
        default=False,
        description="KEDA scales by what CloudWatch counts: a role for it, which reads metrics. Its namespace, keda, is"
        " to be among systemNamespaces.",
    )
    admins: Annotated[tuple[RoleArn, ...], Field(min_length=1)] = Field(
        description="IAM roles that administer the cluster. Whoever makes the stack is none by that."
    )
    viewers: tuple[RoleArn, ...] = Field(default=(), description="IAM roles that may look at all but Secrets.")
    api_server_cidrs: tuple[IPv4Network, ...] = Field(
        default=(), description="Networks that reach the Kubernetes API from outside; none: from within the VPC alone."
    )

    models: Annotated[tuple[str, ...], Field(min_length=1)] = Field(
        default=("amazon.nova-2-5-sonic",), description="Ids of the Bedrock models that bots may use, and no other."
    )
    daily: bool = Field(
        default=False,
        description="Interviews may be held in Daily's rooms: its key comes from Parameter Store, and bots may send"
        " media. Recordings stay with Daily, unless a region names its dailyDomain.",
    )
    # Of the 60 rules that a security group has, what is public takes 51, and the inside five.
    webhook_networks: Annotated[tuple[IPv4Network, ...], Field(max_length=4)] = Field(
        default=(),
        description="Private networks, four at most, in which webhooks of templates' tools may be, at 443 alone:"
        " whoever may write a template can have any address in them called. The way there (peering, a VPN, routes) is"
        " yours.",
    )
    retention_days: Annotated[int, Field(ge=1, le=3650)] = Field(
        default=3650,
        description="After how many days the interviews' bucket drops what is in it, whatever templates say. Not less"
        " than any template's retentionDays: the API's own retention comes first, this holds if it does not run.",
    )
    access_log_days: Annotated[int, Field(ge=1, le=3650)] = Field(
        default=90, description="For how many days load balancers' and buckets' access logs are kept."
    )
    log_days: LogDays = Field(default=90, description="For how many days CloudWatch keeps logs.")
    nat_gateways: Annotated[int, Field(ge=1, le=3)] = Field(
        default=3, description="NAT gateways: one for each zone, or fewer that cost less and fall with their zone."
    )
    visitors: tuple[IPv4Network, ...] = Field(
        default=(IPv4Network("0.0.0.0/0"),), description="Networks that may reach the load balancers."
    )
    join_rate: Annotated[int, Field(ge=10)] = Field(
        default=3000,
        description="Requests below /join/v1 that one address may make in five minutes. A page that waits makes a"
        " hundred; a whole school may be one address.",
    )
    request_rate: Annotated[int, Field(ge=100)] = Field(
        default=10_000, description="Requests of any kind that one address may make in five minutes to pages or API."
    )
    alarm_emails: tuple[Email, ...] = Field(default=(), description="Who is told of alarms; each has to agree once.")
    runbooks: Annotated[str, Field(pattern=r"^https?://[^\s#]+$")] = Field(
        default="https://parley.dev/docs/operations/alarms",
        description="Where docs/operations/alarms.md is read; each alarm links to its section there.",
    )
    budget: Budget | None = Field(default=None, description="A monthly budget; none if left out.")
    cost_center: Annotated[str, Field(min_length=1, max_length=64)] = Field(
        default="parley", description="The value of the cost-center tag on everything."
    )

    @field_validator("system_namespaces")
    @classmethod
    def _holds_dns(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if SYSTEM_NAMESPACE not in names:
            raise ValueError(f"{SYSTEM_NAMESPACE} must be among them: without it the cluster has no DNS")
        return names

    @field_validator("api_server_cidrs")
    @classmethod
    def _restricted(cls, networks: tuple[IPv4Network, ...]) -> tuple[IPv4Network, ...]:
        for network in networks:
            if network.prefixlen < 16:
                raise ValueError(f"{network} is most of the Internet; name your own networks, /16 or smaller")
        return networks

    @field_validator("webhook_networks")
    @classmethod
    def _within(cls, networks: tuple[IPv4Network, ...]) -> tuple[IPv4Network, ...]:
        for network in networks:
            if not any(network.subnet_of(private) for private in PRIVATE_NETWORKS):
                raise ValueError(f"{network} is no private network; public addresses are reached without being named")
        return networks

    @field_validator("models")
    @classmethod
    def _whole_ids(cls, models: tuple[str, ...]) -> tuple[str, ...]:
        for model in models:
            if "*" in model or "/" in model or "." not in model:
                raise ValueError(f"{model!r} is not one model's id such as amazon.nova-2-5-sonic")
        return models

    @model_validator(mode="after")
    def _keda_runs(self) -> Self:
        if self.keda and KEDA not in self.system_namespaces:
            raise ValueError(f"keda: add its namespace, {KEDA}, to systemNamespaces, else no pod of it starts")
        return self

    @model_validator(mode="after")
    def _webhooks_outside(self) -> Self:
        for region in self.regions:
            for network in self.webhook_networks:
                # There are the API server, the endpoints of AWS and the bots.
                if network.overlaps(region.cidr):
                    raise ValueError(f"webhookNetworks: {network} is in {region.region}'s own network, or has it in it")
        return self

    @model_validator(mode="after")
    def _apart(self) -> Self:
        names = [region.region for region in self.regions]
        if len(set(names)) != len(names):
            raise ValueError("regions: a region stands there twice")
        hosts = [host for region in self.regions for host in (region.host, region.api_host)]
        for host in hosts:
            # A link is known to one cluster alone: a name of two of them would open it at the wrong one.
            if hosts.count(host) > 1:
                raise ValueError(f"regions: {host} is the host of two; each service of each region has its own")
            if not host.endswith(f".{self.hosted_zone.name}"):
                raise ValueError(f"regions: {host} is not in hostedZone.name, {self.hosted_zone.name}")
        for region in self.regions:
            if region.daily_domain is None:
                continue
            if not self.daily:
                raise ValueError(f"regions: {region.region} has a dailyDomain, and parley:daily is not true")
            if [each.daily_domain for each in self.regions].count(region.daily_domain) > 1:
                raise ValueError(
                    f"regions: dailyDomain {region.daily_domain} is of two; a domain records into one bucket alone"
                )
        namespaces = [self.namespace, self.bots_namespace, *self.system_namespaces, *self.interview_namespaces]
        for name in namespaces:
            if namespaces.count(name) > 1:
                raise ValueError(
                    f"namespaces: {name} is used twice; release, bots, interviews and the cluster's programs are apart"
                )
        return self


def read_settings(context: Mapping[str, Any]) -> Settings:
    """The settings in a CDK context; keys without the prefix are CDK's own.

    Raises:
        SettingsError: one is missing, malformed or unknown; each is named as it is written in the context.
    """
    given = {key.removeprefix(PREFIX): _parsed(value) for key, value in context.items() if key.startswith(PREFIX)}
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        faults = error.errors(include_url=False)
        raise SettingsError("\n".join(_told(fault["loc"], fault["msg"]) for fault in faults)) from error


def _parsed(value: object) -> object:
    """A value of the command line is text; a list, an object or a number is JSON in it."""
    if not isinstance(value, str):
        return value
    try:
        parsed = json.loads(value)
    except ValueError:
        return value
    # An account's number and a version are text that looks like numbers.
    return parsed if isinstance(parsed, list | dict) else value


def _told(location: tuple[str | int, ...], message: str) -> str:
    message = message.removeprefix("Value error, ")
    where = ".".join(str(part) for part in location)
    if message == "Field required":
        message = "is missing"
    return f"{PREFIX}{where}: {message}" if where else f"{PREFIX}{message}"
