#!/usr/bin/env python3
"""Compare two images that export.py stored, and say which layers and which files differ.

usage: compare.py LAYOUT REFERENCE REFERENCE

Prints the digest where both are the same, and fails where they are not.
"""

import hashlib
import json
import sys
import tarfile
from itertools import zip_longest
from pathlib import Path
from typing import Any

SHOWN = 20  # differing files of a layer; what makes one differ mostly makes many


def blob(layout: Path, digest: str) -> Path:
    """Return the file of a digest such as sha256:0123…."""
    return layout / "blobs" / digest.replace(":", "/")


def manifest_of(layout: Path, reference: str) -> tuple[str, dict[str, Any]]:
    """Return an image's digest and manifest."""
    digest = str(json.loads((layout / "refs" / reference).read_text())["digest"])
    return digest, json.loads(blob(layout, digest).read_text())


def described(archive: tarfile.TarFile, member: tarfile.TarInfo) -> dict[str, object]:
    """Return all that a layer says of a file."""
    content = archive.extractfile(member) if member.isreg() else None
    return {
        "type": member.type,
        "mode": oct(member.mode),
        "owner": (member.uid, member.gid),
        "time": member.mtime,
        "link": member.linkname,
        "attributes": {name: value for name, value in member.pax_headers.items() if name != "path"},
        "content": hashlib.file_digest(content, "sha256").hexdigest() if content else "",  # type: ignore[arg-type] # it reads
    }


def files_of(layer: Path) -> dict[str, dict[str, object]]:
    """Return what a layer holds, by name."""
    with tarfile.open(layer) as archive:
        return {member.name: described(archive, member) for member in archive}


def differences(first: Path, second: Path) -> list[str]:
    """Return a line for each file in which two layers differ."""
    a, b = files_of(first), files_of(second)
    lines = []
    for name in sorted(a.keys() | b.keys()):
        if name not in a or name not in b:
            lines.append(f"{name}: only in the {'second' if name not in a else 'first'}")
        elif what := [key for key in a[name] if a[name][key] != b[name][key]]:
            lines.append(f"{name}: {', '.join(what)}")
    return lines or ["the same files in another order"]


def compare(layout: Path, first: str, second: str) -> list[str]:
    """Return what differs between two images, a line each; nothing where they are the same."""
    (digest, a), (other, b) = manifest_of(layout, first), manifest_of(layout, second)
    if digest == other:
        return []
    found = [] if a["config"] == b["config"] else ["configuration"]
    for number, (one, two) in enumerate(zip_longest(a["layers"], b["layers"]), start=1):
        if one is None or two is None:
            found.append(f"layer {number}: only in the {'second' if one is None else 'first'}")
        elif one["digest"] != two["digest"]:
            lines = differences(blob(layout, one["digest"]), blob(layout, two["digest"]))
            more = [f"… and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
            found += [f"layer {number}: {line}" for line in lines[:SHOWN] + more]
    return found


def main(layout: Path, first: str, second: str) -> int:
    """Print the comparison; return 1 where the images differ."""
    found = compare(layout, first, second)
    digest, manifest = manifest_of(layout, first)
    if not found:
        print(f"{first} reproduced: {digest}, {len(manifest['layers'])} layers")
        return 0
    print(f"{first} differs:", *found, sep="\n  ")
    return 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
