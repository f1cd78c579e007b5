"""What is S3's own: versions, encryption, and a server that goes away."""

import asyncio
import io
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from parley_api.store import S3Store, StoreUnavailableError
from parley_api.store.s3_upload import PART_BYTES
from support.wait import until

JSON = "application/json"
REGION = "us-east-1"


def quick_store(server: Any, bucket: str, **options: Any) -> S3Store:
    return S3Store(bucket, region=REGION, endpoint_url=server.url, connect_timeout_seconds=0.5, **options)


async def test_delete_prefix_removes_every_version(s3_server: Any, versioned_bucket: str) -> None:
    store = quick_store(s3_server, versioned_bucket)
    for data in (b"1", b"2", b"3"):
        await store.put("a/b", data, JSON)
    client = s3_server.client()
    client.delete_object(Bucket=versioned_bucket, Key="a/b")
    await store.put("a/c", b"1", JSON)
    assert len(client.list_object_versions(Bucket=versioned_bucket)["Versions"]) == 4
    assert await store.delete_prefix("a/") == 2
    left = client.list_object_versions(Bucket=versioned_bucket)
    assert not left.get("Versions")
    assert not left.get("DeleteMarkers")


async def test_more_objects_than_one_page_are_listed_and_deleted(s3_server: Any, bucket: str) -> None:
    store = quick_store(s3_server, bucket)
    await asyncio.gather(*(store.put(f"a/{n:05d}", b"", JSON) for n in range(1050)))
    assert len(await store.list("a/")) == 1050
    assert await store.delete_prefix("a/") == 1050
    assert await store.list("a/") == []


async def test_a_content_type_is_kept(s3_server: Any, bucket: str) -> None:
    await quick_store(s3_server, bucket).put("a/b", b"x", "text/vtt")
    assert s3_server.client().head_object(Bucket=bucket, Key="a/b")["ContentType"] == "text/vtt"


async def test_a_kms_key_goes_with_every_write(s3_server: Any, bucket: str) -> None:
    store = quick_store(s3_server, bucket, kms_key_id="alias/parley")
    seen: list[dict[str, str]] = []
    store.client.meta.events.register("before-send.s3.PutObject", lambda request, **_: seen.append({**request.headers}))
    assert await store.put_once("a/b", b"x", JSON)
    headers = {name.lower(): _text(value) for name, value in seen[0].items()}
    assert headers["x-amz-server-side-encryption"] == "aws:kms"
    assert headers["x-amz-server-side-encryption-aws-kms-key-id"] == "alias/parley"
    assert headers["if-none-match"] == "*"


async def sound(*sizes: int) -> AsyncIterator[bytes]:
    for size in sizes:
        yield bytes(size)


async def test_a_kms_key_goes_with_what_is_written_in_parts(s3_server: Any, bucket: str) -> None:
    store = quick_store(s3_server, bucket, kms_key_id="alias/parley")
    seen: list[dict[str, str]] = []
    for operation in ("CreateMultipartUpload", "PutObject"):
        store.client.meta.events.register(
            f"before-send.s3.{operation}", lambda request, **_: seen.append({**request.headers})
        )
    for sizes in ((PART_BYTES, 1), (1,)):
        await store.put_stream("a/b.ogg", sound(*sizes), "audio/ogg")
    assert len(seen) == 2
    for headers in ({name.lower(): _text(value) for name, value in each.items()} for each in seen):
        assert headers["x-amz-server-side-encryption-aws-kms-key-id"] == "alias/parley"
        assert headers["content-type"] == "audio/ogg"


async def test_an_erasure_takes_what_a_dead_process_had_begun_to_write(s3_server: Any, bucket: str) -> None:
    store, client = quick_store(s3_server, bucket), s3_server.client()
    for key in ("a/1/recording.ogg", "a/2/recording.ogg"):
        begun = client.create_multipart_upload(Bucket=bucket, Key=key)
        client.upload_part(Bucket=bucket, Key=key, UploadId=begun["UploadId"], PartNumber=1, Body=b"sound")
    await store.delete_prefix("a/1/")
    left = client.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
    assert [upload["Key"] for upload in left] == ["a/2/recording.ogg"]


async def test_a_stream_that_breaks_off_leaves_no_part_behind(s3_server: Any, bucket: str) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield bytes(PART_BYTES)
        raise ConnectionError("the parts went")

    with pytest.raises(ConnectionError):
        await quick_store(s3_server, bucket).put_stream("a/b.ogg", broken(), "audio/ogg")
    assert s3_server.client().list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []


async def test_a_stopped_server_is_a_clear_error_and_passes(s3_server: Any, bucket: str) -> None:
    store = quick_store(s3_server, bucket, attempts=2)
    s3_server.stop()
    try:
        with pytest.raises(
            StoreUnavailableError, match=f"S3 bucket {bucket} at {s3_server.url} failed while writing a/b"
        ):
            await store.put_once("a/b", b"1", JSON)
        with pytest.raises(StoreUnavailableError):
            await store.check()
    finally:
        s3_server.start()
    assert await store.put_once("a/b", b"1", JSON)


async def test_a_server_that_comes_back_within_the_retries_is_not_noticed(s3_server: Any, bucket: str) -> None:
    store = quick_store(s3_server, bucket, attempts=10)
    failures: list[object] = []

    def note(caught_exception: object, **_: Any) -> None:
        if caught_exception is not None:
            failures.append(caught_exception)

    store.client.meta.events.register_first("needs-retry.s3.PutObject", note)
    s3_server.stop()
    try:
        writing = asyncio.create_task(store.put_once("a/b", b"1", JSON))
        # Waits block the loop, not the writer: that waits in a thread of its own.
        await asyncio.to_thread(until, "a try has failed", lambda: failures, 10.0, every=0.02)
        assert not writing.done()
    finally:
        s3_server.start()
    assert await writing
    assert await store.get("a/b") == b"1"


async def test_a_lost_answer_leaves_the_object_of_the_first_try(s3_server: Any, bucket: str) -> None:
    """The write reached the disk, its answer was lost, and the retry finds its own object: False, and no harm."""
    store = quick_store(s3_server, bucket)
    losses = iter([True])

    def lose(response: Any, **_: Any) -> float | None:
        # botocore asks `needs-retry` handlers for a delay; one that is not None sends the request again.
        return 0.0 if response is not None and next(losses, False) else None

    store.client.meta.events.register_first("needs-retry.s3.PutObject", lose)
    assert await store.put_once("a/b", b"1", JSON) is False
    assert await store.get("a/b") == b"1"


async def test_a_write_that_met_another_is_tried_again(s3_server: Any, bucket: str) -> None:
    """No other server says so, S3 does: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html."""
    store = quick_store(s3_server, bucket)
    meetings = iter(range(2))

    def meet(request: Any, **_: Any) -> AWSResponse | None:
        # botocore takes what a `before-send` handler answers for the server's answer.
        if next(meetings, None) is None:
            return None
        body = _Body(b"<Error><Code>ConditionalRequestConflict</Code><Message>Again.</Message></Error>")
        return AWSResponse(request.url, 409, {"content-type": "application/xml"}, body)

    store.client.meta.events.register("before-send.s3.PutObject", meet)
    assert await store.put_once("a/b", b"1", JSON)
    assert await store.get("a/b") == b"1"
    assert next(meetings, None) is None


class _Body(io.BytesIO):
    """A response's body as urllib3 gives it."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


async def test_a_missing_bucket_is_a_clear_error(s3_server: Any) -> None:
    store = quick_store(s3_server, "nobody-made-me")
    with pytest.raises(StoreUnavailableError, match="nobody-made-me"):
        await store.get("a/b")
    with pytest.raises(StoreUnavailableError):
        await store.check()


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
