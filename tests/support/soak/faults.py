"""What can go wrong with the model, and when: as orders to the emulator. Pure."""

from dataclasses import dataclass
from enum import Enum

type Order = dict[str, object]

HANG_SECONDS = 3600.0
DELAY_SECONDS = 4.0


class End(Enum):
    """What an interview comes to."""

    WHOLE = "goes on to its end"
    LEFT = "is left to the next bot"
    EITHER = "goes on, or is left to the next bot"


@dataclass(frozen=True)
class Fault:
    """A fault of one stream: `order` is its kind for the emulator."""

    what: str
    order: Order
    end: End = End.WHOLE


def _exception(kind: str) -> Order:
    return {"kind": "exception", "exception_type": kind}


FAULTS = {
    "reset": Fault("RST_STREAM", {"kind": "reset"}),
    "drop": Fault("the TCP connection is cut", {"kind": "drop"}),
    "half-close": Fault("the response ends cleanly", {"kind": "half_close"}),
    "throttled": Fault("throttlingException", _exception("throttlingException")),
    "internal": Fault("internalServerException", _exception("internalServerException")),
    "stream-error": Fault("modelStreamErrorException", _exception("modelStreamErrorException")),
    "timeout": Fault("modelTimeoutException, as at the session's limit", _exception("modelTimeoutException")),
    "unavailable": Fault("serviceUnavailableException", _exception("serviceUnavailableException")),
    "validation": Fault("validationException", _exception("validationException")),
    "unknown-error": Fault("an error that the API's model does not have", {"kind": "error"}),
    "delayed": Fault(f"nothing comes for {DELAY_SECONDS:g} s", {"kind": "delay", "delay_seconds": DELAY_SECONDS}),
    "silent": Fault(
        "nothing comes any more, and nothing ends", {"kind": "delay", "delay_seconds": HANG_SECONDS}, End.EITHER
    ),
}
"""Faults of a stream that runs. One stream is struck; the next is as it should be."""

STAGES: dict[str, Order] = {
    "greeting": {"after_responses": 1, "during": "speaking"},
    "between": {"after_responses": 1, "during": "quiet"},
    "answer": {"after_responses": 1, "during": "hearing"},
    "mid-answer": {"after_responses": 1, "during": "hearing", "during_seconds": 8},
    "tool": {"after_responses": 2, "during": "tool"},
    "speech": {"after_responses": 2, "during": "speaking"},
    "closing": {"after_responses": 2, "during": "closing"},
}

STAGE_NAMES = {
    "greeting": "the greeting is spoken",
    "between": "nobody speaks",
    "answer": "the candidate speaks",
    "mid-answer": "the candidate has spoken for 8 s",
    "tool": "a tool is called",
    "speech": "a question is spoken",
    "closing": "the closing words are spoken",
    "check": "the bot looks whether the model is there",
    "opening": "the candidate comes",
}


def _refusal(status: int, error_type: str) -> Order:
    return {"kind": "refuse", "status": status, "error_type": error_type}


START_FAULTS = {
    "forbidden": Fault("403, every time", _refusal(403, "AccessDeniedException") | {"times": None}, End.LEFT),
    "forbidden-once": Fault("403 once: credentials that were replaced", _refusal(403, "ExpiredTokenException")),
    "throttled-at-start": Fault("429 twice", _refusal(429, "ThrottlingException") | {"times": 2}),
    "internal-at-start": Fault("500 twice", _refusal(500, "InternalServerException") | {"times": 2}),
    "unavailable-at-start": Fault("503 twice", _refusal(503, "ServiceUnavailableException") | {"times": 2}),
    "reset-at-start": Fault("RST_STREAM, twice", {"kind": "reset", "times": 2}),
    "drop-at-start": Fault("the TCP connection is cut, twice", {"kind": "drop", "times": 2}),
    "half-close-at-start": Fault("an empty response, twice", {"kind": "half_close", "times": 2}),
    "delayed-at-start": Fault("no answer for 4 s", {"kind": "delay", "delay_seconds": DELAY_SECONDS}),
    "silent-at-start": Fault("no answer at all", {"kind": "delay", "delay_seconds": HANG_SECONDS}, End.EITHER),
}
"""Faults of a stream that is being opened: as the bot looks whether the model is there, and as the candidate comes."""

LASTING = {
    "then-forbidden": Fault("reset, then 403 for ever", _refusal(403, "ExpiredTokenException"), End.LEFT),
    "then-internal": Fault("reset, then 500 for ever", _refusal(500, "InternalServerException"), End.LEFT),
    "then-throttled": Fault("reset, then 429 for ever", _refusal(429, "ThrottlingException"), End.LEFT),
    "then-dropped": Fault("reset, then TCP is cut each time", {"kind": "drop"}, End.LEFT),
    "then-silent": Fault("reset, then no answer at all", {"kind": "delay", "delay_seconds": HANG_SECONDS}, End.LEFT),
}
"""A stream is lost and the model stays away."""


@dataclass(frozen=True)
class Spec:
    """A case: which fault at which stage. `before` is ordered before the bot starts, `during` before the candidate."""

    fault: str
    stage: str
    what: str
    end: End
    before: tuple[Order, ...] = ()
    during: tuple[Order, ...] = ()

    def __str__(self) -> str:
        return f"{self.fault}/{self.stage}"


def every_case() -> list[Spec]:
    """The whole matrix."""
    cases = [
        Spec(name, stage, fault.what, fault.end, during=(fault.order | when,))
        for name, fault in FAULTS.items()
        for stage, when in STAGES.items()
    ]
    for name, fault in START_FAULTS.items():
        cases.append(Spec(name, "check", fault.what, fault.end, before=(fault.order,)))
        cases.append(Spec(name, "opening", fault.what, fault.end, during=(fault.order,)))
    return cases + [Spec(name, "speech", fault.what, fault.end) for name, fault in LASTING.items()]


def lasting_orders(spec: Spec) -> tuple[Order, ...] | None:
    """What is ordered once the conversation runs, in the cases of a model that stays away."""
    fault = LASTING.get(spec.fault)
    if fault is None:
        return None
    return ({"kind": "reset"} | STAGES[spec.stage], fault.order | {"times": None})
