"""The published JSON Schemas of what is stored: `python -m parley_api.transcripts.schema [--check]`."""

import argparse
import json
import sys
from pathlib import Path

from parley_protocol import Transcript
from parley_protocol.model import Message
from parley_protocol.transcript import Manifest

FOLDER = Path("docs/schemas")
PUBLISHED: dict[str, type[Message]] = {"transcript-v1.json": Transcript, "manifest-v1.json": Manifest}
"""The models by their files' names; a change that a reader of version 1 can't take is a new file."""


def schema(name: str) -> str:
    """The schema of this file as it is published."""
    # Of the reading side: a reader must accept a document whose optional fields are left out.
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"https://parley.dev/schemas/{name}",
        **PUBLISHED[name].model_json_schema(by_alias=True, mode="validation"),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    """Write the schemas, or with --check fail when one on disk is another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when a file is not current")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    options = parser.parse_args()
    folder: Path = options.folder
    stale = [name for name in PUBLISHED if not _is_current(folder / name)]
    for name in stale:
        if options.check:
            print(f"{folder / name} is not current: run `python -m parley_api.transcripts.schema`", file=sys.stderr)
        else:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(schema(name), encoding="utf-8")
    return 1 if options.check and stale else 0


def _is_current(path: Path) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == schema(path.name)


if __name__ == "__main__":
    sys.exit(main())
