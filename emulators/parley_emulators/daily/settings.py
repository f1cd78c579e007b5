"""The emulator's settings, from the environment: PARLEY_DAILY_ and the field's name."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class DailySettings(BaseSettings):
    """Where the emulator listens, and the domain that it has."""

    model_config = SettingsConfigDict(env_prefix="PARLEY_DAILY_", frozen=True)

    host: str = Field("0.0.0.0", description="Address on which both ports listen.")  # noqa: S104  -- a pod's only address
    port: int = Field(8080, ge=0, le=65535, description="Port of the REST API, plain HTTP; 0 takes a free one.")
    control_port: int = Field(9090, ge=0, le=65535, description="Port of health, faults and participants.")
    api_key: SecretStr = Field(min_length=1, description="The one API key that is let in.")
    domain: str = Field("parley-emulator", pattern=r"^[a-z0-9-]+$", description="The Daily domain of that key.")
    rate_limits: bool = Field(True, description="Whether Daily's rate limits are held.")
    max_rooms: int = Field(10_000, ge=1, description="Rooms that the domain may have.")
