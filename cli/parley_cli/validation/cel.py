"""The CRDs' rules without an API server: celpy evaluates them, on values typed by the schema as the API server does."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import celpy
from celpy import celtypes
from celpy.adapter import json_to_cel
from celpy.celparser import CELParseError
from celpy.evaluation import CELEvalError


class RuleNotReadableError(Exception):
    """The rule is not CEL, or uses a function that Kubernetes adds to it."""


def holds(rule: str, schema: Mapping[str, Any], value: Any) -> bool:
    """Whether the rule holds of the value (`self`); one that can't be evaluated does not, as at the API server.

    Raises:
        RuleNotReadableError: the rule can't be compiled.
    """
    program = compiled(rule)
    try:
        return bool(program.evaluate({"self": _typed(schema, value)}))
    except CELEvalError:
        return False


@lru_cache(maxsize=256)
def compiled(rule: str) -> celpy.Runner:
    """The rule, compiled.

    Raises:
        RuleNotReadableError: it can't be.
    """
    environment = celpy.Environment()
    try:
        return environment.program(environment.compile(rule))
    except CELParseError as error:
        raise RuleNotReadableError(f"{rule}: {error}") from error


def _typed(schema: Mapping[str, Any], value: Any) -> Any:
    """The value as CEL's types: text of the format date-time is a timestamp.

    https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-rules
    """
    if isinstance(value, Mapping):
        known = schema.get("properties", {})
        items = {celtypes.StringType(key): _typed(known.get(key, {}), inner) for key, inner in value.items()}
        return celtypes.MapType(items)
    if isinstance(value, list):
        return celtypes.ListType([_typed(schema.get("items", {}), item) for item in value])
    if schema.get("format") == "date-time" and isinstance(value, str):
        try:
            return celtypes.TimestampType(value)
        except ValueError:
            return celtypes.StringType(value)
    return json_to_cel(value)
