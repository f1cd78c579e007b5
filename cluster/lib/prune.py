#!/usr/bin/env python3
"""Drop what export.py stored for all but the newest tags of each image; print the references that stay, one a line.

usage: prune.py LAYOUT KEEP
"""

import json
import sys
from collections import defaultdict
from pathlib import Path


def newest(refs: Path, keep: int) -> list[Path]:
    """Return the references to keep: by image, those written last."""
    by_image: defaultdict[str, list[Path]] = defaultdict(list)
    for ref in sorted(refs.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True):
        by_image[ref.name.rpartition(":")[0]].append(ref)
    return [ref for same in by_image.values() for ref in same[:keep]]


def digests_of(layout: Path, ref: Path) -> set[str]:
    """Return the digests of everything that a reference leads to."""
    top = str(json.loads(ref.read_text())["digest"])
    manifest = json.loads((layout / "blobs" / top.replace(":", "/")).read_text())
    return {top, manifest["config"]["digest"], *(layer["digest"] for layer in manifest["layers"])}


def main(layout: Path, keep: int) -> None:
    """Drop references first: a blob without one is waste, a reference without its blob would be a lie."""
    kept = newest(layout / "refs", keep)
    for ref in set((layout / "refs").iterdir()) - set(kept):
        ref.unlink()
        (layout / "made" / ref.name).unlink(missing_ok=True)
    wanted = set().union(*(digests_of(layout, ref) for ref in kept))
    for layer in (layout / "layers").iterdir():
        if json.loads(layer.read_text())["digest"] not in wanted:
            layer.unlink()
    for blob in (layout / "blobs/sha256").iterdir():
        if f"sha256:{blob.name}" not in wanted:
            blob.unlink()
    print("\n".join(sorted(ref.name for ref in kept)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
