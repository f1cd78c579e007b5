"""Synthesises an installation of Parley on AWS: `python app.py`, or by the CDK's command line as cdk.json says."""

import os
import sys
from pathlib import Path

from parley_eks.context import context
from parley_eks.settings import SettingsError, read_settings


def main() -> int:
    """Writes the cloud assembly to `CDK_OUTDIR`, else to cdk.out; 2: a setting is wrong."""
    try:
        settings = read_settings(context())
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    # The CDK starts Node where it is imported: what is wrong is told before.
    from parley_eks.assembly import synthesise

    synthesise(settings, Path(os.environ.get("CDK_OUTDIR", Path(__file__).parent / "cdk.out")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
