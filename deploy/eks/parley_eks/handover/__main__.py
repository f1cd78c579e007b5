"""`python -m parley_eks.handover OUTPUTS FOLDER`: writes what Git holds of each region into a folder of its name."""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from parley_eks.context import context
from parley_eks.handover.addons import addon_values
from parley_eks.handover.chart import chart_values
from parley_eks.handover.manifests import namespaces, pod_logging, secrets
from parley_eks.handover.told import OutputsError, Told
from parley_eks.names import stack_name
from parley_eks.settings import Settings, SettingsError, read_settings

_HEAD = "# Made of the stack's outputs by `python -m parley_eks.handover`; make it anew in place of editing it.\n"


def files(settings: Settings, outputs: Mapping[str, Any]) -> dict[str, str]:
    """The files' texts, by their paths. Raises OutputsError where a stack told too little."""
    written: dict[str, str] = {}
    for region in settings.regions:
        told = Told(stack_name(settings.installation, region.region), outputs)
        written[f"{region.region}/parley.yaml"] = _yaml(chart_values(settings, region, told))
        written[f"{region.region}/namespaces.yaml"] = _yaml(*namespaces(settings), *pod_logging(region, told))
        written[f"{region.region}/cluster.yaml"] = _yaml(*secrets(settings, region, told))
        for chart, values in addon_values(settings, region, told).items():
            written[f"{region.region}/addons/{chart}.yaml"] = _yaml(values)
    return written


def _yaml(*documents: Mapping[str, Any]) -> str:
    text: str = yaml.safe_dump_all(documents, sort_keys=False, width=120, explicit_start=len(documents) > 1)
    return _HEAD + text


def main() -> int:
    """0: written; 2: a setting or an output is wrong."""
    parser = argparse.ArgumentParser(prog="python -m parley_eks.handover", description=__doc__)
    parser.add_argument("outputs", type=Path, help="what `cdk deploy --outputs-file` wrote")
    parser.add_argument("folder", type=Path, help="where the files go, such as a clone of the GitOps repository")
    arguments = parser.parse_args()
    try:
        texts = files(read_settings(context()), json.loads(arguments.outputs.read_text()))
    except (SettingsError, OutputsError, OSError, json.JSONDecodeError) as error:
        print(error, file=sys.stderr)
        return 2
    for path, text in texts.items():
        target = arguments.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        print(target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
