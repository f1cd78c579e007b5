"""What an image's tag depends on, and that its layers reach an OCI layout and an archive whole."""

import importlib.util
import io
import json
import os
import resource
import subprocess
import sys
import tarfile
from datetime import datetime
from pathlib import Path
from types import ModuleType

import pytest

LIB = Path(__file__).parents[3] / "cluster/lib"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"parley_cluster_{name}", LIB / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


inputs, export, prune, compare = load("inputs"), load("export"), load("prune"), load("compare")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("COPY a b /dest/", ["a", "b"]),
        ("COPY --chown=1:1 --chmod=755 a /dest", ["a"]),
        ("COPY --from=build /venv /venv", []),
        ('COPY ["with space", "/dest"]', ["with space"]),
        ("ADD ./a.tar /", ["a.tar"]),
        ("RUN --mount=type=cache,target=/c --mount=type=bind,source=lock,target=/l true", ["lock"]),
        ("RUN --mount=type=bind,from=build,source=/x,target=/y true", []),
        ('RUN echo "$(date)" && echo it\'s', []),
    ],
)
def test_sources_of_an_instruction(line: str, expected: list[str]) -> None:
    assert inputs.sources(line) == expected


def test_continuations_and_comments_are_read_as_docker_does() -> None:
    assert inputs.sources("FROM x\n# COPY no /\nCOPY a \\\n  # in between\n  b \\\n  /dest\n") == ["a", "b"]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    repo = tmp_path / "repo"
    (repo / "pkg").mkdir(parents=True)
    (repo / "pkg/code.py").write_text("1")
    (repo / "pkg/run").write_text("#!/bin/sh")
    (repo / "pkg/run").chmod(0o755)
    (repo / "other.txt").write_text("not copied")
    (repo / ".gitignore").write_text("*.pyc\n")
    (repo / "Dockerfile").write_text("FROM scratch\nCOPY pkg /app\n")
    subprocess.run(["git", "init", "-q", repo], check=True)
    return repo


def tag(repo: Path, salt: str = "") -> str:
    return str(inputs.tag(repo, repo / "Dockerfile", salt))


def test_a_tag_follows_what_is_copied_and_nothing_else(repository: Path) -> None:
    first = tag(repository)
    (repository / "other.txt").write_text("changed")
    (repository / "pkg/code.pyc").write_text("ignored by git")
    os.utime(repository / "pkg/code.py", (1, 1))
    assert tag(repository) == first
    assert tag(repository, "another base") != first
    (repository / "pkg/run").chmod(0o644)
    without_mode = tag(repository)
    assert without_mode != first
    (repository / "pkg/new.py").write_text("not added yet")
    assert tag(repository) != without_mode


def test_a_copy_of_nothing_is_an_error_that_names_it(repository: Path) -> None:
    (repository / "Dockerfile").write_text("FROM scratch\nCOPY absent /app\n")
    with pytest.raises(SystemExit, match="COPY absent"):
        tag(repository)


def test_a_folder_that_git_does_not_list_is_an_error_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY pkg /app\n")
    with pytest.raises(SystemExit, match="git does not list"):
        tag(tmp_path)


def test_the_build_context_holds_the_copied_files_with_fixed_times(repository: Path, tmp_path: Path) -> None:
    (repository / "pkg/code.pyc").write_text("ignored by git")
    context = tmp_path / "context"
    inputs.stage(repository, repository / "Dockerfile", context)
    found = sorted(str(path.relative_to(context)) for path in context.rglob("*") if path.is_file())
    assert found == ["pkg/code.py", "pkg/run"]
    assert {path.stat().st_mtime for path in context.rglob("*")} == {inputs.BUILD_TIME}
    assert os.access(context / "pkg/run", os.X_OK)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store of buildah's with one image of two layers, the second hiding a file of the first."""
    store = tmp_path / "store"
    for layer in ("low", "top"):
        (store / "overlay" / layer / "diff/etc").mkdir(parents=True)
    (store / "overlay/low/diff/etc/kept").write_text("kept")
    (store / "overlay/low/diff/etc/twin").hardlink_to(store / "overlay/low/diff/etc/kept")
    (store / "overlay/top/diff/etc/link").symlink_to("kept")
    (store / "overlay-layers").mkdir()
    (store / "overlay-layers/layers.json").write_text(json.dumps([{"id": "low"}, {"id": "top", "parent": "low"}]))
    image = store / "overlay-images/i1"
    image.mkdir(parents=True)
    (image / "=c2hhMjU2Omkx").write_text(json.dumps({"config": {"User": "1"}, "rootfs": {"diff_ids": ["x", "y"]}}))
    records = [{"id": "i1", "names": ["docker.io/parley/x:1"], "layer": "top"}]
    (store / "overlay-images/images.json").write_text(json.dumps(records))
    return store


def blob(layout: Path, digest: str) -> bytes:
    return (layout / "blobs" / digest.replace(":", "/")).read_bytes()


def manifest_of(layout: Path, reference: str) -> dict[str, list[dict[str, str]]]:
    descriptor = json.loads((layout / "refs" / reference).read_text())
    return dict(json.loads(blob(layout, descriptor["digest"])))


def test_an_image_is_exported_with_its_own_digests(store: Path, tmp_path: Path) -> None:
    layout = tmp_path / "layout"
    export.main(store, layout, "docker.io/parley/x:1", "parley_x:1")
    manifest = manifest_of(layout, "parley_x:1")
    config = json.loads(blob(layout, manifest["config"]["digest"]))  # type: ignore[call-overload] # config is no list
    assert config["config"] == {"User": "1"}
    assert config["rootfs"]["diff_ids"] == [layer["digest"] for layer in manifest["layers"]]
    with tarfile.open(fileobj=io.BytesIO(blob(layout, manifest["layers"][0]["digest"]))) as low:
        assert low.getnames() == ["etc", "etc/kept", "etc/twin"]
        assert low.getmember("etc/twin").islnk()
    with tarfile.open(fileobj=io.BytesIO(blob(layout, manifest["layers"][1]["digest"]))) as top:
        assert top.getmember("etc/link").linkname == "kept"


def another_build(store: Path) -> None:
    """The same image made later: other times, ids and steps' digests."""
    for path in (store / "overlay").rglob("*"):
        os.utime(path, (4_000_000_000, 4_000_000_000), follow_symlinks=False)
    write_config(store, created="2030-05-05T05:05:05.5Z", seen="b" * 64)


def write_config(store: Path, created: str, seen: str) -> None:
    steps = [
        {
            "created": created,
            "created_by": f"/bin/sh -c #(nop) COPY dir:{seen} in /venv ",
            "comment": f"FROM {seen[:12]}",
        },
        {"created": created, "created_by": "/bin/sh -c #(nop) USER 1", "empty_layer": True},
    ]
    config = {"created": created, "config": {"User": "1"}, "rootfs": {"diff_ids": ["x", "y"]}, "history": steps}
    (store / "overlay-images/i1/=c2hhMjU2Omkx").write_text(json.dumps(config))


def test_the_same_files_give_the_same_image_whenever_they_are_built(store: Path, tmp_path: Path) -> None:
    write_config(store, created="2026-01-01T00:00:00Z", seen="a" * 64)
    layout = tmp_path / "layout"
    export.main(store, layout, "docker.io/parley/x:1", "parley_x:1")
    another_build(store)
    for known in (layout / "layers").iterdir():
        known.unlink()
    export.main(store, layout, "docker.io/parley/x:1", "parley_x:2")
    assert (layout / "refs/parley_x:1").read_text() == (layout / "refs/parley_x:2").read_text()
    assert compare.compare(layout, "parley_x:1", "parley_x:2") == []
    config = json.loads(blob(layout, manifest_of(layout, "parley_x:1")["config"]["digest"]))  # type: ignore[call-overload] # config is no list
    assert config["created"] == export.CREATED
    assert [step["created_by"] for step in config["history"]] == [
        "/bin/sh -c #(nop) COPY dir in /venv ",
        "/bin/sh -c #(nop) USER 1",
    ]


def test_the_time_of_every_file_is_that_of_the_build_context() -> None:
    assert export.FILE_TIME == inputs.BUILD_TIME
    assert datetime.fromisoformat(export.CREATED).timestamp() == export.FILE_TIME


def test_a_layer_whose_blob_went_is_written_again(store: Path, tmp_path: Path) -> None:
    """Another checkout with other rules of pruning shares the layout."""
    layout = tmp_path / "layout"
    export.main(store, layout, "docker.io/parley/x:1", "parley_x:1")
    low = manifest_of(layout, "parley_x:1")["layers"][0]["digest"]
    (layout / "blobs" / low.replace(":", "/")).unlink()
    export.main(store, layout, "docker.io/parley/x:1", "parley_x:2")
    assert blob(layout, low)


def test_what_differs_between_two_images_is_named(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layout = tmp_path / "layout"
    export.main(store, layout, "docker.io/parley/x:1", "parley_x:1")
    (store / "overlay/low/diff/etc/kept").write_text("changed")
    (store / "overlay/top/diff/etc/new").write_text("")
    for known in (layout / "layers").iterdir():
        known.unlink()
    export.main(store, layout, "docker.io/parley/x:1", "parley_x:2")
    assert compare.main(layout, "parley_x:1", "parley_x:2") == 1
    assert capsys.readouterr().out.splitlines() == [
        "parley_x:1 differs:",
        "  configuration",
        "  layer 1: etc/kept: content",
        "  layer 2: etc/new: only in the second",
    ]


def test_an_export_that_finds_the_disk_full_leaves_nothing_that_looks_whole(store: Path, tmp_path: Path) -> None:
    layout = tmp_path / "layout"
    export.main(store, layout, "docker.io/parley/x:1", "parley_x:1")
    whole = {path: path.read_bytes() for path in layout.rglob("*") if path.is_file()}
    command = [sys.executable, str(LIB / "export.py"), str(store), str(layout), "docker.io/parley/x:1", "parley_x:2"]
    done = subprocess.run(
        command, capture_output=True, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
    )
    assert done.returncode
    assert not (layout / "refs/parley_x:2").exists()
    assert {path: path.read_bytes() for path in whole} == whole


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes a whiteout")
def test_what_a_layer_hides_stays_hidden(store: Path, tmp_path: Path) -> None:
    os.mknod(store / "overlay/top/diff/etc/gone", 0o020000, os.makedev(0, 0))
    os.setxattr(store / "overlay/top/diff/etc", "trusted.overlay.opaque", b"y")
    export.main(store, tmp_path / "layout", "docker.io/parley/x:1", "parley_x:1")
    digest = manifest_of(tmp_path / "layout", "parley_x:1")["layers"][1]["digest"]
    with tarfile.open(fileobj=io.BytesIO(blob(tmp_path / "layout", digest))) as top:
        assert {"etc/.wh.gone", "etc/.wh..wh..opq"} <= set(top.getnames())


def test_the_archive_leaves_out_layers_that_the_importer_has(store: Path, tmp_path: Path) -> None:
    layout = tmp_path / "layout"
    export.main(store, layout, "docker.io/parley/x:1", "parley_x:1")
    low, top = (layer["digest"] for layer in manifest_of(layout, "parley_x:1")["layers"])
    command = [sys.executable, str(LIB / "delta.py"), str(layout), "parley_x:1", "docker.io/parley/x:1"]
    written = subprocess.run(command, input=f"{low}\n".encode(), capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(written)) as archive:
        names = archive.getnames()
        index = json.loads(archive.extractfile("index.json").read())  # type: ignore[union-attr] # it is a file
    assert "blobs/" + top.replace(":", "/") in names
    assert "blobs/" + low.replace(":", "/") not in names
    assert index["manifests"][0]["annotations"]["io.containerd.image.name"] == "docker.io/parley/x:1"


def test_pruning_keeps_the_newest_tags_and_every_blob_that_they_need(store: Path, tmp_path: Path) -> None:
    layout = tmp_path / "layout"
    records = json.loads((store / "overlay-images/images.json").read_text())
    for number, top in enumerate(("low", "top"), start=1):
        records[0].update(names=[f"docker.io/parley/x:{number}"], layer=top)
        (store / "overlay-images/images.json").write_text(json.dumps(records))
        export.main(store, layout, f"docker.io/parley/x:{number}", f"parley_x:{number}")
        os.utime(layout / "refs" / f"parley_x:{number}", (number, number))
    old = json.loads((layout / "refs/parley_x:1").read_text())["digest"]
    prune.main(layout, 1)
    assert [ref.name for ref in (layout / "refs").iterdir()] == ["parley_x:2"]
    assert not (layout / "blobs" / old.replace(":", "/")).exists()
    for layer in manifest_of(layout, "parley_x:2")["layers"]:
        assert blob(layout, layer["digest"])
