"""Fields that are in the schema and whose behaviour is not built: admission refuses them, so that none is ignored.

Building one means deleting its line here (and the field's "Not available yet." at its description).
"""

from typing import Final

from parley_crds.rules import Rule


def _refuse(path: str, allowed: str, what: str) -> Rule:
    """Refuse the field at `path` (from the resource's spec) unless `allowed`, in CEL over the spec, holds."""
    return Rule(allowed, f"spec.{path}: {what} is not available yet", f".{path}")


TEMPLATE: Final = (
    _refuse("recording.enabled", "!self.recording.enabled", "recording"),
    _refuse("recording.required", "!self.recording.required", "recording"),
)
