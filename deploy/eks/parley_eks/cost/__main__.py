"""`python -m parley_eks.cost [PAGE]`: print the tables of costs, or write them into the page between its markers."""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from parley_eks.cost.month import Costs
from parley_eks.cost.tables import into, tables

_CHART = Path(__file__).parents[4] / "charts/parley"


def costs_of_chart() -> Costs:
    """What the chart's own profile for EKS costs."""
    below, above = (yaml.safe_load((_CHART / name).read_text()) for name in ("values.yaml", "values-eks.yaml"))
    return Costs(_merged(below, above))


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """As Helm does: maps are merged, everything else is replaced."""
    both = dict(below)
    for key, value in above.items():
        old = below.get(key)
        both[key] = _merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return both


def main() -> int:
    """0: printed or written; 2: the page can't be written."""
    parser = argparse.ArgumentParser(prog="python -m parley_eks.cost", description=__doc__)
    parser.add_argument(
        "page", type=Path, nargs="?", help="a Markdown file with the markers; without it they are printed"
    )
    page = parser.parse_args().page
    if page is None:
        print(tables(costs_of_chart()), end="")
        return 0
    try:
        page.write_text(into(page.read_text(), costs_of_chart()))
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
