"""`python -m parley_api.retention`: delete what is past its time. A CronJob runs it; running it twice is harmless."""

import asyncio
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from parley_protocol import Manifest
from pydantic import Field, HttpUrl, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from parley_api.store import Store, StoreError, layout, open_store
from parley_api.transcripts.archive import erase

log = logging.getLogger(__name__)


class RetentionSettings(BaseSettings):
    """The store's settings, under the names that the API has for them."""

    model_config = SettingsConfigDict(env_ignore_empty=True, frozen=True, extra="ignore", populate_by_name=True)

    store_type: Literal["folder", "s3"] = Field(default="folder", validation_alias="PARLEY_STORE__TYPE")
    store_folder: Path = Field(default=Path("/store"), validation_alias="PARLEY_STORE__PATH")
    store_s3_bucket: str | None = Field(default=None, validation_alias="PARLEY_STORE__BUCKET")
    store_s3_region: str | None = Field(default=None, validation_alias="PARLEY_STORE__REGION")
    store_s3_endpoint_url: HttpUrl | None = Field(default=None, validation_alias="PARLEY_STORE__ENDPOINT_URL")
    store_s3_kms_key_id: str | None = Field(default=None, validation_alias="PARLEY_STORE__KMS_KEY_ID")


@dataclass(frozen=True)
class Sweep:
    """What one run did: how many interviews it erased, and the keys of manifests that it could not read."""

    erased: int
    unreadable: Sequence[str]


async def sweep(store: Store, now: datetime) -> Sweep:
    """Erase every interview whose manifest says that its time is over. Raises StoreUnavailableError."""
    erased, unreadable = 0, []
    for key in await store.list(layout.ROOT):
        owner = layout.manifest_owner(key)
        data = await store.get(key) if owner else None
        if owner is None or data is None:
            continue
        try:
            manifest = Manifest.model_validate_json(data)
        except ValidationError:
            unreadable.append(key)
            continue
        if manifest.delete_after is not None and manifest.delete_after <= now:
            await erase(store, *owner, why="retention")
            log.info("Erased interview %s/%s: its time was over on %s", *owner, manifest.delete_after.isoformat())
            erased += 1
    return Sweep(erased, unreadable)


def main() -> int:
    """Exit 0 when everything past its time is gone; else 1 (2 for a bad setting) with a line that says why."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    try:
        store = open_store(RetentionSettings())
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        print(f"{first['loc'][0]}: {first['msg']}", file=sys.stderr)
        return 2
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        done = asyncio.run(sweep(store, datetime.now(UTC)))
    except StoreError as error:
        print(error, file=sys.stderr)
        return 1
    log.info("Erased %d interviews", done.erased)
    for key in done.unreadable:
        print(f"{key} can't be read: it is kept for ever until a person looks at it", file=sys.stderr)
    return 1 if done.unreadable else 0


if __name__ == "__main__":
    sys.exit(main())
