"""The forms of what a client sends: the guide's own pass, and what differs from them is named."""

from typing import Any

import pytest
from parley_emulators.nova.bodies import PromptStart, ProtocolViolationError, SessionStart, parse
from support.nova_talk import sound, tool

AUDIO = sound(24_000) | {"voiceId": "tiffany"}


def prompt(**changed: Any) -> dict[str, Any]:
    return {"promptName": "p", "audioOutputConfiguration": AUDIO, "textOutputConfiguration": {}} | changed


def with_tool(**changed: Any) -> dict[str, Any]:
    return prompt(toolConfiguration={"tools": [{"toolSpec": tool("look_up")["toolSpec"] | changed}]})


def test_what_the_guide_shows_is_taken() -> None:
    inference = {"maxTokens": 1024, "topP": 0.9, "temperature": 0.7}
    turns = {"endpointingSensitivity": "HIGH"}
    start = {"inferenceConfiguration": inference, "turnDetectionConfiguration": turns}
    assert parse(SessionStart, "sessionStart", start).turn_detection_configuration.endpointing_sensitivity == "HIGH"
    taken = parse(PromptStart, "promptStart", with_tool())
    assert taken.audio_output_configuration.sample_rate_hertz == 24_000
    assert [tool.tool_spec.name for tool in taken.tool_configuration.tools] == ["look_up"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"endpointingSensitivity": "HIGH"}, "sessionStart.endpointingSensitivity: Extra inputs"),
        ({"turnDetectionConfiguration": None}, "sessionStart.turnDetectionConfiguration"),
        ({"turnDetectionConfiguration": {"endpointingSensitivity": "SOME"}}, "'HIGH', 'MEDIUM' or 'LOW'"),
        ({"inferenceConfiguration": {"maxTokens": 0}}, "maxTokens"),
        ({"inferenceConfiguration": {"maxTokens": "many"}}, "maxTokens"),
        ({"inferenceConfiguration": {"topP": 1.1}}, "topP"),
        ({"inferenceConfiguration": {"temperature": -0.1}}, "temperature"),
    ],
)
def test_a_session_that_is_none(body: dict[str, Any], words: str) -> None:
    with pytest.raises(ProtocolViolationError, match=f"Invalid input request: .*{words}"):
        parse(SessionStart, "sessionStart", body)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "promptStart.promptName"),
        (prompt(audioOutputConfiguration=None), "audioOutputConfiguration"),
        (prompt(audioOutputConfiguration="x"), "audioOutputConfiguration"),
        (prompt(audioOutputConfiguration=sound(24_000)), "voiceId"),
        (prompt(audioOutputConfiguration=AUDIO | {"sampleSizeBits": 8}), "sampleSizeBits"),
        (prompt(audioOutputConfiguration=AUDIO | {"channelCount": 2}), "channelCount"),
        (prompt(audioOutputConfiguration=AUDIO | {"encoding": "hex"}), "encoding"),
        (prompt(audioOutputConfiguration=AUDIO | {"sampleRateHertz": 48_000}), "sampleRateHertz"),
        (prompt(toolConfiguration={"tools": [{}]}), "toolConfiguration.tools.0.toolSpec"),
        (with_tool(name=""), "toolSpec.name"),
        (with_tool(inputSchema={}), "inputSchema.json"),
        (with_tool(inputSchema={"json": {"type": "object"}}), "inputSchema.json"),
        (with_tool(inputSchema={"json": "no json"}), "must be JSON"),
    ],
)
def test_a_prompt_that_is_none(body: dict[str, Any], words: str) -> None:
    with pytest.raises(ProtocolViolationError, match=f"Invalid input request: .*{words}"):
        parse(PromptStart, "promptStart", body)
