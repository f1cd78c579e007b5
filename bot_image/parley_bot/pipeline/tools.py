"""The tools that the model is given, and the way of its calls to the conversation."""

from typing import Any

from parley_protocol import InterviewPlan
from pipecat.adapters.llm.schemas.function_schema import FunctionSchema
from pipecat.services.llm_service import FunctionCallParams, LLMService

from parley_bot.conversation import Conversation
from parley_bot.pipeline.taps import Speech

TOOLS = [
    FunctionSchema(
        name="next_question",
        description="Get the next words to speak. Call it whenever you are told to.",
        properties={},
        required=[],
    ),
    FunctionSchema(
        name="record_answer",
        description="Record that the candidate has finished answering. Call it after every answer.",
        properties={
            "summary": {"type": "string", "description": "The answer in one sentence."},
            "follow_up": {"type": "boolean", "description": "Whether something important was left open."},
        },
        required=["summary", "follow_up"],
    ),
    FunctionSchema(
        name="repeat_question",
        description="Repeat the question word for word, when the candidate asks to hear it again.",
        properties={},
        required=[],
    ),
    FunctionSchema(
        name="skip_question",
        description="Skip the question, when the candidate clearly asks to pass on it.",
        properties={},
        required=[],
    ),
    FunctionSchema(
        name="give_time",
        description="Give the candidate a minute to think, when the candidate asks for time.",
        properties={},
        required=[],
    ),
    FunctionSchema(
        name="end_interview",
        description="End the interview, when a tool result says so or the candidate clearly asks to stop.",
        properties={
            "reason": {
                "type": "string",
                "description": "`completed`, or `candidate_stopped` when the candidate asks to stop.",
            }
        },
        required=["reason"],
    ),
]


def own_tools(plan: InterviewPlan) -> list[FunctionSchema]:
    """The template's own tools, as the model is told of them."""
    return [
        FunctionSchema(
            name=tool.name,
            description=tool.description,
            properties=tool.input_schema.get("properties", {}),
            required=tool.input_schema.get("required", []),
        )
        for tool in plan.tools
    ]


def register_tools(llm: LLMService[Any], conversation: Conversation, speech: Speech, own: list[FunctionSchema]) -> None:
    """Hand every call to the conversation, those of tools that do not exist too (pipecat would reset the session)."""

    async def call(params: FunctionCallParams) -> None:
        await params.result_callback(conversation.tool(params.function_name, params.arguments, speech.sent))

    async def look_up(params: FunctionCallParams) -> None:
        await params.result_callback(await conversation.own_tool(params.function_name, params.arguments, speech.sent))

    for tool in TOOLS:
        llm.register_function(tool.name, call)
    for tool in own:
        llm.register_function(tool.name, look_up)
    llm.register_function(None, call)
