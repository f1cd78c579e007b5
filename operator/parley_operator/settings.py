"""The operator's settings, from environment variables that begin with `PARLEY_`."""

import json
import re
import socket
from pathlib import Path
from typing import Annotated, Literal

from parley_crds.template import DailyRegion
from parley_rooms.daily import API_URL
from parley_rooms.links import link_keys
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as SourceError

from parley_operator.capacity import Capacity
from parley_operator.installation import BotDefaults, Installation

Name = Annotated[str, Field(min_length=1)]


class SettingsError(Exception):
    """A setting is missing or malformed; the message is one line that names it."""


class Settings(BaseSettings):
    """Every setting of the operator."""

    model_config = SettingsConfigDict(env_prefix="PARLEY_", env_ignore_empty=True, extra="ignore", frozen=True)

    installation: Annotated[str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$")] = Field(
        description="The installation's name, on the label of all that it makes and in its rooms' names."
    )
    namespace: Name = Field(description="The release's namespace, which holds the operator's Lease.")
    pod_name: Name = Field(
        default_factory=socket.gethostname, description="This replica's name, in the Lease and in the audit log."
    )
    version: Name = Field(default="unknown", description="The program's version, for logs and metrics.")
    bots_namespace: Name = Field(description="The one namespace in which bots run.")
    link_key: SecretStr = Field(
        description="Signs the candidates' links; the API has the same one. While it is changed, one a line: the first"
        " signs, all are accepted."
    )
    link_base_url: Name = Field(description="Where candidates reach the web pages, as in https://talk.example.com.")
    api_internal_url: Name = Field(description="The API's internal listener, for the operator and the bots.")
    ca_file: Path = Field(description="The CA that signed the API's internal certificate, in PEM.")
    token_file: Path = Field(description="The projected token of audience parley-api; it is read at each call.")
    bot_defaults_file: Path = Field(description="The chart's part of a bot's pod, a JSON file.")
    default_room_provider: Literal["websocket", "daily"] = Field(
        default="websocket", description="The provider of templates that name none."
    )
    daily_api_key_file: Path | None = Field(
        default=None, description="The key of the Daily domain; it is read at each call. Unset: no Daily rooms."
    )
    daily_secret: str | None = Field(
        default=None, description="The Secret that the key is mounted from, as namespace/name: what people are to mend."
    )
    daily_api_url: str = Field(default=API_URL, description="Daily's REST API.")
    daily_geo: DailyRegion | None = Field(
        default=None, description="Daily's media region of rooms whose template names none; unset: Daily's own choice."
    )
    watch_namespaces: list[str] = Field(
        default=[], description="Where interviews may be, a JSON list; empty: in every namespace."
    )
    lead_seconds: int = Field(default=120, ge=0, description="How long before notBefore an Immediate bot starts.")
    start_deadline_seconds: int = Field(
        default=180,
        ge=5,
        description="After how long a bot that is not ready is replaced; the chart takes 180 or more.",
    )
    capacity: Capacity = Field(
        default=Capacity(),
        description="How many interviews may have a bot at once: a JSON object of total, perNamespace and namespaces.",
    )
    health_port: int = Field(default=8080, ge=0, description="The port of /healthz and /readyz; 0 takes a free one.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", description="What is logged.")
    log_format: Literal["text", "json"] = Field(
        default="text", description="Lines for people, or a JSON object a line for machines."
    )

    @field_validator("link_key")
    @classmethod
    def _are_keys(cls, value: SecretStr) -> SecretStr:
        link_keys(value.get_secret_value())
        return value


def read_settings() -> Settings:
    """The settings of this process.

    Raises:
        SettingsError: one is missing or malformed.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        setting, *inside = map(str, first["loc"])
        told = ": ".join(filter(None, [".".join(inside), first["msg"]]))
        raise SettingsError(f"PARLEY_{setting.upper()}: {told}") from error
    except SourceError as error:  # a value is no JSON; the message names its field
        named = re.search(r'field "(\w+)"', str(error))
        raise SettingsError(f"PARLEY_{named[1].upper() if named else ''}: it is not JSON") from error


def read_installation(settings: Settings) -> Installation:
    """What the settings fix for every interview.

    Raises:
        SettingsError: the bot's defaults can't be read, or Daily is the default and has no key.
    """
    if settings.default_room_provider == "daily" and settings.daily_api_key_file is None:
        raise SettingsError("PARLEY_DAILY_API_KEY_FILE: the default room provider is daily, which needs its key")
    providers = {"websocket"} if settings.daily_api_key_file is None else {"websocket", "daily"}
    return Installation(
        name=settings.installation,
        bots_namespace=settings.bots_namespace,
        link_keys=link_keys(settings.link_key.get_secret_value()),
        link_base_url=settings.link_base_url,
        api_url=settings.api_internal_url,
        bot=_read_bot_defaults(settings.bot_defaults_file),
        room_providers=frozenset(providers),
        default_room_provider=settings.default_room_provider,
        daily_geo=settings.daily_geo,
        lead_seconds=settings.lead_seconds,
        start_deadline_seconds=settings.start_deadline_seconds,
        capacity=settings.capacity,
    )


def _read_bot_defaults(path: Path) -> BotDefaults:
    try:
        document = json.loads(path.read_text())
        return BotDefaults.model_validate({key: value for key, value in document.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        told = ": ".join(filter(None, [where, first["msg"].removeprefix("Value error, ")]))
        raise SettingsError(f"PARLEY_BOT_DEFAULTS_FILE: {path}: {told}") from error
    except (OSError, ValueError, AttributeError) as error:
        raise SettingsError(f"PARLEY_BOT_DEFAULTS_FILE: {path}: {error}") from error
