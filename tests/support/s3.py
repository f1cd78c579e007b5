"""A real S3 server: versitygw on a folder."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import boto3

from support.processes import Program, free_ports, tool
from support.wait import until

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ACCESS_KEY = "parley-test"
SECRET_KEY = "parley-test-secret"
REGION = "us-east-1"
DEADLINE_SECONDS = 15.0


@dataclass
class S3Server:
    """One versitygw process, which can be stopped and started again on the same port and data."""

    folder: Path
    port: int
    program: Program | None = None
    buckets: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        data, versions = self.folder / "data", self.folder / "versions"
        data.mkdir(exist_ok=True)
        versions.mkdir(exist_ok=True)
        command = [tool("versitygw"), "--port", f"127.0.0.1:{self.port}", "--access", ACCESS_KEY]
        command += ["--secret", SECRET_KEY, "--region", REGION, "--quiet"]
        program = Program([*command, "posix", "--versioning-dir", str(versions), str(data)], self.folder / "log")
        self.program = program

        def listens() -> bool:
            program.require_alive()
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
            except OSError:
                return False
            return True

        until("versitygw listens", listens, DEADLINE_SECONDS, every=0.05)

    def stop(self) -> None:
        if self.program is not None:
            self.program.kill()
            self.program = None

    def client(self) -> "S3Client":
        return boto3.client("s3", endpoint_url=self.url, region_name=REGION)

    def new_bucket(self, *, versioned: bool = False) -> str:
        name = f"test-{len(self.buckets)}"
        self.buckets.append(name)
        client = self.client()
        client.create_bucket(Bucket=name)
        if versioned:
            client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name


@contextmanager
def running_s3(folder: Path) -> Iterator[S3Server]:
    """The server while the block runs, with its keys where boto3 looks for them, here and in programs of ours."""
    server = S3Server(folder, free_ports(1)[0])
    with mock.patch.dict(os.environ, AWS_ACCESS_KEY_ID=ACCESS_KEY, AWS_SECRET_ACCESS_KEY=SECRET_KEY):
        server.start()
        try:
            yield server
        finally:
            server.stop()
