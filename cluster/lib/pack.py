#!/usr/bin/env python3
"""Write an image that export.py stored as an OCI layout of its own, compressed, as it goes to a registry.

usage: pack.py LAYOUT REFERENCE PACKED NAME      prints the digest of the image in PACKED/NAME

Its digest is the one that a registry, an SBOM and a provenance speak of. Layers are compressed once, with nothing in
their headers that a second time would change; the images share them in PACKED/blobs.
"""

import gzip
import hashlib
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

OCI = "application/vnd.oci.image."
LEVEL = 6  # gzip's own default: 9 takes three times as long for a percent


def blob(layout: Path, digest: str) -> Path:
    """Return the file of a digest such as sha256:0123…."""
    return layout / "blobs" / digest.replace(":", "/")


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that is there whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(data)
    partial.rename(path)


def put(packed: Path, media_type: str, data: bytes) -> dict[str, Any]:
    """Store a blob; return its descriptor."""
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    write_whole(blob(packed, digest), data)
    return {"mediaType": OCI + media_type, "digest": digest, "size": len(data)}


def compressed(layout: Path, packed: Path, layer: str) -> dict[str, Any]:
    """Store a layer compressed, unless it is; return its descriptor."""
    known = packed / "layers" / layer.replace(":", "-")
    if known.exists():
        found: dict[str, Any] = json.loads(known.read_text())
        if blob(packed, found["digest"]).exists():
            return found
    partial = packed / "partial"
    with (
        blob(layout, layer).open("rb") as plain,
        partial.open("wb") as file,
        gzip.GzipFile("", "wb", LEVEL, file, mtime=0) as zipped,
    ):
        shutil.copyfileobj(plain, zipped, 1 << 20)
    with partial.open("rb") as whole:
        digest = "sha256:" + hashlib.file_digest(whole, "sha256").hexdigest()
    size = partial.stat().st_size
    partial.rename(blob(packed, digest))
    stored = {"mediaType": OCI + "layer.v1.tar+gzip", "digest": digest, "size": size}
    write_whole(known, json.dumps(stored).encode())
    return stored


def sweep(packed: Path) -> None:
    """Drop blobs that no packed image needs any more."""
    wanted = set()
    for index in packed.glob("*/index.json"):
        top = json.loads(index.read_text())["manifests"][0]["digest"]
        manifest = json.loads(blob(packed, top).read_text())
        wanted |= {top, manifest["config"]["digest"], *(layer["digest"] for layer in manifest["layers"])}
    for file in (packed / "blobs/sha256").iterdir():
        if f"sha256:{file.name}" not in wanted:
            file.unlink()


def main(layout: Path, reference: str, packed: Path, name: str) -> str:
    """Pack, and return the image's digest."""
    for folder in ("blobs/sha256", "layers", name):
        (packed / folder).mkdir(parents=True, exist_ok=True)
    stored = json.loads((layout / "refs" / reference).read_text())
    manifest = json.loads(blob(layout, stored["digest"]).read_text())
    config = put(packed, "config.v1+json", blob(layout, manifest["config"]["digest"]).read_bytes())
    layers = [compressed(layout, packed, layer["digest"]) for layer in manifest["layers"]]
    whole = {"schemaVersion": 2, "mediaType": OCI + "manifest.v1+json", "config": config, "layers": layers}
    descriptor = put(packed, "manifest.v1+json", json.dumps(whole).encode())
    own = packed / name
    if not (own / "blobs").is_symlink():
        os.symlink("../blobs", own / "blobs")
    write_whole(own / "oci-layout", b'{"imageLayoutVersion": "1.0.0"}')
    index = {"schemaVersion": 2, "mediaType": OCI + "index.v1+json", "manifests": [descriptor]}
    write_whole(own / "index.json", json.dumps(index).encode())
    sweep(packed)
    return str(descriptor["digest"])


if __name__ == "__main__":
    print(main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), sys.argv[4]))
