"""The paths of an interview, each a script of hands and milestones, and how each ends."""

from collections.abc import Callable
from dataclasses import dataclass

from support.chaos.case import Case, EndState, stamp
from support.chaos.rig import LEAD_SECONDS, START_DEADLINE_SECONDS

DAILY = {"room": {"provider": "daily"}}
HOUR = 3600
NOBODY: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True)
class Path:
    """A path. `end` is its last condition and reason (None: the Interview is gone), `orders` what the API is told.

    `limit` is how many bots its installation lets be at once (None: any number), so it is an installation of its own.
    """

    name: str
    walk: Callable[[Case], None]
    end: tuple[str, str] | None
    bots: int
    orders: frozenset[tuple[str, str]] = NOBODY
    tombstone: bool = False
    limit: int | None = None

    def require(self, state: EndState) -> None:
        """Holds a run without faults to what the path is for, in each of its interviews."""
        for one in state.all:
            self._require(one)

    def _require(self, state: EndState) -> None:
        conditions = {} if state.interview is None else state.interview["conditions"]
        if self.end is None:
            assert state.interview is None, state
        else:
            type_, reason = self.end
            assert conditions.get(type_) == ["True", reason], state
        assert state.left == (), state
        assert state.rooms == 0, state
        assert state.orders == self.orders, state
        assert (state.tombstone is not None) == self.tombstone, state


def immediate(case: Case) -> None:
    case.template()
    case.create(start="Immediate")
    _hold_interview(case)


def on_arrival(case: Case) -> None:
    case.template(start="OnArrival")
    case.create()
    case.await_phase("Open")
    case.arrive()
    _hold_interview(case)


def daily(case: Case) -> None:
    case.template(**DAILY)
    case.create(start="Immediate")
    _hold_interview(case)


def scheduled(case: Case) -> None:
    case.template(start="Immediate")
    case.create(window={"notBefore": stamp(HOUR)})
    case.await_phase("Scheduled")
    case.edit(window={"notBefore": stamp(LEAD_SECONDS + 2)})
    _hold_interview(case)


def window_closed(case: Case) -> None:
    case.template(start="OnArrival")
    case.create(window={"notBefore": stamp(HOUR), "expiresAt": stamp(2 * HOUR)})
    case.await_phase("Scheduled")
    case.edit(window={"notBefore": stamp(2)})
    case.await_phase("Open")
    case.edit(window={"expiresAt": stamp(2)})
    case.await_phase("Expired")


def no_bot(case: Case) -> None:
    """Its pod never gets ready. Who came in time is waited with past the window's end, so that end is put back."""
    no_show_seconds = 30
    case.template(start="OnArrival")
    case.create(noShowSeconds=no_show_seconds, window={"expiresAt": stamp(HOUR)})
    case.await_phase("Open")
    case.arrive()
    case.await_bot()
    case.edit(window={"expiresAt": stamp(2 - no_show_seconds - START_DEADLINE_SECONDS)})
    case.await_phase("Failed")


def new_link(case: Case) -> None:
    case.template(start="OnArrival")
    case.create()
    case.await_phase("Open")
    case.await_link(0)
    case.edit(linkEpoch=1)
    case.await_link(1)
    case.arrive()
    _hold_interview(case)


def queued(case: Case) -> None:
    case.template(start="Immediate")
    case.create()
    case.await_bot()
    second = case.another()
    second.create()
    second.await_condition("Reconciling", "True", "WaitingForCapacity")
    assert second.message("Reconciling").startswith("Place 1 of 1: 1 of 1 interviews"), second.message("Reconciling")
    _hold_interview(case)
    _hold_interview(second)


def replaced(case: Case) -> None:
    case.template(**DAILY)
    case.create(start="Immediate")
    _begin(case)
    case.ended(1, 137)
    case.await_bot(2)
    case.ready(2)
    case.await_condition("Joinable", "True", "BotReady")
    case.finish(2)
    case.await_phase("Completed")


def exhausted(case: Case) -> None:
    case.template()
    case.create(start="Immediate", backoffLimit=0)
    case.await_bot()
    case.ended(1, 10)
    case.await_phase("Failed")


def cancelled_before(case: Case) -> None:
    case.template(start="OnArrival")
    case.create()
    case.await_phase("Open")
    case.edit(cancel=True)
    case.await_phase("Cancelled")


def cancelled_during(case: Case) -> None:
    case.template(**DAILY)
    case.create(start="Immediate")
    _begin(case)
    case.edit(cancel=True)
    case.await_phase("Cancelled")


def no_show(case: Case) -> None:
    case.template()
    case.create(start="Immediate", noShowSeconds=600)
    case.await_bot()
    case.ready()
    case.await_phase("Ready")
    case.await_phase("Expired", meanwhile=lambda: case.age_bot(601))


def deadline(case: Case) -> None:
    case.template()
    case.create(start="Immediate", activeDeadlineSeconds=3600)
    _begin(case)
    case.await_phase("Failed", meanwhile=lambda: case.age_start(3601))


def deleted(case: Case) -> None:
    case.template(**DAILY)
    case.create(start="Immediate")
    _begin(case)
    case.delete()
    case.await_gone()


def erased(case: Case) -> None:
    case.template()
    case.create(start="Immediate", deletionPolicy="Erase")
    _hold_interview(case)
    case.delete()
    case.await_gone()


def erased_during(case: Case) -> None:
    case.template(**DAILY)
    case.create(start="Immediate", deletionPolicy="Erase")
    _begin(case)
    case.delete()
    case.await_gone()


def outlived(case: Case) -> None:
    """A whole interview is removed by its TTL, and another one, by the same name, is no repetition of it."""
    case.template(start="Immediate")
    case.create(candidate={"name": "Jane"}, ttlSecondsAfterFinished=1, deletionPolicy="Erase")
    _begin(case)
    case.finish()
    case.await_gone()
    case.create_again(candidate={"name": "Joe"}, start="OnArrival", ttlSecondsAfterFinished=HOUR)
    case.await_phase("Open")
    case.edit(cancel=True)
    case.await_phase("Cancelled")


def put_back(case: Case) -> None:
    case.template(start="OnArrival")
    case.create(ttlSecondsAfterFinished=0)
    case.await_phase("Open")
    case.edit(cancel=True)
    case.await_gone()
    case.create_again()
    case.await_condition("Failed", "True", "AlreadyFinished")


def suspended(case: Case) -> None:
    case.template(**DAILY)
    case.create(start="Immediate", suspend=True)
    case.await_phase("Suspended")
    case.edit(suspend=False)
    case.await_bot()
    case.edit(suspend=True)
    case.await_condition("Suspended", "False", "AlreadyStarted")
    case.edit(cancel=True)
    case.await_phase("Cancelled")


def resumed(case: Case) -> None:
    case.template(start="OnArrival")
    case.create()
    case.await_phase("Open")
    case.edit(suspend=True)
    case.await_phase("Suspended")
    case.edit(suspend=False)
    case.await_phase("Open")
    case.arrive()
    _hold_interview(case)


def template_missing(case: Case) -> None:
    case.create()
    case.await_condition("Accepted", "False", "TemplateNotFound")
    case.template(start="Immediate")
    _hold_interview(case)


def _begin(case: Case) -> None:
    case.await_bot()
    case.ready()
    case.await_phase("Ready")
    case.await_condition("Joinable", "True", "BotReady")
    case.arrive()
    case.talk()
    case.await_phase("InProgress")


def _hold_interview(case: Case) -> None:
    _begin(case)
    case.finish()
    case.await_phase("Completed")


def _sealed(reason: str) -> frozenset[tuple[str, str]]:
    return frozenset({("seal", reason)})


COMPLETED = ("Complete", "Completed")
PATHS = {
    path.name: path
    for path in (
        Path("immediate", immediate, COMPLETED, bots=1),
        Path("on-arrival", on_arrival, COMPLETED, bots=1),
        Path("daily", daily, COMPLETED, bots=1),
        Path("scheduled", scheduled, COMPLETED, bots=1),
        Path("new-link", new_link, COMPLETED, bots=1),
        Path("queued", queued, COMPLETED, bots=2, limit=1),
        Path("replaced", replaced, COMPLETED, bots=2),
        Path("exhausted", exhausted, ("Failed", "BackoffLimitExceeded"), 1, _sealed("TechnicalFault")),
        Path("cancelled-before", cancelled_before, ("Failed", "Cancelled"), bots=0),
        Path("cancelled-during", cancelled_during, ("Failed", "Cancelled"), 1, _sealed("Cancelled")),
        Path("no-show", no_show, ("Failed", "NoShow"), 1, _sealed("NoShow")),
        Path("no-bot", no_bot, ("Failed", "NoBot"), 1, _sealed("TechnicalFault")),
        Path("window-closed", window_closed, ("Failed", "WindowClosed"), bots=0),
        Path("deadline", deadline, ("Failed", "DeadlineExceeded"), 1, _sealed("DeadlineExceeded")),
        Path("deleted", deleted, None, 1, _sealed("Cancelled")),
        Path("erased", erased, None, 1, frozenset({("erase", "")})),
        Path("erased-during", erased_during, None, 1, frozenset({("erase", "")})),
        Path("outlived", outlived, ("Failed", "Cancelled"), 1, frozenset({("erase", "")})),
        Path("put-back", put_back, ("Failed", "AlreadyFinished"), bots=0, tombstone=True),
        Path("suspended", suspended, ("Failed", "Cancelled"), 1, _sealed("Cancelled")),
        Path("resumed", resumed, COMPLETED, bots=1),
        Path("template-missing", template_missing, COMPLETED, bots=1),
    )
}
