"""Writing an object to S3 in parts: https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html.

What is not completed is no object and no version: it lies in the bucket, unseen, until it is aborted.
"""

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

PART_BYTES: Final = 8 * 1024 * 1024
"""From how many bytes on a part is sent. S3 asks for 5 MiB, of every part but the last."""


class Upload:
    """One object on its way, from a thread of the store's; each method raises what boto3 raises."""

    def __init__(self, client: "S3Client", bucket: str, key: str, options: dict[str, Any]) -> None:
        self._client, self._options = client, options
        self._place: dict[str, Any] = {"Bucket": bucket, "Key": key}
        self._id: str | None = None
        self._parts: list[CompletedPartTypeDef] = []

    def add(self, data: bytes) -> None:
        """Send a part, which is not the last."""
        if self._id is None:
            self._id = self._client.create_multipart_upload(**self._place, **self._options)["UploadId"]
        number = len(self._parts) + 1
        answer = self._client.upload_part(**self._place, UploadId=self._id, PartNumber=number, Body=data)
        self._parts.append({"PartNumber": number, "ETag": answer["ETag"]})

    def complete(self, data: bytes) -> None:
        """Send the last bytes, and make all of it the object."""
        if self._id is None:
            self._client.put_object(**self._place, Body=data, **self._options)
            return
        if data:
            self.add(data)
        self._client.complete_multipart_upload(**self._place, UploadId=self._id, MultipartUpload={"Parts": self._parts})

    def abort(self) -> None:
        """Leave no part behind."""
        if self._id is not None:
            self._client.abort_multipart_upload(**self._place, UploadId=self._id)


def abort_uploads(client: "S3Client", bucket: str, prefix: str) -> None:
    """Abort what was begun under the prefix and never completed."""
    pages = client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=prefix)
    for page in pages:
        for upload in page.get("Uploads", []):
            client.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
