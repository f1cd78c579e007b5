"""A folder of manifests as people and GitOps tools apply it, and whether it is still what it was."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from support.control_plane import ControlPlane

type Document = dict[str, Any]

EXAMPLES = Path(__file__).parents[2] / "examples"
CLIENT_SIDE = ("apply",)
SERVER_SIDE = ("apply", "--server-side", "--field-manager=gitops")
KINDS = "interviews,interviewtemplates"


@dataclass
class Applied:
    """Manifests in a folder, for a namespace of their own."""

    plane: ControlPlane
    namespace: str
    source: tuple[str, ...]

    def kubectl(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run kubectl in the namespace."""
        return self.plane.kubectl("-n", self.namespace, *arguments, check=check)

    def apply(self, how: tuple[str, ...]) -> list[str]:
        """Apply all, and give what kubectl says of each object."""
        return self.kubectl(*how, *self.source).stdout.splitlines()

    def diff(self, *options: str) -> str:
        """What `kubectl diff` shows; empty where it finds nothing, with the exit code that says so.

        Raises:
            AssertionError: it failed.
        """
        found = self.kubectl("diff", *options, *self.source, check=False)
        assert found.returncode in (0, 1), found.stderr
        assert (found.returncode == 0) == (found.stdout == ""), found
        return found.stdout

    def objects(self) -> dict[str, Document]:
        """Each object as it is read."""
        items = json.loads(self.kubectl("get", KINDS, "-o", "json").stdout)["items"]
        return {f"{item['kind']}/{item['metadata']['name']}": item for item in items}

    def versions(self) -> dict[str, str]:
        """The resourceVersion of each object: it moves with whatever is written."""
        return {name: item["metadata"]["resourceVersion"] for name, item in self.objects().items()}

    def contents(self) -> dict[str, Document]:
        """Each object without what every write changes."""
        objects = self.objects()
        for item in objects.values():
            del item["metadata"]["resourceVersion"]
        return objects


def in_namespace(source: Path, folder: Path, namespace: str) -> Path:
    """A copy of a manifest's documents in this namespace."""
    documents = [document for document in yaml.safe_load_all(source.read_text(encoding="utf-8")) if document]
    for document in documents:
        document["metadata"]["namespace"] = namespace
    target = folder / source.name
    target.write_text(yaml.safe_dump_all(documents), encoding="utf-8")
    return target


def examples(folder: Path, namespace: str, **changes: str) -> tuple[str, ...]:
    """The examples in this namespace, to be applied by Kustomize, with changes to their kustomization.yaml."""
    kustomization: Document = yaml.safe_load((EXAMPLES / "kustomization.yaml").read_text(encoding="utf-8"))
    for name in kustomization["resources"]:
        in_namespace(EXAMPLES / name, folder, namespace)
    for name in kustomization["configurations"]:
        (folder / name).write_text((EXAMPLES / name).read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "kustomization.yaml").write_text(yaml.safe_dump({**kustomization, **changes}), encoding="utf-8")
    return "-k", str(folder)
