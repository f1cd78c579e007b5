"""An installation and a template for the operator's unit tests."""

from typing import Any

from parley_crds import InterviewTemplateSpec
from parley_operator.installation import BotDefaults, Installation

INSTALLATION = Installation(
    name="test",
    bots_namespace="bots",
    link_keys=(b"k" * 32,),
    link_base_url="https://talk.example.com",
    api_url="https://api.example.com:8443",
    bot=BotDefaults(image="parley/bot:test"),
    room_providers=frozenset({"websocket", "daily"}),
)
TEMPLATE: dict[str, Any] = {
    "title": "Backend engineer",
    "interviewer": {"name": "Ada", "greeting": "Hello.", "closing": "Goodbye."},
    "questions": [{"id": "why", "text": "Why this job?", "followUps": 1, "timeLimitSeconds": 100}],
    "consent": {"text": "An AI interviews you.", "version": "1"},
}


def template(**changes: Any) -> InterviewTemplateSpec:
    """A template's content."""
    return InterviewTemplateSpec.model_validate({**TEMPLATE, **changes})
