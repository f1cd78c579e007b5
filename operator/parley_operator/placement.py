"""What a pinned template asks of an interview's surroundings: all of it that is needed after the bot has its inputs."""

from parley_crds import BotSettings, InterviewTemplateSpec
from pydantic import BaseModel, ConfigDict


class Placement(BaseModel):
    """Where bot and room belong. It is kept beside the bot's inputs, so that a successor needs no snapshot."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bot: BotSettings = BotSettings()
    geo: str | None = None


def placement_of(template: InterviewTemplateSpec, default_geo: str | None = None) -> Placement:
    """A template's part that outlives its pinning; a room that it gives no place has the installation's."""
    return Placement(bot=template.bot, geo=template.room.geo or default_geo)
