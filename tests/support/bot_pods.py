"""A bot's pod as the operator of an installation would make it, from the chart's own ConfigMap."""

from dataclasses import replace
from typing import Any

from parley_crds import BotSettings, Interview
from parley_operator.bot_plan import bot_inputs
from parley_operator.bot_pod import bot_pod
from parley_operator.installation import BotDefaults, Installation

from support.operator_world import INSTALLATION, START, template

type Json = dict[str, Any]


def defaults_of(documents: list[Json]) -> BotDefaults:
    """What the chart gives the operator for its bots."""
    (found,) = [each for each in documents if each["metadata"]["name"] == "parley-bot-defaults"]
    return BotDefaults.model_validate_json(found["data"]["defaults.json"])


def installation_of(documents: list[Json]) -> Installation:
    """The installation, of the name and with the bots' namespace that the chart gives the operator."""
    (operator,) = [
        each for each in documents if (each["kind"], each["metadata"]["name"]) == ("Deployment", "parley-operator")
    ]
    (container,) = operator["spec"]["template"]["spec"]["containers"]
    said = {entry["name"]: entry.get("value") for entry in container["env"]}
    name, namespace = said["PARLEY_INSTALLATION"], said["PARLEY_BOTS_NAMESPACE"]
    return replace(INSTALLATION, name=name, bots_namespace=namespace, bot=defaults_of(documents))


def bot_of(documents: list[Json], bot: BotSettings) -> Json:
    """The pod of an interview whose template asks for this.

    Args:
        documents: what the chart made.
        bot: the template's `spec.bot`.
    """
    metadata = {"name": "jane", "namespace": "hiring", "uid": "1"}
    spec = {"templateRef": {"name": "backend"}, "candidate": {"name": "Jane"}}
    interview = Interview.model_validate({"metadata": metadata, "spec": spec})
    inputs = bot_inputs(
        interview,
        template(),
        None,
        attempt=1,
        room="parley-test-x",
        provider="websocket",
        link_key=b"k" * 32,
        tool_keys={},
    )
    return bot_pod(installation_of(documents), bot, inputs, "1", now=START, not_before=None, no_show_seconds=900)
