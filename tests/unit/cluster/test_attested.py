"""What is said of an image: packed for a registry, where it comes from, what is in it, and by which values it runs."""

import gzip
import hashlib
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

LIB = Path(__file__).parents[3] / "cluster/lib"
DIGEST = "sha256:" + "ab" * 32
LAYER = b"a layer" * 1000


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"parley_cluster_{name}", LIB / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


pack, provenance, sbom, release = load("pack"), load("provenance"), load("sbom"), load("release")


def store(layout: Path, data: bytes) -> dict[str, Any]:
    digest = hashlib.sha256(data).hexdigest()
    (layout / "blobs/sha256" / digest).write_bytes(data)
    return {"digest": f"sha256:{digest}", "size": len(data)}


@pytest.fixture
def layout(tmp_path: Path) -> Path:
    """What export.py stored: one image of one layer."""
    layout = tmp_path / "layout"
    (layout / "blobs/sha256").mkdir(parents=True)
    (layout / "refs").mkdir()
    manifest = {"config": store(layout, b'{"config": {}}'), "layers": [store(layout, LAYER)]}
    (layout / "refs/parley_x:1").write_text(json.dumps(store(layout, json.dumps(manifest).encode())))
    return layout


def read(packed: Path, digest: str) -> bytes:
    return (packed / "x/blobs" / digest.replace(":", "/")).read_bytes()


def test_an_image_is_packed_whole_and_compressed(layout: Path, tmp_path: Path) -> None:
    digest = pack.main(layout, "parley_x:1", tmp_path / "packed", "x")
    index = json.loads((tmp_path / "packed/x/index.json").read_text())
    assert [m["digest"] for m in index["manifests"]] == [digest]
    manifest = json.loads(read(tmp_path / "packed", digest))
    for part in (manifest["config"], *manifest["layers"]):
        content = read(tmp_path / "packed", part["digest"])
        assert (f"sha256:{hashlib.sha256(content).hexdigest()}", len(content)) == (part["digest"], part["size"])
    (layer,) = manifest["layers"]
    assert layer["mediaType"] == "application/vnd.oci.image.layer.v1.tar+gzip"
    assert gzip.decompress(read(tmp_path / "packed", layer["digest"])) == LAYER
    assert read(tmp_path / "packed", manifest["config"]["digest"]) == b'{"config": {}}'


def test_an_image_that_is_packed_again_elsewhere_has_the_same_digest(layout: Path, tmp_path: Path) -> None:
    first = pack.main(layout, "parley_x:1", tmp_path / "here", "x")
    assert pack.main(layout, "parley_x:1", tmp_path / "elsewhere", "x") == first


def test_what_no_image_needs_any_more_is_dropped(layout: Path, tmp_path: Path) -> None:
    packed = tmp_path / "packed"
    old = pack.main(layout, "parley_x:1", packed, "x")
    manifest = {"config": store(layout, b"{}"), "layers": [store(layout, b"another layer")]}
    (layout / "refs/parley_x:2").write_text(json.dumps(store(layout, json.dumps(manifest).encode())))
    new = pack.main(layout, "parley_x:2", packed, "x")
    kept = {f"sha256:{file.name}" for file in (packed / "blobs/sha256").iterdir()}
    assert old not in kept
    assert new in kept
    assert len(kept) == 3
    assert pack.main(layout, "parley_x:1", packed, "x") == old
    assert read(packed, old)


def build(**changes: Any) -> Any:
    source = provenance.Source("c" * 40, dirty=False, origin="git+https://git.example/parley")
    given = {
        "image": "parley/bot:0123456789ab",
        "digest": DIGEST,
        "dockerfile": "bot_image/Dockerfile",
        "source": source,
        "files": {"requirements.lock": "sha256:" + "1" * 64, "bot_image/Dockerfile": "sha256:" + "2" * 64},
        "bases": {"docker.io/library/python:3.13-slim-trixie": "sha256:" + "3" * 64},
        "tool": "buildah 1.28.2",
    }
    return provenance.Build(**given | changes)


def test_a_statement_names_the_image_its_source_and_all_that_went_into_it() -> None:
    said = provenance.statement(build())
    assert (said["_type"], said["predicateType"]) == (
        "https://in-toto.io/Statement/v1",
        "https://slsa.dev/provenance/v1",
    )
    assert said["subject"] == [{"name": "parley/bot", "digest": {"sha256": "ab" * 32}}]
    definition = said["predicate"]["buildDefinition"]
    assert definition["externalParameters"] == {"dockerfile": "bot_image/Dockerfile"}
    source, base, *files = definition["resolvedDependencies"]
    assert source == {
        "uri": f"git+https://git.example/parley@{'c' * 40}",
        "digest": {"gitCommit": "c" * 40},
        "annotations": {"dirty": False},
    }
    assert base == {"uri": "oci:docker.io/library/python:3.13-slim-trixie", "digest": {"sha256": "3" * 64}}
    assert [(file["name"], file["digest"]["sha256"][0]) for file in files] == [
        ("bot_image/Dockerfile", "2"),
        ("requirements.lock", "1"),
    ]
    assert said["predicate"]["runDetails"]["builder"]["id"].startswith("https://")


def test_a_statement_says_the_same_whenever_it_is_made() -> None:
    assert json.dumps(provenance.statement(build())) == json.dumps(provenance.statement(build()))


@pytest.mark.parametrize("wrong", ["", "latest", "sha256:abc", "sha512:" + "a" * 128])
def test_what_is_no_digest_is_not_stated(wrong: str) -> None:
    with pytest.raises(ValueError, match="is no digest"):
        provenance.statement(build(bases={"docker.io/library/debian:trixie-slim": wrong}))


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("https://git.example/team/parley.git", "git+https://git.example/team/parley.git"),
        ("https://user:secret@git.example:8443/parley", "git+https://git.example:8443/parley"),
        ("ssh://git@git.example/parley", "git+ssh://git.example/parley"),
        ("/home/somebody/parley", ""),
        ("file:///home/somebody/parley", ""),
        ("", ""),
    ],
)
def test_the_origin_carries_no_password_and_no_path_of_a_machine(origin: str, expected: str) -> None:
    assert provenance.without_password(origin) == expected


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    repo = tmp_path / "repo"
    repo.mkdir()
    (repo / "Dockerfile").write_text("FROM scratch\nCOPY requirements.lock code.py /\n")
    (repo / "requirements.lock").write_text("a==1")
    (repo / "code.py").write_text("")
    for words in (["init", "-q"], ["add", "."], ["-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "x"]):
        subprocess.run(["git", "-C", repo, *words], check=True)
    return repo


def test_a_checkout_is_told_with_its_locks_and_whether_it_was_changed(checkout: Path, tmp_path: Path) -> None:
    made = tmp_path / "made"
    made.write_text(json.dumps({"builder": "buildah 1.28.2", "bases": {}}))

    def said() -> dict[str, Any]:
        command = [sys.executable, str(LIB / "provenance.py"), str(checkout), str(checkout / "Dockerfile")]
        given = "code.py\nrequirements.lock\n"
        done = subprocess.run(
            [*command, "parley/x:1", DIGEST, str(made)], input=given, capture_output=True, text=True, check=True
        )
        return dict(json.loads(done.stdout))

    source, *files = said()["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert source["annotations"] == {"dirty": False}
    assert [file["name"] for file in files] == ["Dockerfile", "requirements.lock"]
    assert files[1]["digest"]["sha256"] == hashlib.sha256(b"a==1").hexdigest()
    (checkout / "code.py").write_text("changed")
    source, *_ = said()["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert source["annotations"] == {"dirty": True}


def test_an_sbom_of_the_same_image_is_the_same() -> None:
    def by_syft(number: int) -> dict[str, Any]:
        metadata = {"timestamp": f"2026-01-0{number}", "component": {"bom-ref": "1", "name": "/a/machine's/path"}}
        return {"serialNumber": f"urn:uuid:{number}", "metadata": metadata, "components": [{"name": "pipecat-ai"}]}

    first, second = (sbom.settled(by_syft(number), "parley/bot:1", DIGEST) for number in (1, 2))
    assert first == second
    assert first["components"] == [{"name": "pipecat-ai"}]
    assert first["metadata"]["component"] == {
        "bom-ref": "1",
        "type": "container",
        "name": "parley/bot",
        "version": "1",
        "hashes": [{"alg": "SHA-256", "content": "ab" * 32}],
    }
    assert sbom.settled(by_syft(1), "parley/bot:1", "sha256:" + "c" * 64)["serialNumber"] != first["serialNumber"]


def test_the_values_name_each_image_by_digest_where_the_chart_looks() -> None:
    written = yaml.safe_load(
        release.values("registry.example/parley", {"bot": f"1e10@{DIGEST}", "api": f"v1@{DIGEST}"})
    )
    assert written == {
        "image": {"registry": "registry.example/parley"},
        "bots": {"image": {"repository": "bot", "tag": "1e10", "digest": DIGEST}},
        "api": {"image": {"repository": "api", "tag": "v1", "digest": DIGEST}},
    }
