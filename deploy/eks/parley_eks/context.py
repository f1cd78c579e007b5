"""Where the settings are read from: a file, and the CDK's command line."""

import json
import os
from pathlib import Path
from typing import Any

from parley_eks.settings import SettingsError

_HOME = Path(__file__).parents[1]


def context() -> dict[str, Any]:
    """The context of this run: of the file that PARLEY_EKS_SETTINGS names (else the first example), `-c` before it.

    Raises:
        SettingsError: the file can't be read, or has no `context`.
    """
    chosen = Path(os.environ.get("PARLEY_EKS_SETTINGS", _HOME / "examples/one-region.json"))
    try:
        written: dict[str, Any] = json.loads(chosen.read_text())["context"]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise SettingsError(f"PARLEY_EKS_SETTINGS: {chosen}: {error!r}") from error
    said: dict[str, Any] = json.loads(os.environ.get("CDK_CONTEXT_JSON", "{}"))
    return written | said
