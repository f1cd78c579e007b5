"""Which store an installation uses."""

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, model_validator

from parley_api.store.base import Store
from parley_api.store.folder import FolderStore
from parley_api.store.s3 import S3Store


class StoreSettings(BaseModel):
    """The settings that name the store: `PARLEY_STORE__TYPE` and so on, of the API and of the retention job."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["folder", "s3"] = Field(default="folder", description="Where artifacts are kept.")
    path: Path = Field(default=Path("/store"), description="The folder of a folder store.")
    bucket: str | None = Field(default=None, description="Bucket of an S3 store.")
    region: str | None = Field(default=None, description="Region of the bucket; unset: boto3's own.")
    endpoint_url: HttpUrl | None = Field(default=None, description="An S3 server other than AWS's.")
    kms_key_id: str | None = Field(
        default=None, description="KMS key that encrypts the objects; unset: the bucket's default."
    )

    @model_validator(mode="after")
    def _has_bucket(self) -> Self:
        if self.type == "s3" and not self.bucket:
            raise ValueError("an S3 store needs a bucket: set PARLEY_STORE__BUCKET")
        return self


def open_store(settings: StoreSettings) -> Store:
    """The store that the settings name; nothing is reached yet."""
    if settings.type == "folder" or settings.bucket is None:
        return FolderStore(settings.path)
    return S3Store(
        settings.bucket,
        region=settings.region,
        endpoint_url=None if settings.endpoint_url is None else str(settings.endpoint_url),
        kms_key_id=settings.kms_key_id,
    )
