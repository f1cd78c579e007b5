#!/usr/bin/env python3
"""Write an image that export.py stored as an archive for `ctr images import`, without the layers that are there.

usage: delta.py LAYOUT REFERENCE NAME < DIGESTS     DIGESTS: what the importer's content store holds, one a line

containerd takes a layer that the archive lacks from its own store, so a change of code imports kilobytes.
"""

import io
import json
import sys
import tarfile
from pathlib import Path
from typing import Any


def blob(layout: Path, digest: str) -> Path:
    """Return the file of a digest such as sha256:0123…."""
    return layout / "blobs" / digest.replace(":", "/")


def find(layout: Path, reference: str) -> dict[str, Any]:
    """Return the descriptor of the manifest that export.py stored as `reference`."""
    path = layout / "refs" / reference
    if not path.exists():
        sys.exit(f"{layout} holds no {reference}")
    descriptor: dict[str, Any] = json.loads(path.read_text())
    return descriptor


def main(layout: Path, reference: str, name: str, present: set[str]) -> None:
    """Write the archive to standard output."""
    descriptor = find(layout, reference)
    descriptor["annotations"] = {"io.containerd.image.name": name}
    manifest = json.loads(blob(layout, descriptor["digest"]).read_text())
    needed = [layer["digest"] for layer in manifest["layers"] if layer["digest"] not in present]
    index = {"schemaVersion": 2, "manifests": [descriptor]}
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as archive:
        for path, text in (("oci-layout", '{"imageLayoutVersion":"1.0.0"}'), ("index.json", json.dumps(index))):
            info = tarfile.TarInfo(path)
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
        for digest in dict.fromkeys([descriptor["digest"], manifest["config"]["digest"], *needed]):
            archive.add(blob(layout, digest), "blobs/" + digest.replace(":", "/"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], {line.strip() for line in sys.stdin})
