"""A tool's call that pipecat cancels: the model gets a result all the same, and its session can be changed."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pipecat.frames.frames import InterruptionFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.services.llm_service import FunctionCallParams
from pipecat.workers.runner import WorkerRunner
from support.model_service import model_service
from support.wait import eventually

CALL = {"toolUse": {"toolUseId": "one", "toolName": "salary", "content": "{}"}}


class Calling:
    """The service in a pipeline of its own, whose model has called a tool that takes its time."""

    def __init__(self) -> None:
        self.llm = model_service()
        self.began, self.release = asyncio.Event(), asyncio.Event()
        self.worker = PipelineWorker(Pipeline([self.llm]), idle_timeout_secs=None)
        self.sent: list[dict[str, Any]] = []

    async def tool(self, params: FunctionCallParams) -> None:
        self.began.set()
        await self.release.wait()
        await params.result_callback({"found": 7})

    async def send(self, event: str) -> None:
        self.sent.append(json.loads(event)["event"])

    @property
    def results(self) -> list[Any]:
        """What the model has got, by the calls that it is the result of."""
        ids = [
            one["contentStart"]["toolResultInputConfiguration"]["toolUseId"]
            for one in self.sent
            if "contentStart" in one
        ]
        told = [json.loads(one["toolResult"]["content"]) for one in self.sent if "toolResult" in one]
        return list(zip(ids, told, strict=True))


@pytest.fixture
async def calling(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Calling]:
    calling = Calling()
    llm, started = calling.llm, asyncio.Event()
    llm.register_function(None, calling.tool)

    async def note(*_: object) -> None:
        started.set()

    calling.worker.add_event_handler("on_pipeline_started", note)
    runner = WorkerRunner(handle_sigint=False, handle_sigterm=False)
    await runner.add_workers(calling.worker)
    running = asyncio.create_task(runner.run())
    await asyncio.wait_for(started.wait(), 10)
    monkeypatch.setattr(llm, "_send_client_event", calling.send)
    llm._context, llm._stream, llm._prompt_name, llm._content_being_received = LLMContext(), object(), "p", object()
    await llm._handle_tool_use_event(json.loads(json.dumps(CALL)))
    await asyncio.wait_for(calling.began.wait(), 5)
    assert llm._is_busy()
    yield calling
    llm._stream = None
    await calling.worker.cancel()
    await asyncio.wait({running}, timeout=5)


async def test_the_models_own_word_of_an_interruption_cuts_no_call_off(calling: Calling) -> None:
    await calling.llm.broadcast_interruption()
    calling.release.set()
    await eventually("it has its result", lambda: not calling.llm._is_busy(), 5)
    assert calling.results == [("one", {"found": 7})]


async def test_a_call_that_was_cut_off_has_a_result(calling: Calling) -> None:
    await calling.worker.queue_frame(InterruptionFrame())
    await eventually("nobody waits for it", lambda: not calling.llm._is_busy(), 5)
    ((call, result),) = calling.results
    assert call == "one"
    assert result["next"] == "listen"
    calling.release.set()
    assert len(calling.results) == 1
