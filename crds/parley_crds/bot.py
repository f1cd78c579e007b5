"""What a template may say about the bot's pod. Everything else of the pod is the chart's to set."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from parley_crds.base import LabelKey, LabelValue, ObjectName, Quantity, SpecModel
from parley_crds.rules import LIST_ATOMIC, MAP_ATOMIC, Rule, validations


class ResourceAmounts(SpecModel):
    """Amounts of compute resources."""

    cpu: Quantity | None = Field(default=None, description="CPU in cores: 1, 500m.")
    memory: Quantity | None = Field(default=None, description="Memory in bytes: 512Mi, 1Gi.")
    ephemeral_storage: Quantity | None = Field(
        default=None, alias="ephemeral-storage", description="Local disk in bytes: 512Mi, 1Gi."
    )


class BotResources(SpecModel):
    """Compute resources of the bot's container, each within the installation's bounds."""

    requests: ResourceAmounts = Field(default=ResourceAmounts(), description="What is set aside for the bot.")
    limits: ResourceAmounts = Field(default=ResourceAmounts(), description="What the bot can't go past.")


class Toleration(SpecModel):
    """A node taint that the bot's pod tolerates."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            Rule(
                "!has(self.operator) || self.operator != 'Exists' || !has(self.value)",
                "bot.tolerations[].value must be left out with operator Exists",
                ".value",
            )
        )
    )

    key: LabelKey | None = Field(default=None, description="The taint's key; unset with Exists: every taint.")
    operator: Literal["Exists", "Equal"] = Field(default="Equal", description="How key and value are compared.")
    value: LabelValue | None = Field(default=None, description="The taint's value.")
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = Field(
        default=None, description="The taint's effect; unset: every one."
    )
    toleration_seconds: Annotated[int, Field(ge=0, le=86_400)] | None = Field(
        default=None, description="How long a NoExecute taint is tolerated, in seconds; unset: for ever."
    )


class BotSettings(SpecModel):
    """What the bot's pod needs. The installation bounds each; what goes past is refused at acceptance."""

    resources: BotResources | None = Field(
        default=None, description="Compute resources of the bot's container; unset, the installation's."
    )
    node_selector: Annotated[dict[LabelKey, LabelValue], Field(max_length=16)] = Field(
        default={}, description="Labels of the nodes that the bot may run on.", json_schema_extra=MAP_ATOMIC
    )
    tolerations: list[Toleration] = Field(
        default=[], max_length=16, description="Node taints that the bot tolerates.", json_schema_extra=LIST_ATOMIC
    )
    priority_class_name: ObjectName | None = Field(
        default=None, description="The pod's priority class; unset, the installation's."
    )
