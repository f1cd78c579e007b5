"""The API's settings: environment variables with the prefix `PARLEY_`, each documented here and nowhere else."""

import json
import sys
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal

from parley_rooms.links import link_keys
from pydantic import Field, HttpUrl, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from parley_api.store import StoreSettings

Names = Annotated[list[str], NoDecode]
Networks = Annotated[list[IPv4Network | IPv6Network], NoDecode]


class DailySettings(BaseSettings):
    """Daily's key and address, the same for each program that calls it."""

    model_config = SettingsConfigDict(
        env_prefix="PARLEY_", env_ignore_empty=True, frozen=True, extra="ignore", populate_by_name=True
    )

    daily_api_key_file: Path | None = Field(
        default=None, description="File with Daily's API key, read at each call. Unset: no Daily rooms."
    )
    daily_secret: str | None = Field(
        default=None, description="Secret that the key is mounted from, as namespace/name: what people are to mend."
    )
    daily_api_url: HttpUrl = Field(default=HttpUrl("https://api.daily.co/v1"), description="Daily's REST API.")


class Settings(StoreSettings, DailySettings):
    """Settings of one API process. A list is JSON or parted by commas; an empty variable counts as unset."""

    model_config = SettingsConfigDict(
        env_prefix="PARLEY_", env_ignore_empty=True, frozen=True, extra="ignore", populate_by_name=True
    )

    namespace: str = Field(description="Namespace of the release: the operator and this API run here.")
    bots_namespace: str = Field(description="Namespace of the bot pods and of their inputs Secrets.")
    installation: str = Field(description="Name of this installation, the value of the label parley.dev/installation.")
    watch_namespaces: Names = Field(default=[], description="Namespaces whose Interviews are served; empty: all.")
    operator_service_account: str = Field(
        default="parley-operator", description="Service account, in `namespace`, that may call /internal/v1."
    )
    bot_service_account: str = Field(
        default="parley-bot", description="Service account, in `bots_namespace`, that may call /bot/v1."
    )

    link_key: SecretStr = Field(
        description="Key of the join links, shared with the operator: 32 characters or more. While it is changed, one a"
        " line: the first signs, all are accepted."
    )
    link_base_url: HttpUrl = Field(description="Where the candidates' pages are served; links are <this>/join#<token>.")
    public_url: HttpUrl = Field(description="This API as browsers reach it; WebSocket rooms are below it.")
    cors_origins: Names = Field(default=[], description="Origins whose pages may call /join/v1 and open a room.")

    webhook_networks: Networks = Field(
        default=[], description="Networks that are not public and that templates' tools may be in, such as 10.2.0.0/16."
    )
    webhook_ca_file: Path | None = Field(
        default=None, description="File of CAs that tools' certificates may be of, beside the system's."
    )

    host: str = Field(default="0.0.0.0", description="Address that both listeners bind.")  # noqa: S104 - a pod's own
    public_port: int = Field(default=8080, ge=0, le=65535, description="HTTP port for people and candidates.")
    internal_port: int = Field(default=8443, ge=0, le=65535, description="TLS port for bots and the operator.")
    tls_cert_file: Path = Field(default=Path("/etc/parley/tls/tls.crt"), description="Certificate of the TLS port.")
    tls_key_file: Path = Field(default=Path("/etc/parley/tls/tls.key"), description="Its private key.")
    shutdown_seconds: int = Field(default=20, ge=1, le=600, description="Time for open requests at shutdown.")
    max_body_bytes: int = Field(default=1_048_576, ge=1024, description="Largest request body, in bytes.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", description="Level of the log.")

    @field_validator("watch_namespaces", "cors_origins", "webhook_networks", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            if value.startswith("["):
                return json.loads(value)
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: list[str]) -> list[str]:
        for origin in value:
            scheme, _, host = origin.partition("://")
            if scheme not in ("http", "https") or not host or "/" in host or "*" in host:
                raise ValueError(f"{origin!r} is not an origin such as https://interviews.example.com")
        return value

    @field_validator("link_key")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        link_keys(value.get_secret_value())
        return value

    @property
    def link_keys(self) -> tuple[bytes, ...]:
        """The keys of links as `parley_rooms` takes them; the first one signs."""
        return link_keys(self.link_key.get_secret_value())

    @property
    def room_url(self) -> str:
        """The public URL with the WebSocket scheme and no slash at its end."""
        url = str(self.public_url).rstrip("/")
        return "ws" + url.removeprefix("http")


def load[S: BaseSettings](kind: type[S]) -> S:
    """A program's settings, from the environment.

    Stops the program with exit code 2 and one line on stderr that names the first missing or malformed setting.
    """
    try:
        return kind()
    except ValidationError as error:
        # include_input=False: a malformed secret must not reach the log.
        first = error.errors(include_url=False, include_input=False)[0]
        name = str(first["loc"][0] if first["loc"] else "").upper()
        name = name if name.startswith("PARLEY_") else f"PARLEY_{name}"
        reason = "is missing" if first["type"] == "missing" else f"is malformed: {first['msg']}"
        print(f"{name} {reason}" if first["loc"] else first["msg"], file=sys.stderr)
        raise SystemExit(2) from None
