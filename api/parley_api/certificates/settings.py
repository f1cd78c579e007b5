"""Settings of the certificates' Job."""

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic_settings import BaseSettings, SettingsConfigDict


class WantedCertificate(BaseModel):
    """A server certificate that the installation needs, and the kubernetes.io/tls Secret that holds it."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)

    secret: str = Field(min_length=1)
    dns_names: list[str] = Field(min_length=1)


class Settings(BaseSettings):
    """Environment variables with the prefix `PARLEY_`."""

    model_config = SettingsConfigDict(env_prefix="PARLEY_", env_ignore_empty=True, frozen=True, extra="ignore")

    namespace: str = Field(description="Namespace of the release: the CA, the certificates and the link key live here.")
    bots_namespace: str = Field(description="Namespace of the bot pods, which get the CA's certificate alone.")
    certificates: list[WantedCertificate] = Field(
        default=[], description='JSON list of {"secret": …, "dnsNames": […]}: the server certificates to issue.'
    )
    ca_name: str = Field(default="parley-internal-ca", description="Name of the CA's Secret and of its ConfigMaps.")
    link_key_secret: str | None = Field(
        default=None, description="Secret of the join links' key, to make where it is absent; none: somebody brings it."
    )
