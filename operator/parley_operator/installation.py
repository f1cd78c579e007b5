"""What the installation fixes for every interview: where things are, what a bot's pod is made of, and its bounds."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from parley_crds import BotSettings
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from parley_operator.capacity import Capacity

_QUANTITY = re.compile(
    r"(?P<number>[0-9]+\.?[0-9]*|\.[0-9]+)((?P<suffix>[numkMGTPE]|[KMGTPE]i)|[eE](?P<exponent>[+-]?[0-9]{1,2}))?"
)
"""https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/, without negative amounts."""
_SUFFIXES: dict[str, Decimal] = (
    {letter: Decimal(1000) ** -power for power, letter in enumerate("mun", start=1)}
    | {letter: Decimal(1000**power) for power, letter in enumerate("kMGTPE", start=1)}
    | {f"{letter}i": Decimal(1024**power) for power, letter in enumerate("KMGTPE", start=1)}
)


def parse_quantity(text: str) -> Decimal:
    """A Kubernetes quantity (`500m`, `1Gi`, `2`, `1e9`) as a number.

    Raises:
        ValueError: it is none.
    """
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a quantity")
    if match["exponent"] is not None:
        return Decimal(match["number"]).scaleb(int(match["exponent"]))
    return Decimal(match["number"]) * _SUFFIXES.get(match["suffix"], Decimal(1))


def _require_quantity(text: str) -> str:
    parse_quantity(text)
    return text


Quantity = Annotated[str, AfterValidator(_require_quantity)]


class Amounts(BaseModel):
    """The most that a template may ask for; an amount that is unset is not bounded."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    cpu: Quantity | None = None
    memory: Quantity | None = None
    ephemeral_storage: Quantity | None = Field(default=None, alias="ephemeral-storage")


class BotDefaults(BaseModel):
    """`PARLEY_BOT_DEFAULTS_FILE`: the chart's part of every bot pod, and what a template may change of it."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        frozen=True,
        # An amount without a unit is a number in the chart's values.
        coerce_numbers_to_str=True,
    )

    image: str
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] = "IfNotPresent"
    image_pull_secrets: list[str] = Field(default=[])
    service_account_name: str = "parley-bot"
    resources: dict[Literal["requests", "limits"], dict[str, Quantity]] = Field(default={})
    max_resources: Amounts = Amounts()
    requests_are_limits: bool = False
    """As on Fargate, which gives a pod what it requests: there is nothing up to a limit above it."""
    node_selector: dict[str, str] = Field(default={})
    tolerations: list[dict[str, Any]] = Field(default=[])
    priority_class_name: str | None = None
    allowed_node_selector_keys: list[str] = Field(default=[])
    allowed_toleration_keys: list[str] = Field(default=[])
    allowed_priority_classes: list[str] = Field(default=[])
    termination_grace_period_seconds: int = Field(default=20, ge=1)
    env: list[dict[str, Any]] = Field(default=[])
    ca_config_map: str = "parley-internal-ca"
    tmp_size_limit: Quantity = "256Mi"

    @model_validator(mode="after")
    def _within_its_own_bounds(self) -> Self:
        """Otherwise every template that sets no resources would be blamed for the installation's."""
        problem = _resources_problem(merged_resources(BotSettings(), self), self)
        if problem is not None:
            raise ValueError(problem.removeprefix("bot."))
        return self


@dataclass(frozen=True, slots=True)
class Installation:
    """One installation of Parley. Times are in seconds."""

    name: str
    bots_namespace: str
    link_keys: tuple[bytes, ...] = field(repr=False)
    """The first one signs; rooms of any of them are the installation's own."""
    link_base_url: str
    api_url: str
    bot: BotDefaults
    room_providers: frozenset[str] = frozenset({"websocket"})
    default_room_provider: Literal["websocket", "daily"] = "websocket"
    daily_geo: str | None = None
    """Daily's media region of rooms whose template names none; None: Daily's own choice."""
    lead_seconds: int = 120
    """How long before `window.notBefore` an Immediate interview gets its bot."""
    start_deadline_seconds: int = 180
    """After how long a bot that is not ready is replaced; a cold pod on Fargate takes 45-90 s."""
    capacity: Capacity = field(default_factory=Capacity)

    @property
    def link_key(self) -> bytes:
        """The key that signs links, and that tickets and rooms' names are made of."""
        return self.link_keys[0]


def bounds_problem(bot: BotSettings, defaults: BotDefaults) -> str | None:
    """Why the installation does not allow what a template asks of the bot's pod; None where it does."""
    for key in bot.node_selector:
        if key not in defaults.allowed_node_selector_keys:
            return f"bot.nodeSelector: the key {key} is not allowed by this installation"
    for toleration in bot.tolerations:
        if toleration.key is None or toleration.key not in defaults.allowed_toleration_keys:
            return f"bot.tolerations: the key {toleration.key or '(every)'} is not allowed by this installation"
    if bot.priority_class_name is not None and bot.priority_class_name not in defaults.allowed_priority_classes:
        return f"bot.priorityClassName: {bot.priority_class_name} is not allowed by this installation"
    return _resources_problem(merged_resources(bot, defaults), defaults)


def merged_resources(bot: BotSettings, defaults: BotDefaults) -> dict[str, dict[str, str]]:
    """The installation's resources with the template's amounts over them."""
    asked: Mapping[str, Mapping[str, str]] = {} if bot.resources is None else bot.resources.to_dict()
    kinds: tuple[Literal["requests", "limits"], ...] = ("requests", "limits")
    return {kind: dict(defaults.resources.get(kind, {})) | dict(asked.get(kind, {})) for kind in kinds}


def _resources_problem(resources: Mapping[str, Mapping[str, str]], defaults: BotDefaults) -> str | None:
    bounds = defaults.max_resources.model_dump(by_alias=True, exclude_none=True)
    for kind, amounts in resources.items():
        for name, bound in bounds.items():
            if name in amounts and parse_quantity(amounts[name]) > parse_quantity(bound):
                return f"bot.resources.{kind}.{name}: {amounts[name]} is more than this installation allows ({bound})"
    for name, asked in resources["requests"].items():
        limit = resources["limits"].get(name)
        if limit is not None and parse_quantity(asked) > parse_quantity(limit):
            return f"bot.resources.requests.{name}: {asked} is more than the limit ({limit})"
    return _difference(resources) if defaults.requests_are_limits else None


def _difference(resources: Mapping[str, Mapping[str, str]]) -> str | None:
    """Where request and limit are not one amount."""
    for name in ("cpu", "memory"):
        asked, limit = resources["requests"].get(name), resources["limits"].get(name)
        if asked is None or limit is None or parse_quantity(asked) != parse_quantity(limit):
            told = f"the request ({asked or 'none'}) and the limit ({limit or 'none'})"
            return f"bot.resources: this installation wants one amount for {told} of {name}"
    return None
