"""Which store an installation uses."""

from pathlib import Path
from typing import Literal, Protocol

from pydantic import HttpUrl

from parley_api.store.base import Store
from parley_api.store.folder import FolderStore
from parley_api.store.s3 import S3Store


class StoreSettings(Protocol):
    """The settings that name the store; both the API's and the retention job's have them."""

    @property
    def store_type(self) -> Literal["folder", "s3"]:
        """`folder` or `s3`."""

    @property
    def store_folder(self) -> Path:
        """The folder."""

    @property
    def store_s3_bucket(self) -> str | None:
        """The bucket."""

    @property
    def store_s3_region(self) -> str | None:
        """The bucket's region; None: boto3's own."""

    @property
    def store_s3_endpoint_url(self) -> HttpUrl | None:
        """Another S3 server than AWS's."""

    @property
    def store_s3_kms_key_id(self) -> str | None:
        """The key that encrypts what is written; None: the bucket's default."""


def open_store(settings: StoreSettings) -> Store:
    """The store that the settings name; nothing is reached yet.

    Raises:
        ValueError: an S3 store without a bucket.
    """
    if settings.store_type == "folder":
        return FolderStore(settings.store_folder)
    if not settings.store_s3_bucket:
        raise ValueError("PARLEY_STORE__BUCKET is missing: PARLEY_STORE__TYPE is s3")
    endpoint = settings.store_s3_endpoint_url
    return S3Store(
        settings.store_s3_bucket,
        region=settings.store_s3_region,
        endpoint_url=None if endpoint is None else str(endpoint),
        kms_key_id=settings.store_s3_kms_key_id,
    )
