"""An image, its SBOM and its provenance in a registry: a real one, on loopback, with the referrers' API and without."""

import hashlib
import json
import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.processes import Program, free_ports, tool, tools
from support.wait import until

CLUSTER = Path(__file__).parents[3] / "cluster"
SBOM, PROVENANCE = "application/vnd.cyclonedx+json", "application/vnd.in-toto+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@dataclass
class Registry:
    """A registry's address, and what it answers."""

    address: str

    def get(self, path: str) -> Any:
        """A document of the registry's API."""
        request = urllib.request.Request(f"http://{self.address}/v2/{path}", headers={"Accept": "*/*"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def digest(self, repository: str, tag: str) -> str:
        """What a tag stands for."""
        with urllib.request.urlopen(f"http://{self.address}/v2/{repository}/manifests/{tag}", timeout=10) as answer:
            return "sha256:" + hashlib.sha256(answer.read()).hexdigest()

    def attached(self, repository: str, digest: str) -> list[Any]:
        """The manifests of what refers to an image: by the API where there is one, else by the tag in its place."""
        try:
            index = self.get(f"{repository}/referrers/{digest}")
        except urllib.error.HTTPError:
            index = self.get(f"{repository}/manifests/{digest.replace(':', '-')}")
        return [self.get(f"{repository}/manifests/{one['digest']}") for one in index["manifests"]]


@pytest.fixture(params=["--referrers", "--referrers=false"], ids=["referrers", "tags"])
def registry(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Registry]:
    log = tmp_path / "registry.log"
    program = Program([tool("registry"), request.param], log)
    until("the registry listens", lambda: "localhost:" in log.read_text(), 10)
    yield Registry(log.read_text().splitlines()[0])
    program.stop()


def image(folder: Path, content: bytes) -> tuple[Path, str]:
    """An OCI layout as pack.py writes it, and the image's digest."""
    (folder / "blobs/sha256").mkdir(parents=True)

    def put(kind: str, data: bytes) -> dict[str, Any]:
        digest = hashlib.sha256(data).hexdigest()
        (folder / "blobs/sha256" / digest).write_bytes(data)
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": f"sha256:{digest}", "size": len(data)}

    config = put("config.v1+json", b'{"architecture": "amd64", "os": "linux"}')
    layers = [put("layer.v1.tar+gzip", content)]
    whole = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers}
    manifest = put("manifest.v1+json", json.dumps(whole).encode())
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [manifest]}))
    return folder, manifest["digest"]


@pytest.fixture
def push(tmp_path: Path) -> Any:
    """The command's own push, with a cache that has nothing but the tools."""
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "bin").symlink_to(tools())
    (tmp_path / "bot.cdx.json").write_text('{"bomFormat": "CycloneDX"}')
    (tmp_path / "bot.json").write_text('{"_type": "https://in-toto.io/Statement/v1"}')

    def run(layout: Path, digest: str, reference: str) -> subprocess.CompletedProcess[str]:
        sourced = f'set -euo pipefail\n. "{CLUSTER}/lib/base.sh"\n. "$here/lib/publish.sh"\npush_image "$@"'
        words = [str(layout), digest, reference, str(tmp_path / "bot.cdx.json"), str(tmp_path / "bot.json")]
        variables = {**os.environ, "PARLEY_CACHE": str(cache)}
        return subprocess.run(
            ["bash", "-c", sourced, "push", *words], env=variables, capture_output=True, text=True, timeout=120
        )

    return run


def test_an_image_is_pushed_with_its_sbom_and_provenance_once(registry: Registry, push: Any, tmp_path: Path) -> None:
    layout, digest = image(tmp_path / "one", b"a layer")
    for said in ("push", "is there already"):
        done = push(layout, digest, f"{registry.address}/parley/bot:v1")
        assert done.returncode == 0, done.stderr
        assert said in done.stderr
    assert registry.digest("parley/bot", "v1") == digest
    attached = registry.attached("parley/bot", digest)
    assert sorted(one["artifactType"] for one in attached) == [SBOM, PROVENANCE]
    assert {one["subject"]["digest"] for one in attached} == {digest}
    kept = {one["artifactType"]: registry.get(f"parley/bot/blobs/{one['layers'][0]['digest']}") for one in attached}
    assert kept == {SBOM: {"bomFormat": "CycloneDX"}, PROVENANCE: {"_type": "https://in-toto.io/Statement/v1"}}


def test_a_tag_that_is_there_with_another_image_is_left_as_it_is(registry: Registry, push: Any, tmp_path: Path) -> None:
    layout, first = image(tmp_path / "one", b"a layer")
    assert push(layout, first, f"{registry.address}/parley/bot:v1").returncode == 0
    layout, second = image(tmp_path / "two", b"another layer")
    done = push(layout, second, f"{registry.address}/parley/bot:v1")
    assert done.returncode == 1
    assert f"/parley/bot:v1 is there as {first}, and this is {second}: a tag is not changed" in done.stderr
    assert registry.digest("parley/bot", "v1") == first
    assert push(layout, second, f"{registry.address}/parley/bot:v2").returncode == 0


def test_a_registry_that_does_not_answer_is_not_taken_for_an_empty_one(push: Any, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    layout, digest = image(tmp_path / "one", b"a layer")
    done = push(layout, digest, f"localhost:{port}/parley/bot:v1")
    assert done.returncode == 1
    assert f"the registry does not say what it has as localhost:{port}/parley/bot:v1" in done.stderr


@pytest.mark.parametrize("registry", ["", "https://registry.example/parley", "registry.example/parley/"])
def test_what_is_no_registry_is_refused_before_anything_is_built(registry: str, tmp_path: Path) -> None:
    command = [CLUSTER / "parley-cluster", "publish", registry]
    variables = {**os.environ, "PARLEY_CACHE": str(tmp_path), "CLUSTER": "node"}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert f"REGISTRY is '{registry}'" in done.stderr
