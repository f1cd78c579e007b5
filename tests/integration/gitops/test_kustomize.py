"""Kustomize on what the project ships for it: names are followed, and Argo CD's ConfigMap keeps what it has."""

import json
from pathlib import Path
from typing import Any

import yaml
from support.control_plane import ControlPlane
from support.gitops_table import HEALTH_SCRIPT

ROOT = Path(__file__).parents[3]
ARGO = ROOT / "deploy/gitops/argocd"
KEYS = {f"resource.customizations.health.parley.dev_{kind}" for kind in ("Interview", "InterviewTemplate")}
CV = """
configMapGenerator:
  - name: cv
    literals: [text=Ten years of Go.]
    options: {labels: {parley.dev/readable: "true"}}
namePrefix: spring-
namespace: hiring
resources: [template.yaml, interview.yaml]
configurations: [references.yaml]
patches:
  - target: {kind: Interview}
    patch: '[{"op": "add", "path": "/spec/context", "value": {"configMapKeyRef": {"name": "cv", "key": "text"}}}]'
"""


def build(control_plane: ControlPlane, folder: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(control_plane.kubectl("kustomize", str(folder)).stdout))


def test_the_examples_build(control_plane: ControlPlane) -> None:
    built = build(control_plane, ROOT / "examples")
    assert {(one["kind"], one["metadata"]["name"]) for one in built} == {
        ("InterviewTemplate", "platform-engineer"),
        ("Interview", "ada"),
    }


def test_names_are_followed(control_plane: ControlPlane, tmp_path: Path) -> None:
    for name in ("template.yaml", "interview.yaml", "references.yaml"):
        (tmp_path / name).write_text((ROOT / "examples" / name).read_text())
    (tmp_path / "kustomization.yaml").write_text(CV)
    built = {one["kind"]: one for one in build(control_plane, tmp_path)}
    spec = built["Interview"]["spec"]
    assert spec["templateRef"]["name"] == built["InterviewTemplate"]["metadata"]["name"] == "spring-platform-engineer"
    assert spec["context"]["configMapKeyRef"]["name"] == built["ConfigMap"]["metadata"]["name"]
    assert built["ConfigMap"]["metadata"]["name"].startswith("spring-cv-")


def test_argo_cd_learns_the_health_and_keeps_its_settings(control_plane: ControlPlane) -> None:
    control_plane.kubectl("create", "namespace", "argocd", check=False)
    control_plane.kubectl("-n", "argocd", "create", "configmap", "argocd-cm", "--from-literal=url=https://argo.example")
    control_plane.kubectl("apply", "--server-side", "--field-manager=parley", "-k", str(ARGO))
    stored = json.loads(control_plane.kubectl("-n", "argocd", "get", "configmap", "argocd-cm", "-o", "json").stdout)
    script = HEALTH_SCRIPT.read_text(encoding="utf-8")
    assert stored["data"] == {"url": "https://argo.example"} | dict.fromkeys(KEYS, script)
    assert stored["metadata"]["labels"]["app.kubernetes.io/part-of"] == "argocd"
