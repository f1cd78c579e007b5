"""What to say next, decided by code: a pure interview session that the model drives through tools.

Nothing here does I/O or reads a clock: every call carries `now`, in seconds of any monotonic clock.
"""

from parley_bot.engine.replies import Action, Decision, Finish, Next, Prompt, Reply, TakeFloor
from parley_bot.engine.session import InterviewSession

__all__ = ["Action", "Decision", "Finish", "InterviewSession", "Next", "Prompt", "Reply", "TakeFloor"]
