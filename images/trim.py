#!/usr/bin/env python3
"""Take out of a virtual environment what a running program does not need, and hold it against the root below it.

usage: trim.py VENV ROOT

Tests of packages and the commands that packages install go; the interpreter's names stay, and so does each package's
record of itself, by which scanners know it. Then every shared library that is left must find in ROOT, or in the
environment itself, what it is linked to: else the build fails here, and not an import in a pod.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

TESTS = {"tests", "test"}


def unused(venv: Path) -> Iterator[Path]:
    """Yield files and folders that nothing imports."""
    for path in (venv / "bin").iterdir():
        if not path.name.startswith("python"):
            yield path
    for name in (".lock", ".gitignore", "CACHEDIR.TAG"):
        if (venv / name).exists():
            yield venv / name
    for packages in venv.glob("lib/python3.*/site-packages"):
        for folder, folders, _ in os.walk(packages):
            for name in TESTS & set(folders):
                folders.remove(name)
                yield Path(folder, name)


def remove(path: Path) -> None:
    """Remove a file or a whole folder."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def linked(library: Path) -> Iterator[tuple[str, str]]:
    """Yield what a shared library is linked to: name, and path, which is empty where the loader finds none."""
    listed = subprocess.run(["ldd", str(library)], capture_output=True, text=True, check=False).stdout  # noqa: S603, S607 - the base's own
    for name, path in re.findall(r"^\s+(?:(\S+) => )?(/\S+|not found)", listed, re.MULTILINE):
        yield name or path, "" if path == "not found" else path


def missing(venv: Path, root: Path) -> set[str]:
    """Return what libraries of the environment are linked to and would not find on the root."""
    found = set()
    for library in venv.rglob("*.so*"):
        if library.is_symlink() or not library.is_file():
            continue
        for name, path in linked(library):
            if path and Path(path).resolve().is_relative_to(venv.resolve()):
                continue
            if not path or not os.path.lexists(root / str(Path(path).resolve()).lstrip("/")):
                found.add(f"{name} (for {library.relative_to(venv)})")
    return found


def main(venv: Path, root: Path) -> None:
    """Trim and check."""
    for path in list(unused(venv)):
        remove(path)
    if absent := sorted(missing(venv, root)):
        sys.exit("the root lacks libraries; name them in images/root.py:\n" + "\n".join(absent))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
