"""The bot's settings, from the environment alone."""

from pathlib import Path
from typing import Literal

from parley_protocol.socket import BOT_PORT
from pydantic import Field, FilePath, HttpUrl, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What the operator gives a bot pod. Which interview it is, the API tells by the pod's own token.

    AWS credentials are not here: boto3's default chain finds them where the model's client is made.
    """

    model_config = SettingsConfigDict(env_prefix="PARLEY_", frozen=True)

    api_url: HttpUrl = Field(description="The API's internal address, https://….")
    ca_file: FilePath | None = Field(
        default=None, description="The private CA of the inside, trusted beside the system's."
    )
    token_file: Path = Field(
        default=Path("/var/run/secrets/parley/token"), description="The pod's projected token, audience parley-api."
    )
    model_endpoint: HttpUrl | None = Field(default=None, description="Where the model answers instead of Bedrock.")
    model_rotate_seconds: float = Field(
        default=360, gt=0, description="Age from which a model session is replaced; Nova Sonic ends it after 480 s."
    )
    aws_region: str = Field(
        default="us-east-1", validation_alias="AWS_REGION", description="The model's region when the plan names none."
    )
    host: str = Field(default="0.0.0.0", description="The address to listen on.")  # noqa: S104 - the API's relay and the kubelet's probes come from other pods
    port: int = Field(default=BOT_PORT, ge=1, le=65535, description="The port of /ws, /readyz and /healthz.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="DEBUG shows what is said: never where logs are kept."
    )
    assignment_timeout_seconds: float = Field(
        default=60, gt=0, le=600, description="How long the API may be away at the start."
    )
    report_timeout_seconds: float = Field(
        default=600, gt=0, le=3600, description="How long the API may be away at the end, before turns are given up."
    )
    join_timeout_seconds: float = Field(default=25, gt=0, le=120, description="How long joining a Daily room may take.")


def faults_of(error: ValidationError) -> list[str]:
    """What is wrong with the settings, by the names of the variables."""
    return [f"{_variable(str(fault['loc'][0]))}: {fault['msg']}" for fault in error.errors()]


def _variable(location: str) -> str:
    """An alias is told as it is, a field's own name with the prefix left out."""
    return location if location.isupper() else f"PARLEY_{location.upper()}"
