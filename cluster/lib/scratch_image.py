#!/usr/bin/env python3
"""Write a docker archive of an image that holds nothing but the given files, to standard output.

usage: scratch_image.py NAME ENTRYPOINT FILE:PATH-IN-THE-IMAGE...
"""

import hashlib
import io
import json
import sys
import tarfile

NOBODY = "65535:65535"


def add(archive: tarfile.TarFile, path: str, data: bytes, mode: int = 0o644) -> None:
    """Add a file whose bytes depend on its content alone."""
    info = tarfile.TarInfo(path)
    info.size, info.mode = len(data), mode
    archive.addfile(info, io.BytesIO(data))


def layer_of(files: list[str]) -> bytes:
    """Return the tar of one layer with each `FILE:PATH` as an executable."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for pair in files:
            source, target = pair.rsplit(":", 1)
            with open(source, "rb") as file:
                add(archive, target.lstrip("/"), file.read(), 0o755)
    return buffer.getvalue()


def main(name: str, entrypoint: str, files: list[str]) -> None:
    """Write the archive: one layer, its configuration, the manifest."""
    layer = layer_of(files)
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Entrypoint": [entrypoint], "User": NOBODY},
            "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]},
        }
    ).encode()
    config_name = hashlib.sha256(config).hexdigest() + ".json"
    manifest = [{"Config": config_name, "RepoTags": [name], "Layers": ["layer.tar"]}]
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as archive:
        add(archive, "layer.tar", layer)
        add(archive, config_name, config)
        add(archive, "manifest.json", json.dumps(manifest).encode())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
