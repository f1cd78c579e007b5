"""Manifests as kubectl reads them, with the line of every field: many documents a file, Lists taken apart."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

Path = tuple[str | int, ...]
MAX_BYTES = 3 * 1024 * 1024
"""The API server takes no larger request."""
MAX_DEPTH = 100


@dataclass(frozen=True)
class Manifest:
    """One object of a file: what it says, and where.

    `number` counts the file's documents from 1; `node` is the parsed YAML that the lines are found by.
    """

    file: str
    number: int
    document: Any
    node: yaml.Node

    def line(self, path: Path = ()) -> int:
        """The line, from 1, of the field; of the nearest field around it where it is not there."""
        node = self.node
        line = node.start_mark.line
        for step in path:
            found = _child(node, step)
            if found is None:
                break
            line, node = found
        return line + 1


class ManifestError(Exception):
    """The file is no YAML that the API server would take. `line` counts from 1."""

    def __init__(self, message: str, line: int, number: int) -> None:
        super().__init__(message)
        self.line = line
        self.number = number


class _Loader(yaml.SafeLoader):
    """JSON's types alone: a time stays the text it is, and a key that stands twice is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """As the base's, but no later key hides an earlier one."""
        seen: set[Any] = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} is no text", key_node.start_mark)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key!r} stands twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_manifests(file: str, text: str) -> Iterator[Manifest]:
    """Every object of the file, in order; empty documents are left out.

    Raises:
        ManifestError: at a document that is no YAML; those before it were yielded.
    """
    number = 0
    if len(text.encode(errors="replace")) > MAX_BYTES:
        raise ManifestError(f"the file is larger than {MAX_BYTES} bytes: the API server takes none so large", 1, 1)
    loader = _Loader(text)
    try:
        while loader.check_node():
            number += 1
            node = loader.get_node()
            assert node is not None  # noqa: S101 - check_node has seen it
            _bound(node, number)
            document = loader.construct_document(node)
            if document is None:
                continue
            yield from _unlisted(Manifest(file, number, document, node))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise ManifestError(f"not YAML: {error.problem}", (mark.line if mark else 0) + 1, number or 1) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise ManifestError(f"not YAML: {type(error).__name__}: {error}", 1, number or 1) from error
    finally:
        loader.dispose()


def _bound(node: yaml.Node, number: int, depth: int = 0) -> None:
    """Refuse a depth, which also ends at an alias that holds itself."""
    if depth > MAX_DEPTH:
        raise ManifestError(f"nested deeper than {MAX_DEPTH} levels", node.start_mark.line + 1, number)
    if isinstance(node, yaml.MappingNode):
        for _, value in node.value:
            _bound(value, number, depth + 1)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _bound(value, number, depth + 1)


def _unlisted(manifest: Manifest) -> Iterator[Manifest]:
    document = manifest.document
    if not (isinstance(document, dict) and document.get("kind") == "List" and isinstance(document.get("items"), list)):
        yield manifest
        return
    found = _child(manifest.node, "items")
    nodes = found[1].value if found and isinstance(found[1], yaml.SequenceNode) else []
    for item, node in zip(document["items"], nodes, strict=False):
        yield Manifest(manifest.file, manifest.number, item, node)


def _child(node: yaml.Node, step: str | int) -> tuple[int, yaml.Node] | None:
    """The line and the node of a field or an item."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if getattr(key, "value", None) == step:
                return key.start_mark.line, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark.line, node.value[step]
    return None
