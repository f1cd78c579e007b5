"""The bot's settings, from the environment alone."""

from pathlib import Path

from pydantic import Field, HttpUrl
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What the operator gives a bot pod. Which interview it is, the API tells by the pod's own token.

    AWS credentials are not here: boto3's default chain finds them where the model's client is made.
    """

    model_config = SettingsConfigDict(env_prefix="PARLEY_", frozen=True)

    api_url: HttpUrl = Field(description="The API's internal address, https://….")
    ca_file: Path | None = Field(default=None, description="The private CA of the inside, trusted beside the system's.")
    token_file: Path = Field(
        default=Path("/var/run/secrets/parley/token"), description="The pod's projected token, audience parley-api."
    )
    spool_dir: Path = Field(default=Path("/tmp/spool"), description="Events wait here until the API has stored them.")  # noqa: S108 - an emptyDir of the pod, the one place it may write
    model_endpoint: HttpUrl | None = Field(default=None, description="Where the model answers instead of Bedrock.")
    model_rotate_seconds: float = Field(
        default=360, gt=0, description="Age from which a model session is replaced; Nova Sonic ends it after 480 s."
    )
    aws_region: str = Field(
        default="us-east-1", validation_alias="AWS_REGION", description="The model's region when the plan names none."
    )
    host: str = Field(default="0.0.0.0", description="The address to listen on.")  # noqa: S104 - the API's relay and the kubelet's probes come from other pods
    port: int = Field(default=8080, description="The port of /ws, /readyz and /healthz.")
    log_level: str = Field(default="INFO", description="DEBUG shows what is said: never where logs are kept.")
    assignment_timeout_seconds: float = Field(default=60, description="How long the API may be away at the start.")
    report_timeout_seconds: float = Field(default=45, description="How long to wait at the end for the last events.")
    join_timeout_seconds: float = Field(default=25, description="How long joining a Daily room may take.")
