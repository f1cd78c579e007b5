"""Kubernetes documents, changed in one place at a time."""

import copy
from typing import Any

Document = dict[str, Any]


def with_change(document: Document, path: str, value: Any) -> Document:
    """A copy of the document with the value at the dotted path; numbers are places in a list."""
    changed = copy.deepcopy(document)
    *parents, last = path.split(".")
    node: Any = changed
    for step in parents:
        node = node[int(step)] if isinstance(node, list) else node.setdefault(step, {})
    if isinstance(node, list):
        node.insert(int(last), value)
    else:
        node[last] = value
    return changed
