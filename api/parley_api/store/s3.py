"""A store in an S3 bucket, by boto3 in threads: any number of API replicas."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from parley_api.store.base import Keys, StoreUnavailableError, checked_key, checked_prefix
from parley_api.store.s3_upload import PART_BYTES, Upload, abort_uploads

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

_THREADS = 16
_DELETE_BATCH = 1000  # DeleteObjects takes no more
_CONFLICT_ATTEMPTS = 5
_CONFLICT_SECONDS = 0.1


class S3Store:
    """Objects in a bucket; write once is `If-None-Match: *`, which S3 decides atomically across replicas.

    Credentials come from boto3's chain (IRSA on AWS). `endpoint_url` points at another S3 server and turns
    path-style addresses on. `kms_key_id` encrypts every object with that key; without it the bucket's default holds.
    """

    def __init__(
        self,
        bucket: str,
        *,
        region: str | None = None,
        endpoint_url: str | None = None,
        kms_key_id: str | None = None,
        connect_timeout_seconds: float = 3.0,
        read_timeout_seconds: float = 10.0,
        attempts: int = 4,
    ) -> None:
        self._bucket = bucket
        self._endpoint = endpoint_url or "AWS"
        self._encryption: dict[str, Any] = {}
        if kms_key_id is not None:
            self._encryption = {
                "ServerSideEncryption": "aws:kms",
                "SSEKMSKeyId": kms_key_id,
                "BucketKeyEnabled": True,
            }
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="s3")
        self._client: S3Client = boto3.client(
            "s3",
            region_name=region,
            endpoint_url=endpoint_url,
            config=Config(
                connect_timeout=connect_timeout_seconds,
                read_timeout=read_timeout_seconds,
                retries={"total_max_attempts": attempts, "mode": "standard"},
                max_pool_connections=_THREADS,
                s3={"addressing_style": "path" if endpoint_url else "auto"},
                user_agent_extra="parley",
            ),
        )

    @property
    def client(self) -> "S3Client":
        """The boto3 client, for its event hooks."""
        return self._client

    async def get(self, key: str) -> bytes | None:
        """See Store.get."""
        return await self._run(f"reading {key}", self._get, checked_key(key))

    async def put_once(self, key: str, data: bytes, content_type: str) -> bool:
        """See Store.put_once."""
        return await self._run(f"writing {key}", self._put_once, checked_key(key), data, content_type)

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        """See Store.put."""
        await self._run(f"writing {key}", self._put, checked_key(key), data, content_type)

    async def put_stream(self, key: str, data: AsyncIterator[bytes], content_type: str) -> None:
        """See Store.put_stream: a multipart upload, where it is more than one part has."""
        upload = Upload(self._client, self._bucket, checked_key(key), {"ContentType": content_type, **self._encryption})
        doing = f"writing {key}"
        try:
            held = bytearray()
            async for piece in data:
                held += piece
                if len(held) >= PART_BYTES:
                    await self._run(doing, upload.add, bytes(held))
                    held.clear()
            await self._run(doing, upload.complete, bytes(held))
        except BaseException:
            # What failed is told of; what is left of the upload goes with the erasure, if not now.
            with suppress(StoreUnavailableError):
                await self._run(doing, upload.abort)
            raise

    async def size(self, key: str) -> int | None:
        """See Store.size."""
        return await self._run(f"looking for {key}", self._size, checked_key(key))

    async def get_range(self, key: str, start: int, length: int) -> bytes | None:
        """See Store.get_range."""
        return await self._run(
            f"reading {key}", self._get, checked_key(key), Range=f"bytes={start}-{start + length - 1}"
        )

    async def list(self, prefix: str) -> Keys:
        """See Store.list."""
        return sorted([key async for page in self.pages(prefix) for key in page])

    async def pages(self, prefix: str) -> AsyncIterator[Keys]:
        """See Store.pages; S3 lists in the order of its keys, 1,000 at a time."""
        position: str | None = ""
        while position is not None:
            page, position = await self._run(f"listing {prefix}", self._page, checked_prefix(prefix), position)
            yield page

    async def delete_prefix(self, prefix: str, *, keep: frozenset[str] = frozenset()) -> int:
        """See Store.delete_prefix: every version and delete marker goes, and uploads that were cut short."""
        return await self._run(f"deleting {prefix}", self._delete_prefix, checked_prefix(prefix), keep)

    async def check(self) -> None:
        """See Store.check: the bucket is there and ours to use."""
        await self._run("looking for the bucket", self._head_bucket)

    async def _run[**P, R](self, doing: str, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._pool, lambda: call(*args, **kwargs))
        except (ClientError, BotoCoreError) as error:
            where = f"S3 bucket {self._bucket} at {self._endpoint}"
            raise StoreUnavailableError(f"{where} failed while {doing}: {_one_line(error)}") from error

    def _get(self, key: str, **options: Any) -> bytes | None:
        try:
            return self._client.get_object(Bucket=self._bucket, Key=key, **options)["Body"].read()
        except ClientError as error:
            if _code(error) == "NoSuchKey":
                return None
            raise

    def _size(self, key: str) -> int | None:
        try:
            return self._client.head_object(Bucket=self._bucket, Key=key)["ContentLength"]
        except ClientError as error:
            if _code(error) in ("404", "NoSuchKey"):  # a HEAD's answer has no body to name the error in
                return None
            raise

    def _put_once(self, key: str, data: bytes, content_type: str) -> bool:
        for attempt in range(1, _CONFLICT_ATTEMPTS + 1):
            try:
                self._put(key, data, content_type, IfNoneMatch="*")
            except ClientError as error:
                if _code(error) == "PreconditionFailed":
                    return False
                # Two conditional writes met: S3 asks the loser to try again, and then tells who won.
                if _code(error) != "ConditionalRequestConflict" or attempt == _CONFLICT_ATTEMPTS:
                    raise
                # This is a thread of the store's own.
                time.sleep(random.uniform(0, _CONFLICT_SECONDS * 2**attempt))  # noqa: S311 - jitter keeps no secret
            else:
                return True
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _put(self, key: str, data: bytes, content_type: str, **condition: Any) -> None:
        options = {**self._encryption, **condition}
        self._client.put_object(Bucket=self._bucket, Key=key, Body=data, ContentType=content_type, **options)

    def _page(self, prefix: str, position: str) -> tuple[Keys, str | None]:
        """The keys from a position (empty: the first) on, and the position after them; None: that was all."""
        more: dict[str, Any] = {"ContinuationToken": position} if position else {}
        answer = self._client.list_objects_v2(Bucket=self._bucket, Prefix=prefix, **more)
        return [item["Key"] for item in answer.get("Contents", [])], answer.get("NextContinuationToken")

    def _head_bucket(self) -> None:
        self._client.head_bucket(Bucket=self._bucket)

    def _delete_prefix(self, prefix: str, keep: frozenset[str]) -> int:
        abort_uploads(self._client, self._bucket, prefix)
        keys: set[str] = set()
        doomed = list(self._versions(prefix, keep))
        for start in range(0, len(doomed), _DELETE_BATCH):
            batch = doomed[start : start + _DELETE_BATCH]
            self._delete(batch)
            keys.update(item["Key"] for item in batch)
        return len(keys)

    def _versions(self, prefix: str, keep: frozenset[str]) -> "Iterator[ObjectIdentifierTypeDef]":
        """Every version and delete marker; a bucket that was never versioned lists its objects as version `null`."""
        pages = self._client.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=prefix)
        for page in pages:
            for item in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                if item["Key"] not in keep:
                    yield {"Key": item["Key"], "VersionId": item["VersionId"]}

    def _delete(self, batch: "Sequence[ObjectIdentifierTypeDef]") -> None:
        answer = self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": [*batch], "Quiet": True})
        for failure in answer.get("Errors", []):
            raise StoreUnavailableError(
                f"S3 bucket {self._bucket} kept {failure.get('Key')}: {failure.get('Code')} {failure.get('Message')}"
            )


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
