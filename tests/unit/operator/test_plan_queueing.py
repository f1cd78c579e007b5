"""An interview that is due and has no slot yet: it waits in the open, says where it stands, and begins by itself."""

from dataclasses import replace

from parley_crds import WAITING_FOR_CAPACITY
from parley_operator.capacity import Capacity, Place
from parley_operator.plan import plan
from support.operator_world import World, in_progress, template, window

THIRD = Place(3, 17, "InstallationFull", taken=50, limit=50)


def limited(**world: object) -> World:
    """A world with limits, in which the interview has to wait."""
    made = World(**world)
    made.installation = replace(made.installation, capacity=Capacity(total=50))
    made.turn = THIRD
    return made


def test_what_waits_says_why_and_its_place() -> None:
    world = limited()
    world.reconcile()
    assert world.phase == "Open"
    assert world.condition("Accepted") == ("True", "Accepted")
    assert world.condition("Joinable") == ("True", WAITING_FOR_CAPACITY)
    assert world.condition("Reconciling") == ("True", WAITING_FOR_CAPACITY)
    assert world.message("Reconciling") == "Place 3 of 17: 50 of 50 interviews of this installation run"
    assert world.condition("Stalled") is None
    assert world.link is not None
    assert (world.inputs, world.pods) == (None, {})


def test_a_full_namespace_is_named() -> None:
    world = limited()
    world.turn = Place(1, 2, "NamespaceFull", taken=20, limit=20)
    world.reconcile()
    assert world.message("Reconciling") == "Place 1 of 2: 20 of 20 interviews of the namespace hiring run"


def test_people_are_told_once_though_its_place_changes() -> None:
    world = limited()
    world.reconcile()
    world.turn = replace(THIRD, place=1)
    world.reconcile()
    assert world.message("Reconciling").startswith("Place 1 of 17")
    assert [event.reason for event in world.events].count(WAITING_FOR_CAPACITY) == 1
    assert world.events[0].type == "Normal"


def test_the_same_place_is_no_write() -> None:
    world = limited()
    world.reconcile()
    assert world.plan().actions == []
    assert world.wake_at is not None


def test_it_goes_on_when_it_is_its_turn() -> None:
    world = limited()
    world.reconcile()
    world.turn = "MayTake"
    world.reconcile()
    assert world.phase == "Provisioning"
    assert world.condition("Reconciling") == ("True", "BotStarting")
    assert len(world.pods) == 1


def test_what_has_begun_is_never_queued() -> None:
    world = limited()
    world.turn = "MayTake"
    in_progress(world)
    world.turn = THIRD
    assert plan(world.observe(), world.now).wants is None
    world.kill_pod(world.pod, 137)
    world.reconcile()
    world.advance(60)
    world.reconcile()
    assert world.phase == "InProgress"
    assert world.status.attempts is not None
    assert world.status.attempts.current == 2, "a successor needs no turn of its own"


def test_lost_inputs_are_made_again_without_a_turn() -> None:
    world = limited()
    world.turn = "MayTake"
    in_progress(world)
    world.turn = THIRD
    world.inputs, world.pods = None, {}
    world.reconcile()
    assert world.inputs is not None


def test_nothing_is_asked_for_before_it_is_due() -> None:
    scheduled = limited(spec=window(not_before=3600))
    scheduled.reconcile()
    assert scheduled.plan().wants is None
    scheduled.advance(3600 - 120)
    scheduled.reconcile()
    assert scheduled.phase == "Scheduled"
    assert scheduled.condition("Joinable") == ("False", "NotOpenYet")
    assert scheduled.condition("Reconciling") == ("True", WAITING_FOR_CAPACITY)
    unlimited = World()
    unlimited.turn = THIRD
    assert plan(unlimited.observe(), unlimited.now).wants is None


def test_what_is_asked_for() -> None:
    world = limited(template=template(start="OnArrival", bot={"priorityClassName": "urgent"}))
    bot = world.installation.bot.model_copy(update={"allowed_priority_classes": ["urgent"]})
    world.installation = replace(world.installation, bot=bot)
    world.reconcile()
    assert world.plan().wants is None, "nobody has come"
    world.arrive()
    world.reconcile()
    wants = world.plan().wants
    assert wants is not None
    assert (wants.arrived, wants.priority_class) == (True, "urgent")
    assert wants.due == world.now


def test_whoever_came_in_time_and_got_no_slot_was_failed_by_us() -> None:
    world = limited(spec={"start": "OnArrival", "noShowSeconds": 60, **window(expires_at=600)})
    world.reconcile()
    world.arrive()
    world.reconcile()
    assert world.condition("Reconciling") == ("True", WAITING_FOR_CAPACITY)
    world.advance(600)
    world.reconcile()
    assert world.phase == "Open", "patience with those who came"
    world.advance(60 + 180)
    world.reconcile()
    assert world.condition("Failed") == ("True", "NoBot")


def test_a_waiting_interview_can_be_held_cancelled_and_deleted() -> None:
    for change, phase in (({"suspend": True}, "Suspended"), ({"cancel": True}, "Cancelled")):
        world = limited()
        world.reconcile()
        world.edit(**change)
        world.reconcile()
        assert world.phase == phase
        assert world.plan().wants is None
        assert world.condition("Reconciling") is None
    world = limited()
    world.reconcile()
    world.delete()
    world.reconcile()
    assert world.interview is None
