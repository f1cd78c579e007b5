"""A queue for a reconciler whose installation has no limits."""

from typing import Any

from parley_operator.capacity import Capacity
from parley_operator.shell.capacity.priorities import Priorities
from parley_operator.shell.capacity.queueing import Queue
from parley_operator.shell.capacity.slots import Slots


def unlimited() -> Queue:
    """No limits: nobody asks for a slot."""
    around: Any = None
    return Queue(Slots(Capacity(), around), Priorities(around))
