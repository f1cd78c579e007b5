"""Which store an installation uses."""

from pathlib import Path
from typing import Literal, Self

from botocore.exceptions import BotoCoreError
from pydantic import Field, HttpUrl, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from parley_api.store.base import Store
from parley_api.store.folder import FolderStore
from parley_api.store.s3 import S3Store


class StoreSettings(BaseSettings):
    """The settings that name the store, the same for each program that opens it."""

    model_config = SettingsConfigDict(env_ignore_empty=True, frozen=True, extra="ignore", populate_by_name=True)

    # The chart groups these by two underscores, as pydantic-settings writes a nested group.
    store_type: Literal["folder", "s3"] = Field(
        default="folder", validation_alias="PARLEY_STORE__TYPE", description="Where artifacts are kept."
    )
    store_folder: Path = Field(
        default=Path("/store"), validation_alias="PARLEY_STORE__PATH", description="The folder of a folder store."
    )
    store_s3_bucket: str | None = Field(
        default=None, validation_alias="PARLEY_STORE__BUCKET", description="Bucket of an S3 store."
    )
    store_s3_region: str | None = Field(
        default=None, validation_alias="PARLEY_STORE__REGION", description="Region of the bucket."
    )
    store_s3_endpoint_url: HttpUrl | None = Field(
        default=None, validation_alias="PARLEY_STORE__ENDPOINT_URL", description="An S3 server other than AWS's."
    )
    store_s3_kms_key_id: str | None = Field(
        default=None, validation_alias="PARLEY_STORE__KMS_KEY_ID", description="KMS key that encrypts the objects."
    )

    @model_validator(mode="after")
    def _bucket(self) -> Self:
        if self.store_type == "s3" and not self.store_s3_bucket:
            raise ValueError("PARLEY_STORE__BUCKET is missing: PARLEY_STORE__TYPE is s3")
        return self


def open_store(settings: StoreSettings) -> Store:
    """The store that the settings name; nothing is reached yet.

    Raises:
        ValueError: no S3 client can be made of region and endpoint.
    """
    if settings.store_type == "folder" or settings.store_s3_bucket is None:
        return FolderStore(settings.store_folder)
    endpoint = settings.store_s3_endpoint_url
    try:
        return S3Store(
            settings.store_s3_bucket,
            region=settings.store_s3_region,
            endpoint_url=None if endpoint is None else str(endpoint),
            kms_key_id=settings.store_s3_kms_key_id,
        )
    except (BotoCoreError, ValueError) as error:
        raise ValueError(f"PARLEY_STORE__REGION or PARLEY_STORE__ENDPOINT_URL is malformed: {error}") from error
