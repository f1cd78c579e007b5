#!/usr/bin/env python3
"""State where an image comes from: an in-toto Statement with SLSA's provenance, version 1 of both.

usage: provenance.py REPOSITORY DOCKERFILE IMAGE DIGEST MADE < FILES     prints the statement

FILES are what the image is made of, as inputs.py lists it. IMAGE is parley/NAME:TAG. MADE is the file in which the
build noted its builder and base images: {"builder": "buildah 1.28.2", "bases": {"docker.io/…": "sha256:…"}}.

https://slsa.dev/spec/v1.0/provenance, https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md.
docs/images.md says what the build type means and who may believe the statement.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

BUILD_TYPE = "https://parley.dev/build/image/v1"
BUILDER = "https://parley.dev/build/by-hand"  # PARLEY_BUILDER_ID: the URI of a pipeline that builds
LOCKS = re.compile(r"(^|/)(requirements[^/]*|package-lock\.json|pyproject\.toml)$")

type Json = dict[str, Any]


@dataclass(frozen=True)
class Source:
    """The commit that was built from; `dirty`: some file was not as in it. `origin` is empty where nobody named it."""

    commit: str
    dirty: bool
    origin: str = ""


@dataclass(frozen=True)
class Build:
    """What was built (`image`: parley/NAME:TAG), of what; files by their path in the repository, digests of SHA-256."""

    image: str
    digest: str
    dockerfile: str
    source: Source
    files: dict[str, str]
    bases: dict[str, str]
    tool: str
    builder: str = BUILDER


def sha256(digest: str) -> Json:
    """Return a digest set of sha256:0123….

    Raises:
        ValueError: it is none.
    """
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
        raise ValueError(f"{digest!r} is no digest such as sha256:0123…, of 64 hexadecimal digits")
    return {"sha256": digest.removeprefix("sha256:")}


def without_password(origin: str) -> str:
    """Return the address of a repository, without what logs in there; empty where it is a path of a machine."""
    url = urlsplit(origin)
    if url.scheme not in ("http", "https", "ssh", "git") or not url.hostname:
        return ""
    return f"git+{url.scheme}://{url.hostname}{f':{url.port}' if url.port else ''}{url.path}"


def of_source(source: Source) -> Json:
    """Return the repository as a dependency."""
    named = {"uri": f"{source.origin}@{source.commit}"} if source.origin else {"name": "parley"}
    return named | {"digest": {"gitCommit": source.commit}, "annotations": {"dirty": source.dirty}}


def statement(build: Build) -> Json:
    """Return the statement; the same for the same build, whenever it is asked for."""
    name, _, tag = build.image.partition(":")
    dependencies = [
        of_source(build.source),
        *({"uri": f"oci:{base}", "digest": sha256(digest)} for base, digest in sorted(build.bases.items())),
        *({"name": path, "digest": sha256(digest)} for path, digest in sorted(build.files.items())),
    ]
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": name, "digest": sha256(build.digest)}],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {"dockerfile": build.dockerfile},
                "internalParameters": {"inputs": tag},
                "resolvedDependencies": dependencies,
            },
            "runDetails": {"builder": {"id": build.builder, "version": {"tool": build.tool}}},
        },
    }


def git(repository: Path, *words: str) -> str:
    """Return what git prints; nothing where it fails."""
    command = ["git", "-C", str(repository), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60).stdout.strip()  # noqa: S603 - git


def source_of(repository: Path) -> Source:
    """Return the commit of a checkout.

    Raises:
        SystemExit: it has none.
    """
    commit = git(repository, "rev-parse", "HEAD")
    if not commit:
        sys.exit(f"{repository}: there is no commit to say that the image is of")
    origin = without_password(git(repository, "remote", "get-url", "origin"))
    return Source(commit, bool(git(repository, "status", "--porcelain")), origin)


def digest_of(path: Path) -> str:
    """Return a file's digest."""
    return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()


def main(repository: Path, dockerfile: Path, image: str, digest: str, made: Path, files: list[str]) -> Json:
    """Gather what there is to say."""
    noted = json.loads(made.read_text())
    own = str(dockerfile.relative_to(repository))
    locks = [name for name in files if LOCKS.search(name)]
    return statement(
        Build(
            image,
            digest,
            own,
            source_of(repository),
            {name: digest_of(repository / name) for name in (own, *locks)},
            noted["bases"],
            noted["builder"],
            os.environ.get("PARLEY_BUILDER_ID") or BUILDER,
        )
    )


if __name__ == "__main__":
    repository_, dockerfile_, image_, digest_, made_ = sys.argv[1:]
    files_ = sys.stdin.read().splitlines()
    print(json.dumps(main(Path(repository_), Path(dockerfile_), image_, digest_, Path(made_), files_), indent=2))
