"""`python -m parley_crds.generate [--check]`: write the CRDs into the chart, or tell whether they are current."""

import argparse
import sys
from pathlib import Path

import yaml

from parley_crds.crd import all_crds
from parley_crds.schema import Schema

_HEADER = "# Generated from crds/parley_crds by `python -m parley_crds.generate`: change the models, not this file.\n"
_CHART = Path(__file__).resolve().parents[2] / "charts" / "parley" / "files" / "crds"


class _Dumper(yaml.SafeDumper):
    """Writes a value that occurs twice twice: aliases are no help to a reader."""

    def ignore_aliases(self, data: object) -> bool:
        """Never an alias."""
        return True


def render(crd: Schema) -> str:
    """The CRD as the file's text."""
    return _HEADER + yaml.dump(crd, Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True)


def main(arguments: list[str] | None = None) -> int:
    """Write or check the files; the exit code is 1 when `--check` finds one that is not current."""
    parser = argparse.ArgumentParser(prog="python -m parley_crds.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail when a file is not current")
    parser.add_argument("--output", type=Path, default=_CHART, help="the folder of the files")
    options = parser.parse_args(arguments)
    stale = 0
    for name, crd in all_crds().items():
        path = options.output / f"{name}.yaml"
        text = render(crd)
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        if options.check:
            stale += 1
            print(f"{path} is not current: run python -m parley_crds.generate", file=sys.stderr)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path}")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
