"""`InterviewTemplate.status`: whether this installation can use the template, and how much it is used."""

from pydantic import Field

from parley_crds.base import StatusModel
from parley_crds.rules import list_map
from parley_crds.status import Condition, Count, Name, ObservedGeneration


class InterviewTemplateStatus(StatusModel):
    """What was observed of the template. It is written at most every ten seconds."""

    observed_generation: ObservedGeneration | None = Field(
        default=None, description="The metadata.generation that this was said about; -1: none yet."
    )
    conditions: list[Condition] = Field(
        default=[],
        max_length=8,
        description="Accepted: whether interviews can be had by this template here. Stalled: that they can't.",
        json_schema_extra=list_map("type"),
    )
    revision: Name | None = Field(
        default=None,
        description="The name of the ControllerRevision that holds this content for the interviews that pin it;"
        " it is made when the first one does.",
    )
    active_interviews: Count | None = Field(
        default=None, description="How many interviews name this template and are not over."
    )
