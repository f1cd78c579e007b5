"""Installations as `deploy/eks` makes them, what of it needs no CDK: Fargate's profiles, the chart's values, ports."""

import json
import sys
from functools import cache
from pathlib import Path

import yaml

# It has an environment of its own, for the CDK; what is imported here needs none.
sys.path.append(str(Path(__file__).parents[2] / "deploy/eks"))
from parley_eks.addresses import MEDIA_PORTS as MEDIA_PORTS
from parley_eks.cost.month import Installation
from parley_eks.handover.__main__ import files
from parley_eks.names import Output, stack_name
from parley_eks.placement import Profile, profiles
from parley_eks.settings import Settings, read_settings

KEPT_JOBS = Installation().kept_jobs
"""Jobs that are counted as there when they are done, in docs/operations/cost.md."""
EXAMPLES = Path(__file__).parents[2] / "deploy/eks/examples"


@cache
def settings_of(example: str) -> Settings:
    """The settings of one of its examples."""
    return read_settings(json.loads((EXAMPLES / f"{example}.json").read_text())["context"])


def profiles_of(settings: Settings) -> tuple[Profile, ...]:
    """The Fargate profiles of an installation."""
    return profiles(
        installation=settings.installation,
        release=settings.release,
        namespace=settings.namespace,
        bots_namespace=settings.bots_namespace,
        system_namespaces=settings.system_namespaces,
    )


def _told(output: Output) -> str:
    """What AWS would tell by this output, made up: no two are alike."""
    number = [*Output].index(output)
    return f"sg-{number:017x}" if output.value.endswith("Group") else f"made-up-{number}"


GROUPS = {
    "operator": [_told(Output.OPERATOR_GROUP)],
    "api": [_told(Output.API_GROUP)],
    "web": [_told(Output.WEB_GROUP)],
    "bots": [_told(Output.BOT_GROUP), _told(Output.MEDIA_GROUP)],
    "jobs": [_told(Output.JOBS_GROUP)],
}
"""The security groups of each kind of pod, by the chart's name for it."""


@cache
def handed_over(example: str) -> dict[str, str]:
    """What the handover writes of an example, by path."""
    settings = settings_of(example)
    told = {output.value: _told(output) for output in Output}
    outputs = {stack_name(settings.installation, region.region): told for region in settings.regions}
    return files(settings, outputs)


@cache
def chart_values(example: str) -> str:
    """What the handover writes for the chart of the example's first region, as JSON."""
    return json.dumps(yaml.safe_load(handed_over(example)[f"{settings_of(example).regions[0].region}/parley.yaml"]))
