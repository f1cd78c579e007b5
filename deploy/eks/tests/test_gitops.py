"""deploy/gitops is what the handover writes of an example's outputs, and these are what its stack would tell."""

import json

import pytest
from conftest import HOME
from site_of import Site, synthesised

from parley_eks.handover.__main__ import files

EXAMPLE = HOME / "examples/gitops"
CLUSTERS = HOME.parent / "gitops/clusters"
OWN = {"images.yaml", "values.yaml", "kustomization.yaml"}
"""What is not the handover's: `make publish` writes the first, the platform team the others."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    context = json.loads((EXAMPLE / "settings.json").read_text())["context"]
    return synthesised(context, tmp_path_factory.mktemp("gitops"))


def outputs() -> dict:
    return json.loads((EXAMPLE / "outputs.json").read_text())


def test_the_examples_outputs_are_those_of_its_stack(site: Site) -> None:
    told = {f"parley-parley-{region}": {*stack.json["Outputs"]} for region, stack in site.stacks.items()}
    assert {stack: {*values} for stack, values in outputs().items()} == told


def test_the_gitops_example_is_what_the_handover_writes(site: Site) -> None:
    written = files(site.settings, outputs())
    there = {
        str(path.relative_to(CLUSTERS)): path.read_text() for path in CLUSTERS.rglob("*.yaml") if path.name not in OWN
    }
    assert there == written, (
        "in deploy/eks: PARLEY_EKS_SETTINGS=examples/gitops/settings.json"
        ' "$(./python-env)" -m parley_eks.handover examples/gitops/outputs.json ../gitops/clusters'
    )
