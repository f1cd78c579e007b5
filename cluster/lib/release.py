#!/usr/bin/env python3
"""Write the chart's values of images that were pushed.

usage: release.py REGISTRY NAME=TAG@DIGEST...     prints YAML for `helm install -f`

A node pulls by the digest, which no registry can answer with another image; the tag is for people.
"""

import sys

# Where the chart has each image's values.
SECTIONS = {"operator": "operator", "api": "api", "web": "web", "bot": "bots", "emulators": "emulators"}


def values(registry: str, images: dict[str, str]) -> str:
    """Return the values: images by name, each as TAG@sha256:0123…."""
    lines = [f"image:\n  registry: {registry}"]
    for name, pushed in images.items():
        tag, _, digest = pushed.partition("@")
        lines.append(f'{SECTIONS[name]}:\n  image:\n    repository: {name}\n    tag: "{tag}"\n    digest: {digest}')
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(values(sys.argv[1], dict(word.split("=", 1) for word in sys.argv[2:])), end="")
