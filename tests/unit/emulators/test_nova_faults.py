"""Which fault strikes which stream, and how often."""

import pytest
from parley_emulators.nova.faults import Fault, FaultBook
from pydantic import ValidationError


def book(*faults: Fault) -> FaultBook:
    book = FaultBook()
    book.order(list(faults))
    return book


@pytest.mark.parametrize("times", [None, 3])
def test_a_fault_strikes_a_stream_once(times: int | None) -> None:
    faults = book(Fault(kind="delay", delay_seconds=1, after_seconds=1, times=times))
    first: list[Fault] = []
    assert faults.due(first, 2.0) is not None
    assert faults.due(first, 3.0) is None
    assert faults.due([], 2.0) is not None, "the next stream is struck all the same"


def test_times_are_streams() -> None:
    faults = book(Fault(kind="refuse", times=2))
    assert [faults.due([]) is not None for _ in range(3)] == [True, True, False]
    assert faults.ordered == []


def test_of_two_alike_each_strikes() -> None:
    faults = book(Fault(kind="delay"), Fault(kind="delay"))
    struck: list[Fault] = []
    assert faults.due(struck) is not None
    assert faults.due(struck) is not None
    assert faults.due(struck) is None


def test_a_fault_waits_for_its_conditions() -> None:
    faults = book(Fault(kind="drop", after_seconds=1, after_responses=2))
    assert faults.due([]) is None, "not before the stream"
    assert faults.due([], 0.5, 2) is None
    assert faults.due([], 2.0, 1) is None
    assert faults.due([], 2.0, 2) is not None


def test_a_fault_waits_for_its_moment() -> None:
    faults = book(Fault(kind="reset", after_responses=2, during="tool"))
    assert faults.due([]) is None, "no stream begins in a moment"
    assert faults.due([], 5.0, 2, "speaking") is None
    assert faults.due([], 5.0, 1, "tool") is None
    assert faults.due([], 5.0, 2, "tool") is not None


def test_a_fault_waits_until_its_moment_has_lasted() -> None:
    faults = book(Fault(kind="reset", during="hearing", during_seconds=8))
    assert faults.due([], 20.0, 1, "hearing", 7.9) is None
    assert faults.due([], 20.0, 1, "thinking", 9.0) is None
    assert faults.due([], 20.0, 1, "hearing", 8.0) is not None


def test_an_exception_is_one_of_the_apis() -> None:
    with pytest.raises(ValidationError, match="exception_type"):
        Fault.model_validate({"kind": "exception", "exception_type": "invalidSignatureException"})
