"""The emulator's settings, from the environment: PARLEY_NOVA_ and the field's name."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

type Sensitivity = Literal["HIGH", "MEDIUM", "LOW"]

# The voices of Nova 2 Sonic, as LiveKit's plugin for it lists them.
_VOICES = frozenset(
    {
        "amy", "ambre", "arjun", "beatrice", "carlos", "carolina", "florian", "kiara", "lennart", "leo", "lorenzo",
        "lupe", "matthew", "olivia", "tiffany", "tina",
    }
)  # fmt: skip


class NovaSettings(BaseSettings):
    """Where the emulator listens, whom it lets in, and the limits it holds its clients to."""

    model_config = SettingsConfigDict(env_prefix="PARLEY_NOVA_", frozen=True)

    host: str = Field("0.0.0.0", description="Address on which both ports listen.")  # noqa: S104  -- a pod's only address
    port: int = Field(8443, ge=0, le=65535, description="Port of the model, HTTP/2 over TLS; 0 takes a free one.")
    control_port: int = Field(9090, ge=0, le=65535, description="Port of health, faults and sessions, plain HTTP.")
    cert_file: Path = Field(description="PEM file with the server's certificate chain.")
    key_file: Path = Field(description="PEM file with the certificate's private key.")
    access_key_id: str = Field(min_length=1, description="The one access key that is let in.")
    secret_access_key: SecretStr = Field(min_length=1, description="Its secret, with which signatures are checked.")
    session_token: SecretStr | None = Field(
        None, description="The session token that belongs to the key, where the credentials are temporary."
    )
    region: str = Field("us-east-1", description="The region that a signature must be scoped to.")
    models: frozenset[str] = Field(
        frozenset({"amazon.nova-2-5-sonic", "amazon.nova-2-sonic-v1:0"}), description="Model ids served (JSON list)."
    )
    retired_models: frozenset[str] = Field(
        frozenset({"amazon.nova-sonic-v1:0"}), description="Model ids refused as past their end of life (JSON list)."
    )
    voices: frozenset[str] = Field(_VOICES, description="Voice ids served (JSON list); by default Nova 2 Sonic's.")
    session_limit_seconds: float = Field(480, gt=0, description="A stream ends after this; Nova's limit is 8 minutes.")
    input_timeout_seconds: float = Field(55, gt=0, description="A stream without any input for this long is ended.")
    high_pause_seconds: float = Field(0.6, gt=0, description="Pause that ends a turn at endpointingSensitivity HIGH.")
    medium_pause_seconds: float = Field(0.8, gt=0, description="The same at MEDIUM, and where none is asked for.")
    low_pause_seconds: float = Field(1.2, gt=0, description="The same at LOW.")
    lead_seconds: float = Field(1.0, gt=0, description="How far audio may run ahead of its playing.")

    def pause_seconds(self, sensitivity: Sensitivity | None) -> float:
        """The pause that ends a turn. Nova documents 1.5, 1.75 and 2 s; a demonstration should not wait that long."""
        pauses = {"HIGH": self.high_pause_seconds, "LOW": self.low_pause_seconds}
        return pauses.get(sensitivity or "MEDIUM", self.medium_pause_seconds)
