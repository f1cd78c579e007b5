"""A real S3 server (versitygw on a folder) for the tests of the store, and a store of each kind."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import pytest
from parley_api.store import FolderStore, S3Store, Store

ACCESS_KEY = "parley-test"
SECRET_KEY = "parley-test-secret"
REGION = "us-east-1"
DEADLINE_SECONDS = 15.0


def tool(name: str) -> str:
    """The path of a tool that `cluster/parley-cluster tools` built."""
    cache = os.environ.get("PARLEY_CACHE") or str(
        Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "parley"
    )
    path = Path(os.environ.get("PARLEY_TOOLS", f"{cache}/bin")) / name
    if not path.exists():
        pytest.fail(
            f"{path} is missing: run `cluster/parley-cluster tools`, or set PARLEY_TOOLS to a folder that has it"
        )
    return str(path)


@dataclass
class S3Server:
    """One versitygw process, which can be stopped and started again on the same port and data."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    buckets: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        data, versions = self.folder / "data", self.folder / "versions"
        data.mkdir(exist_ok=True)
        versions.mkdir(exist_ok=True)
        command = [
            tool("versitygw"),
            "--port",
            f"127.0.0.1:{self.port}",
            "--access",
            ACCESS_KEY,
            "--secret",
            SECRET_KEY,
        ]
        command += ["--region", REGION, "--quiet", "posix", "--versioning-dir", str(versions), str(data)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        self._wait_for_port()

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(DEADLINE_SECONDS)
            self.process = None

    def client(self) -> "boto3.client":
        return boto3.client("s3", endpoint_url=self.url, region_name=REGION)

    def _wait_for_port(self) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline:
            assert self.process is not None
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        pytest.fail(f"versitygw did not start: {(self.folder / 'log').read_text()[-2000:]}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    patch = pytest.MonkeyPatch()
    patch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    patch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    server = S3Server(tmp_path_factory.mktemp("s3"), free_port())
    server.start()
    yield server
    server.stop()
    patch.undo()


@pytest.fixture
def bucket(s3_server: S3Server) -> str:
    return new_bucket(s3_server)


@pytest.fixture
def versioned_bucket(s3_server: S3Server) -> str:
    return new_bucket(s3_server, versioned=True)


def new_bucket(server: S3Server, *, versioned: bool = False) -> str:
    name = f"test-{len(server.buckets)}"
    server.buckets.append(name)
    client = server.client()
    client.create_bucket(Bucket=name)
    if versioned:
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


@pytest.fixture(params=["folder", "s3", "s3-versioned"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A new, empty store of each kind."""
    if request.param == "folder":
        return FolderStore(tmp_path / "store")
    server: S3Server = request.getfixturevalue("s3_server")
    name = new_bucket(server, versioned=request.param == "s3-versioned")
    return S3Store(name, region=REGION, endpoint_url=server.url)
