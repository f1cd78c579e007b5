"""Two installations, synthesised once: the examples."""

import json
from pathlib import Path

import pytest
from site_of import Site, synthesised

HOME = Path(__file__).parents[1]
ONE = json.loads((HOME / "examples/one-region.json").read_text())["context"]
THREE = json.loads((HOME / "examples/three-regions.json").read_text())["context"]


@pytest.fixture(scope="session")
def one(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """One region, every setting that has a default at its default."""
    return synthesised(ONE, tmp_path_factory.mktemp("one"))


@pytest.fixture(scope="session")
def three(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Three regions, every setting set."""
    return synthesised(THREE, tmp_path_factory.mktemp("three"))
