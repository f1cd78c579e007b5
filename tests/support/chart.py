"""What the chart renders, where a test needs a part of it as it is installed."""

import subprocess
from pathlib import Path
from typing import Any

import yaml

from support.processes import tool

type Document = dict[str, Any]

CHART = Path(__file__).parents[2] / "charts/parley"
REGISTRY = ("--set", "image.registry=registry.example")  # the chart pulls from nowhere unless told


def render(namespace: str, *values: str) -> list[Document]:
    """The documents of a release in this namespace; each of `values` is an item of helm's `--set`.

    Raises:
        AssertionError: helm refuses; the message holds its words.
    """
    sets = [word for value in values for word in ("--set", value)]
    command = [tool("helm"), "template", "parley", str(CHART), "--namespace", namespace, *REGISTRY, *sets]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def rights(documents: list[Document], account: str) -> list[Document]:
    """A service account with the roles and bindings that give it its rights, and no other object."""
    bindings = [
        document
        for document in documents
        if document["kind"] in ("RoleBinding", "ClusterRoleBinding")
        and any(subject["name"] == account for subject in document["subjects"])
    ]
    named = {
        (ref["kind"], None if ref["kind"] == "ClusterRole" else each["metadata"]["namespace"], ref["name"])
        for each in bindings
        for ref in [each["roleRef"]]
    }
    roles = [
        document
        for document in documents
        if (document["kind"], document["metadata"].get("namespace"), document["metadata"]["name"]) in named
    ]
    accounts = [each for each in documents if each["kind"] == "ServiceAccount" and each["metadata"]["name"] == account]
    assert accounts, f"the chart has no account {account}"
    assert roles, f"{account} has no rights"
    return [*accounts, *roles, *bindings]
