#!/usr/bin/env python3
"""Copy an image from buildah's overlay store to an OCI layout, its layers uncompressed.

usage: export.py STORE LAYOUT IMAGE REFERENCE

`buildah push` compresses every layer again at every push, which for a bot image takes longer than its build. Here a
layer is written once: its tar is made from the layer's folder in the store, and is found again by the store's name for
it. The digests are our own, so the image's configuration gets them too.

The same files give the same image, byte for byte: they are put in a fixed order, and what only says when and as which
step something was built (times, the builder's ids and digests of its steps) is left out. Modules of Python are not the
staler for it: their bytecode is hash-based (PYC_INVALIDATION_MODE in the Dockerfiles).
"""

import base64
import hashlib
import io
import json
import os
import re
import stat
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

OPAQUE = "trusted.overlay.opaque"
KEPT_ATTRIBUTE = "security.capability"
FILE_TIME = 1_577_836_800  # 2020-01-01, of everything in an image; the same as in a build's context (inputs.py)
CREATED = "2020-01-01T00:00:00Z"


class Digesting:
    """A file that digests what is written to it."""

    def __init__(self, file: IO[bytes]) -> None:
        """Wrap `file`, open for writing."""
        self.file, self.sha256, self.size = file, hashlib.sha256(), 0

    def write(self, data: bytes) -> int:
        """Write and digest."""
        self.sha256.update(data)
        self.size += len(data)
        return self.file.write(data)


def records(path: Path) -> list[dict[str, Any]]:
    """Return the store's records in a JSON file."""
    return list(json.loads(path.read_text()))


def find_image(store: Path, name: str) -> dict[str, Any]:
    """Return the store's record of the image with this whole name."""
    for record in records(store / "overlay-images/images.json"):
        if name in (record.get("names") or []):
            return record
    sys.exit(f"{store} holds no image {name}")


def chain(store: Path, top: str) -> list[str]:
    """Return the names of the layers from the lowest to `top`."""
    parents = {record["id"]: record.get("parent") for record in records(store / "overlay-layers/layers.json")}
    layers = [top]
    while parent := parents[layers[-1]]:
        layers.append(parent)
    return layers[::-1]


def entries(folder: Path) -> Iterator[Path]:
    """Yield everything below a folder, parents first, in a fixed order, links to folders not followed."""
    for path in sorted(folder.iterdir()):
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from entries(path)


def is_whiteout(info: os.stat_result) -> bool:
    """Return whether the overlay hides the lower file of this name."""
    return stat.S_ISCHR(info.st_mode) and info.st_rdev == 0


def is_opaque(path: Path) -> bool:
    """Return whether the overlay hides everything that the lower folder holds."""
    try:
        return os.getxattr(path, OPAQUE, follow_symlinks=False) == b"y"
    except OSError:
        return False


def attributes(path: Path) -> dict[str, str]:
    """Return the extended attributes that belong in the image, as tar headers."""
    try:
        value = os.getxattr(path, KEPT_ATTRIBUTE, follow_symlinks=False)
    except OSError:
        return {}
    return {"SCHILY.xattr." + KEPT_ATTRIBUTE: value.decode("utf-8", "surrogateescape")}


def add_marker(archive: tarfile.TarFile, name: str) -> None:
    """Add an empty file, as OCI layers mark what they hide."""
    info = tarfile.TarInfo(name)
    info.mtime = FILE_TIME
    archive.addfile(info, io.BytesIO())


def write_tar(folder: Path, file: Digesting) -> None:
    """Write a layer's folder as an OCI layer."""
    with tarfile.open(fileobj=file, mode="w|", format=tarfile.PAX_FORMAT, copybufsize=1 << 20) as archive:  # type: ignore[call-overload] # only write() is called
        for path in entries(folder):
            name = str(path.relative_to(folder))
            if is_whiteout(path.lstat()):
                add_marker(archive, str(Path(name).parent / f".wh.{path.name}"))
                continue
            info = archive.gettarinfo(path, name)
            info.uname = info.gname = ""
            info.mtime = FILE_TIME
            info.pax_headers = attributes(path)
            if info.isreg():
                with path.open("rb") as content:
                    archive.addfile(info, content)
            else:
                archive.addfile(info)
            if info.isdir() and is_opaque(path):
                add_marker(archive, name + "/.wh..wh..opq")


def write_whole(layout: Path, path: Path, data: bytes) -> None:
    """Write a file that is there whole or not at all: what is there is taken for whole."""
    partial = layout / "partial"
    partial.write_bytes(data)
    partial.rename(path)


def put(layout: Path, data: bytes) -> dict[str, Any]:
    """Store a blob; return its digest and size."""
    digest = hashlib.sha256(data).hexdigest()
    write_whole(layout, layout / "blobs/sha256" / digest, data)
    return {"digest": f"sha256:{digest}", "size": len(data)}


def export_layer(store: Path, layout: Path, layer: str) -> dict[str, Any]:
    """Store a layer, unless it is there; return its digest and size."""
    known = layout / "layers" / f"{layer}@{FILE_TIME}"
    if known.exists():
        found: dict[str, Any] = json.loads(known.read_text())
        if (layout / "blobs" / found["digest"].replace(":", "/")).exists():
            return found
    partial = layout / "partial"
    with partial.open("wb") as file:
        digesting = Digesting(file)
        write_tar(store / "overlay" / layer / "diff", digesting)
    digest = digesting.sha256.hexdigest()
    partial.rename(layout / "blobs/sha256" / digest)
    stored = {"digest": f"sha256:{digest}", "size": digesting.size}
    write_whole(layout, known, json.dumps(stored).encode())
    return stored


def config_of(store: Path, image: dict[str, Any]) -> dict[str, Any]:
    """Return the image's configuration; the store names its files by base64."""
    key = "=" + base64.b64encode(f"sha256:{image['id']}".encode()).decode()
    found: dict[str, Any] = json.loads((store / "overlay-images" / image["id"] / key).read_text())
    return found


def timeless(config: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration without what differs between two builds of the same."""
    history = [
        {key: value for key, value in step.items() if key not in ("created", "comment")}
        | {"created": CREATED, "created_by": re.sub(r"\b(file|dir|multi):[0-9a-f]{64}", r"\1", step["created_by"])}
        for step in config.get("history", [])
    ]
    return config | {"created": CREATED, "history": history}


def main(store: Path, layout: Path, name: str, reference: str) -> None:
    """Export, and write the reference last, so that it stands for a whole image."""
    for folder in ("blobs/sha256", "layers", "refs"):
        (layout / folder).mkdir(parents=True, exist_ok=True)
    image = find_image(store, name)
    layers = [export_layer(store, layout, layer) for layer in chain(store, image["layer"])]
    config = timeless(config_of(store, image))
    config["rootfs"] = {"type": "layers", "diff_ids": [layer["digest"] for layer in layers]}
    oci = "application/vnd.oci.image."
    manifest = {
        "schemaVersion": 2,
        "mediaType": oci + "manifest.v1+json",
        "config": {"mediaType": oci + "config.v1+json", **put(layout, json.dumps(config).encode())},
        "layers": [{"mediaType": oci + "layer.v1.tar", **layer} for layer in layers],
    }
    descriptor = {"mediaType": oci + "manifest.v1+json", **put(layout, json.dumps(manifest).encode())}
    write_whole(layout, layout / "refs" / reference, json.dumps(descriptor).encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4])
