"""The published JSON Schemas of what is stored: `python -m parley_api.transcripts.schema [--check]`.

Within a version fields may be added, and members of enumerations: a reader ignores what it does not know. So the
schemas refuse neither, though the models do. What is there keeps its meaning, and what is required stays.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from parley_protocol import Transcript
from parley_protocol.model import Message
from parley_protocol.transcript import Manifest

FOLDER = Path("docs/schemas")
PUBLISHED: dict[str, type[Message]] = {"transcript-v1.json": Transcript, "manifest-v1.json": Manifest}
"""The models by their files' names; any other change than an addition is a new version, and a new file."""


def schema(name: str) -> str:
    """The schema of this file as it is published."""
    # Of the reading side: a reader must accept a document whose optional fields are left out.
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"https://parley.dev/schemas/{name}",
        **_opened(PUBLISHED[name].model_json_schema(by_alias=True, mode="validation")),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _opened(node: Any) -> Any:
    """The schema, with room for what comes in later."""
    if isinstance(node, list):
        return [_opened(item) for item in node]
    if not isinstance(node, dict):
        return node
    opened = {key: _opened(value) for key, value in node.items() if (key, value) != ("additionalProperties", False)}
    if "enum" in opened:
        # The members that there are stay to be read, and to make types of.
        opened["anyOf"] = [{"enum": opened.pop("enum")}, {"type": opened["type"]}]
    return opened


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
