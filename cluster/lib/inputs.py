#!/usr/bin/env python3
"""Know what an image is made of: the files that its Dockerfile copies out of the repository.

usage: inputs.py list REPOSITORY DOCKERFILE           print the names of those files, one a line
       inputs.py tag REPOSITORY DOCKERFILE SALT       print a hash of the Dockerfile, those files and SALT
       inputs.py stage REPOSITORY DOCKERFILE FOLDER   make FOLDER a build context with those files and no others

Only files that git knows or would add count, so nothing ignored (environments, caches, keys) gets into an image or tag.
"""

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

BUILD_TIME = 1_577_836_800  # 2020-01-01: a file's layer must depend on its content, not on when it was checked out


def instructions(dockerfile: str) -> list[str]:
    """Return the logical lines: continuations joined, comments and blank lines dropped."""
    lines = [line for line in dockerfile.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return "\n".join(lines).replace("\\\n", " ").splitlines()


def copied(line: str) -> list[str]:
    """Return the sources that a COPY or ADD takes from the build context."""
    rest = line.split(None, 1)[1].strip()
    while rest.startswith("--"):
        flag, _, rest = rest.partition(" ")
        rest = rest.strip()
        if flag.startswith("--from="):
            return []
    words = [str(word) for word in json.loads(rest)] if rest.startswith("[") else shlex.split(rest)
    return words[:-1]


def mounted(line: str) -> list[str]:
    """Return the sources that a RUN binds from the build context."""
    sources = []
    for word in shlex.split(line, posix=False):
        if not word.startswith("--mount="):
            continue
        options = dict(part.partition("=")[::2] for part in word.removeprefix("--mount=").split(","))
        if options.get("type", "bind") == "bind" and "from" not in options:
            sources.append(options.get("source") or options.get("src") or ".")
    return sources


def sources(dockerfile: str) -> list[str]:
    """Return every path or pattern of the build context that the Dockerfile reads."""
    found: list[str] = []
    for line in instructions(dockerfile):
        verb = line.split(None, 1)[0].upper()
        if verb in ("COPY", "ADD"):
            found += copied(line)
        elif verb == "RUN":
            found += mounted(line)
    return [os.path.normpath(source.lstrip("/")) for source in found]


def files(repository: Path, dockerfile: Path) -> list[str]:
    """Return the files behind the sources, sorted; a source without any file is an error."""
    every: set[str] = set()
    for source in sources(dockerfile.read_text()):
        command = ["git", "-C", str(repository), "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--"]
        listing = subprocess.run([*command, source], stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603 - git, on our own Dockerfile
        if listing.returncode:  # git has said why, on our standard error
            sys.exit(f"{repository}: git does not list its files; an image is made of what git knows")
        matched = [name for name in listing.stdout.split("\0") if name and os.path.lexists(repository / name)]
        if not matched:
            sys.exit(f"{dockerfile}: COPY {source}: git knows no such file")
        every.update(matched)
    return sorted(every)


def tag(repository: Path, dockerfile: Path, salt: str) -> str:
    """Return the image's tag: the same inputs, the same tag."""
    digest = hashlib.sha256(salt.encode() + b"\0" + dockerfile.read_bytes())
    for name in files(repository, dockerfile):
        path = repository / name
        content = os.readlink(path).encode() if path.is_symlink() else path.read_bytes()
        mode = "l" if path.is_symlink() else "x" if os.access(path, os.X_OK) else "-"
        digest.update(f"\0{name}\0{mode}\0{hashlib.sha256(content).hexdigest()}".encode())
    return digest.hexdigest()[:12]


def stage(repository: Path, dockerfile: Path, folder: Path) -> None:
    """Make the build context anew, with times and modes that no checkout changes."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in files(repository, dockerfile):
        path, target = repository / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target, follow_symlinks=False)
        if not path.is_symlink():
            target.chmod(0o755 if os.access(path, os.X_OK) else 0o644)
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir():
            path.chmod(0o755)
        os.utime(path, (BUILD_TIME, BUILD_TIME), follow_symlinks=False)


if __name__ == "__main__":
    verb, repository_, dockerfile_, *last = sys.argv[1:]
    match verb, last:
        case "list", []:
            print("\n".join(files(Path(repository_), Path(dockerfile_))))
        case "tag", [salt_]:
            print(tag(Path(repository_), Path(dockerfile_), salt_))
        case "stage", [folder_]:
            stage(Path(repository_), Path(dockerfile_), Path(folder_))
        case _:
            sys.exit(__doc__)
