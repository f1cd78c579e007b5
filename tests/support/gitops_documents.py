"""An Interview of the operator's world as its clients read it, and what of it GitOps tools go by."""

import json
from typing import Any

from support.operator_world import World

type Document = dict[str, Any]
TELLING = ("Reconciling", "Stalled", "Suspended", "Complete", "Failed")


def manifest(world: World) -> Document:
    """The world's Interview as a client reads it."""
    interview = world.require_interview()
    document: Document = json.loads(json.dumps(interview.to_dict()))
    return document


def explanation(document: Document) -> str | None:
    """The reason that explains the state: of what holds the interview up, else of its end, else of its opening."""
    conditions = {item["type"]: item for item in document.get("status", {}).get("conditions", [])}
    found = [conditions[kind]["reason"] for kind, _ in sorted(told(document), key=lambda one: TELLING.index(one[0]))]
    return found[0] if found else conditions.get("Joinable", {}).get("reason")


def told(document: Document) -> set[tuple[str, str]]:
    """The conditions that decide what a GitOps tool makes of it: type and reason of those that are True."""
    conditions = document.get("status", {}).get("conditions", [])
    return {
        (item["type"], item["reason"]) for item in conditions if item["status"] == "True" and item["type"] in TELLING
    }
