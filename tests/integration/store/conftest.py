"""A store of each kind."""

from pathlib import Path

import pytest
from parley_api.store import FolderStore, S3Store, Store
from support.s3 import REGION, S3Server


@pytest.fixture
def bucket(s3_server: S3Server) -> str:
    return s3_server.new_bucket()


@pytest.fixture
def versioned_bucket(s3_server: S3Server) -> str:
    return s3_server.new_bucket(versioned=True)


@pytest.fixture(params=["folder", "s3", "s3-versioned"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A new, empty store of each kind."""
    if request.param == "folder":
        return FolderStore(tmp_path / "store")
    server: S3Server = request.getfixturevalue("s3_server")
    bucket = server.new_bucket(versioned=request.param == "s3-versioned")
    return S3Store(bucket, region=REGION, endpoint_url=server.url)
