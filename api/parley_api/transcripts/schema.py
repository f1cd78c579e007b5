"""The published JSON Schema of the transcript: `python -m parley_api.transcripts.schema [--check]`."""

import argparse
import json
import sys
from pathlib import Path

from parley_protocol import Transcript

PATH = Path("docs/schemas/transcript-v1.json")


def schema() -> str:
    """The schema as it is published."""
    # Of the reading side: a reader must accept a transcript whose optional fields are left out.
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://parley.dev/schemas/transcript-v1.json",
        **Transcript.model_json_schema(by_alias=True, mode="validation"),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    """Write the schema, or with --check fail when the one on disk is another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when the file is not current")
    parser.add_argument("--path", type=Path, default=PATH)
    options = parser.parse_args()
    path: Path = options.path
    if not options.check:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(schema(), encoding="utf-8")
        return 0
    if path.exists() and path.read_text(encoding="utf-8") == schema():
        return 0
    print(f"{path} is not current: run `python -m parley_api.transcripts.schema`", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
