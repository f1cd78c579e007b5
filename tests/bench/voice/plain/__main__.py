"""`python -m bench.voice.plain PORT`: pipecat's example for Amazon Nova Sonic, on the bench's transport and model.

As `examples/realtime/realtime-aws-nova-sonic.py` of pipecat 1.14 (BSD-2-Clause, Daily) has it: the same settings, tool,
pipeline and handlers. Different are only what it is reached by (pipecat's WebSocket transport with protobuf frames, in
place of the runner's choice of WebRTC, Daily or a telephone), and where its model is: the service hard-codes Amazon's
endpoint. `NOVA_ENDPOINT` names the emulator, `ROTATE_SECONDS` the example's threshold for a new session (360).
"""

import os
import random
import sys
from datetime import UTC, datetime
from typing import Any

import uvicorn
from aws_sdk_bedrock_runtime.client import BedrockRuntimeClient
from aws_sdk_bedrock_runtime.config import Config
from fastapi import FastAPI, WebSocket
from loguru import logger
from pipecat.adapters.schemas.function_schema import FunctionSchema
from pipecat.adapters.schemas.tools_schema import ToolsSchema
from pipecat.frames.frames import LLMRunFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair
from pipecat.serializers.protobuf import ProtobufFrameSerializer
from pipecat.services.aws.nova_sonic.llm import AWSNovaSonicLLMService
from pipecat.services.aws.nova_sonic.session_continuation import SessionContinuationParams
from pipecat.services.llm_service import FunctionCallParams
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport
from pipecat.workers.runner import WorkerRunner
from smithy_aws_core.auth.sigv4 import SigV4AuthScheme
from smithy_aws_core.identity.static import StaticCredentialsResolver
from smithy_core.shapes import ShapeID

INSTRUCTION = (
    "You are a friendly assistant. The user and you will engage in a spoken dialog exchanging the transcripts of a "
    "natural real-time conversation. Keep your responses short, generally two or three sentences for chatty scenarios."
)
WEATHER = FunctionSchema(
    name="get_current_weather",
    description="Get the current weather",
    properties={
        "location": {"type": "string", "description": "The city and state, e.g. San Francisco, CA"},
        "format": {
            "type": "string",
            "enum": ["celsius", "fahrenheit"],
            "description": "The temperature unit to use. Infer this from the users location.",
        },
    },
    required=["location", "format"],
)


async def fetch_weather(params: FunctionCallParams) -> None:
    """Weather that is always nice."""
    fahrenheit = params.arguments["format"] == "fahrenheit"
    await params.result_callback(
        {
            "conditions": "nice",
            "temperature": random.randint(60, 85) if fahrenheit else random.randint(15, 30),
            "location": params.arguments["location"],
            "format": params.arguments["format"],
            "timestamp": datetime.now(UTC).strftime("%Y%m%d_%H%M%S"),
        }
    )


class NovaSonicAt(AWSNovaSonicLLMService):
    """The service, at the bench's endpoint."""

    def create_client(self) -> Any:
        """As pipecat's own but for `endpoint_uri`."""
        return BedrockRuntimeClient(
            config=Config(
                endpoint_uri=os.environ["NOVA_ENDPOINT"],
                region=self._region,
                aws_access_key_id=self._access_key_id,
                aws_secret_access_key=self._secret_access_key,
                aws_session_token=self._session_token,
                aws_credentials_identity_resolver=StaticCredentialsResolver(),
                auth_schemes={ShapeID("aws.auth#sigv4"): SigV4AuthScheme(service="bedrock")},
            )
        )


def model() -> AWSNovaSonicLLMService:
    """The example's model."""
    llm = NovaSonicAt(
        secret_access_key=os.environ["AWS_SECRET_ACCESS_KEY"],
        access_key_id=os.environ["AWS_ACCESS_KEY_ID"],
        region=os.environ["AWS_REGION"],
        session_token=os.getenv("AWS_SESSION_TOKEN"),
        settings=AWSNovaSonicLLMService.Settings(voice="tiffany", system_instruction=INSTRUCTION),
        session_continuation=SessionContinuationParams(
            transition_threshold_seconds=float(os.environ.get("ROTATE_SECONDS", "360"))
        ),
    )
    llm.register_function("get_current_weather", fetch_weather)
    return llm


async def run_bot(socket: WebSocket) -> None:
    """One conversation, for as long as its connection."""
    transport = FastAPIWebsocketTransport(
        socket,
        FastAPIWebsocketParams(audio_in_enabled=True, audio_out_enabled=True, serializer=ProtobufFrameSerializer()),
    )
    context = LLMContext(tools=ToolsSchema(standard_tools=[WEATHER]))
    user, assistant = LLMContextAggregatorPair(context, realtime_service_mode=True)
    worker = PipelineWorker(
        Pipeline([transport.input(), user, model(), transport.output(), assistant]),
        params=PipelineParams(enable_metrics=True, enable_usage_metrics=True),
        idle_timeout_secs=300,  # RunnerArguments' own
    )

    async def connected(_transport: object, _client: object) -> None:
        context.add_message({"role": "developer", "content": "Please introduce yourself to the user."})
        await worker.queue_frames([LLMRunFrame()])

    async def disconnected(_transport: object, _client: object) -> None:
        await worker.cancel()

    async def said(_aggregator: object, message: Any) -> None:
        logger.info(f"Transcript: {message.content}")

    transport.add_event_handler("on_client_connected", connected)
    transport.add_event_handler("on_client_disconnected", disconnected)
    user.add_event_handler("on_user_turn_message_added", said)
    assistant.add_event_handler("on_assistant_turn_stopped", said)

    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    await runner.run()


app = FastAPI()


@app.websocket("/ws")
async def room(socket: WebSocket) -> None:
    """Whoever comes is talked to."""
    await socket.accept()
    await run_bot(socket)


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
