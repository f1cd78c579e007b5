"""A sample of the reliability matrix, the same in every run; `make chaos` runs all of it."""

import json
import time
from dataclasses import replace

import pytest
from parley_crds.crd import all_crds
from support.chaos.matrix import Result, Runner
from support.chaos.paths import PATHS
from support.chaos.plan import Draw, sample
from support.chaos.rig import Stage

SAMPLE = sample()
PARALLEL = 3

# The first test waits for all of them, for they run beside each other.
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> dict[tuple[str, str], Result]:
    """Every case of the sample, run."""
    began = time.monotonic()
    crds = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(all_crds().values())})
    with Stage.built(tmp_path_factory.mktemp("chaos") / "stage", crds) as stage:
        runner = Runner(stage, PARALLEL)
        references = runner.references(PATHS.values())
        specs = [draw.spec(references) for draw in SAMPLE]
        found = runner.run([spec for spec in specs if not spec.serial], references)
        # Steps may fall together, so that there are fewer calls than without a fault: then the last of them is struck.
        again = [replace(each.spec, number=each.fitting) for each in found if not each.reached and each.fitting]
        found += runner.run(again, references)
        found += Runner(stage, 1, "alone").run([spec for spec in specs if spec.serial], references)
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print(f"\n{len(specs)} cases of the reliability matrix in {time.monotonic() - began:.0f} s")
    return {(result.spec.path, result.spec.fault): result for result in found}


@pytest.mark.parametrize("draw", SAMPLE, ids=str)
def test_a_fault_changes_no_end(results: dict[tuple[str, str], Result], draw: Draw) -> None:
    result = results[draw.path, draw.fault]
    calls = "\n".join(map(str, result.calls))
    assert result.error is None, f"make chaos CASE={result.spec}: {result.error}\n{calls}"
    assert result.reached, f"{result.spec}: fewer calls than without a fault\n{calls}"
