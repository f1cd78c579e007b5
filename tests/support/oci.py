"""A built image as a container would see it: its configuration and its files, out of the builder's store."""

import json
import os
import subprocess
import tarfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

WHITEOUT = ".wh."
OPAQUE = ".wh..wh..opq"


@dataclass(frozen=True)
class Image:
    """An image and its layers, the lowest first, each to be read as a tar."""

    tag: str
    config: dict[str, Any]
    layers: tuple[Path, ...]

    @property
    def size(self) -> int:
        """Bytes of its layers as a node unpacks them."""
        return sum(layer.stat().st_size for layer in self.layers)

    @cached_property
    def entries(self) -> dict[str, tuple[Path, tarfile.TarInfo]]:
        """What a container sees, by path without a leading slash, with its layer; links to folders are not followed."""
        seen: dict[str, tuple[Path, tarfile.TarInfo]] = {}
        for layer in self.layers:
            with tarfile.open(layer) as archive:
                members = archive.getmembers()
            for path in hidden(list(seen), members):
                del seen[path]
            seen |= {path: (layer, member) for member in members if not is_mark(path := normal(member))}
        return seen

    @property
    def files(self) -> dict[str, tarfile.TarInfo]:
        """The same without the layers."""
        return {path: member for path, (_, member) in self.entries.items()}

    def content(self, path: str) -> bytes:
        """A file's content.

        Raises:
            KeyError: the image has no such file.
        """
        layer, member = self.entries[path]
        with tarfile.open(layer) as archive:
            file = archive.extractfile(member)
            assert file, f"{path} is no file"
            return file.read()


def normal(member: tarfile.TarInfo) -> str:
    """The path without a leading slash or dot."""
    return os.path.normpath(member.name).lstrip("/")


def is_mark(path: str) -> bool:
    """Whether it stands for something that a layer hides (the OCI image specification's whiteouts)."""
    return PurePosixPath(path).name.startswith(WHITEOUT)


def hidden(seen: list[str], members: list[tarfile.TarInfo]) -> list[str]:
    """Those of the lower layers' paths that a layer hides."""
    gone, emptied = set(), set()
    for member in members:
        path = PurePosixPath(normal(member))
        if path.name == OPAQUE:
            emptied.add(str(path.parent))
        elif path.name.startswith(WHITEOUT):
            gone.add(str(path.parent / path.name.removeprefix(WHITEOUT)))
    return [
        path
        for path in seen
        if path in gone or any(str(above) in gone | emptied for above in PurePosixPath(path).parents)
    ]


def built(cache: Path, name: str) -> str:
    """The image of that name that was built last, such as parley/bot:0123456789ab."""
    for line in (cache / "images.env").read_text().splitlines():
        variable, _, image = line.partition("=")
        if variable == f"PARLEY_IMAGE_{name.upper()}":
            return image
    raise LookupError(f"{name} is not built")


def from_layout(layout: Path, image: str) -> Image:
    """What buildah built and cluster/lib/export.py stored."""

    def blob(digest: str) -> Path:
        return layout / "blobs" / digest.replace(":", "/")

    descriptor = json.loads((layout / "refs" / image.replace("/", "_")).read_text())
    manifest = json.loads(blob(descriptor["digest"]).read_text())
    config = json.loads(blob(manifest["config"]["digest"]).read_text())
    return Image(image.rpartition(":")[2], config, tuple(blob(layer["digest"]) for layer in manifest["layers"]))


def from_docker(image: str, folder: Path) -> Image:
    """What Docker built, unpacked into the folder."""
    saved = folder / "saved.tar"
    with saved.open("wb") as file:
        subprocess.run(["docker", "image", "save", image], stdout=file, check=True, timeout=300)
    with tarfile.open(saved) as archive:
        archive.extractall(folder, filter="data")
    saved.unlink()
    manifest = json.loads((folder / "manifest.json").read_text())[0]
    config = json.loads((folder / manifest["Config"]).read_text())
    return Image(image.rpartition(":")[2], config, tuple(folder / layer for layer in manifest["Layers"]))
