"""A deployment's outputs, as `cdk deploy --outputs-file` writes them."""

from collections.abc import Mapping
from typing import Any

from parley_eks.names import Output


class OutputsError(Exception):
    """A stack or an output is not in the file; the message names it."""


class Told:
    """What one region's stack told."""

    def __init__(self, stack: str, outputs: Mapping[str, Any]) -> None:
        if stack not in outputs:
            raise OutputsError(f"{stack}: no such stack in the outputs; deploy it with --outputs-file")
        self._stack, self._values = stack, outputs[stack]

    def __getitem__(self, name: Output) -> str:
        """One output. Raises OutputsError where it is missing."""
        if name.value not in self._values:
            raise OutputsError(f"{self._stack}.{name.value}: not in the outputs; deploy this version of the stack")
        return str(self._values[name.value])
