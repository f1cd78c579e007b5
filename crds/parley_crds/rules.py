"""Validation rules in CEL, written beside the models and carried into the CRDs as `x-kubernetes-validations`."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Rule:
    """One CEL rule. `message` names the field; `field`, relative to the model, is what the API server reports.

    A rule that mentions `oldSelf` is a transition rule: the API server evaluates it on updates only.
    """

    expression: str
    message: str
    field: str | None = None

    def as_schema(self) -> dict[str, str]:
        """The rule as an item of `x-kubernetes-validations`."""
        item = {"rule": self.expression, "message": self.message}
        if self.field is not None:
            item["fieldPath"] = self.field
        return item


def validations(*rules: Rule) -> dict[str, Any]:
    """A `json_schema_extra` that puts the rules into a model's schema."""
    return {"x-kubernetes-validations": [rule.as_schema() for rule in rules]}


def list_map(*keys: str) -> dict[str, Any]:
    """A `json_schema_extra` that makes a list a map by these keys: they are unique, and managers merge by item."""
    return {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(keys)}


LIST_ATOMIC: dict[str, Any] = {"x-kubernetes-list-type": "atomic"}
MAP_ATOMIC: dict[str, Any] = {"x-kubernetes-map-type": "atomic"}
