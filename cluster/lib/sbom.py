#!/usr/bin/env python3
"""Make an SBOM of syft's depend on what is in the image, and on nothing else.

usage: sbom.py IMAGE DIGEST < CYCLONEDX     IMAGE: parley/NAME:TAG; prints the SBOM

The same image gives the same SBOM, so that it is attached to it once: the time goes, the serial number is that of the
image's digest, and the image is named as a registry will know it.
"""

import json
import sys
import uuid
from typing import Any

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://parley.dev/sbom")


def settled(bom: dict[str, Any], image: str, digest: str) -> dict[str, Any]:
    """Return the SBOM of an image with this digest (sha256:0123…)."""
    name, _, tag = image.partition(":")
    metadata = {key: value for key, value in bom["metadata"].items() if key != "timestamp"}
    component = {key: value for key, value in metadata.get("component", {}).items() if key == "bom-ref"} | {
        "type": "container",
        "name": name,
        "version": tag,
        "hashes": [{"alg": "SHA-256", "content": digest.removeprefix("sha256:")}],
    }
    serial = f"urn:uuid:{uuid.uuid5(NAMESPACE, digest)}"
    return bom | {"serialNumber": serial, "metadata": metadata | {"component": component}}


if __name__ == "__main__":
    print(json.dumps(settled(json.load(sys.stdin), sys.argv[1], sys.argv[2]), indent=1))
