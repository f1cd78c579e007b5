"""`spec.ttlSecondsAfterFinished`, and that what it removed is not held a second time."""

from datetime import timedelta
from typing import Any

import pytest
from parley_crds import Candidate, InterviewSpec
from parley_operator.actions import DeleteInterview, WriteTombstone
from parley_operator.tombstones import spec_hash, tombstone_of
from support.operator_world import START, World, in_progress, window

GONE: dict[str, Any] = {"cancel": True, "candidate": {"name": "Jane"}}


def finished(**spec: Any) -> World:
    world = in_progress(World(spec=spec))
    world.finish("CandidateLeft")
    world.kill_pod(world.pod, 0)
    world.reconcile()
    assert world.phase == "Completed"
    return world


def removed(**spec: Any) -> World:
    """An Interview that its TTL removed."""
    world = finished(ttlSecondsAfterFinished=60, **spec)
    world.advance(60)
    world.reconcile()
    assert world.interview is None
    return world


def test_it_is_deleted_when_its_time_is_over() -> None:
    world = finished(ttlSecondsAfterFinished=60)
    assert world.wake_at == world.now + timedelta(seconds=60)
    world.advance(59)
    world.reconcile()
    assert world.interview is not None
    world.advance(1)
    world.reconcile()
    assert (world.interview, world.link, world.revisions) == (None, None, {})
    assert world.sealed == []
    assert not world.erased
    assert world.tombstone is not None


def test_zero_is_at_once() -> None:
    world = World(spec={**GONE, "ttlSecondsAfterFinished": 0})
    world.reconcile()
    world.reconcile()
    assert "Cancelled" in world.phases
    assert world.interview is None


def test_the_deletion_policy_holds() -> None:
    assert removed(deletionPolicy="Erase").erased


def test_without_one_it_stays() -> None:
    world = finished()
    world.advance(1e9)
    world.reconcile()
    assert (world.wake_at, world.plan().actions) == (None, [])
    assert world.tombstone is None


@pytest.mark.parametrize(("edited", "after"), [(30, 30), (600, 600), (0, 0)])
def test_a_ttl_that_is_edited_counts(edited: int, after: int) -> None:
    world = finished(ttlSecondsAfterFinished=60)
    world.edit(ttl_seconds_after_finished=edited)
    world.reconcile()
    if after:
        assert world.interview is not None
        world.advance(after - 1)
        world.reconcile()
        assert world.interview is not None
        world.advance(1)
    world.reconcile()
    assert world.interview is None


def test_a_ttl_that_is_taken_away_just_in_time_keeps_it() -> None:
    world = finished(ttlSecondsAfterFinished=60)
    world.advance(60)
    step = world.plan()
    assert [type(action) for action in step.actions] == [WriteTombstone]
    world.perform(step.actions[0])
    deletion = world.plan().actions
    assert [type(action) for action in deletion] == [DeleteInterview]
    world.edit(ttl_seconds_after_finished=None)
    world.perform(deletion[0])
    world.reconcile()
    assert world.interview is not None
    assert world.interview.metadata.deletion_timestamp is None


def test_nothing_is_deleted_before_its_tombstone_is_read_back() -> None:
    world = finished(ttlSecondsAfterFinished=60)
    world.advance(60)
    # Its name is taken by another's object, so a creation alone would change nothing.
    world.tombstone = {"metadata": {"name": "x", "uid": "foreign"}, "data": {}}
    world.reconcile()
    assert world.interview is None
    assert world.tombstone is not None
    found = tombstone_of(world.installation.name, "jane", world.tombstone)
    assert found.end is not None
    assert (found.end.phase, found.end.reason, found.end.condition) == ("Completed", "CandidateLeft", "Complete")


def test_a_tombstone_tells_nothing_of_the_candidate() -> None:
    world = removed(candidate={"name": "Jane Roe", "externalId": "c-1"}, context={"inline": "A CV."})
    for secret in ("Jane Roe", "c-1", "A CV."):
        assert secret not in repr(world.tombstone)


def test_the_same_interview_is_not_held_again() -> None:
    world = removed(candidate={"name": "Jane"})
    pods, ended = list(world.created_pods), START
    world.advance(30)
    world.create(candidate={"name": "Jane"}, ttlSecondsAfterFinished=60)
    world.reconcile()
    assert world.phase == "Completed"
    assert world.condition("Complete") == ("True", "AlreadyFinished")
    assert f"ended at {ended:%Y-%m-%dT%H:%M:%SZ} as Completed (CandidateLeft" in world.message("Complete")
    assert world.status.finished_at == ended
    assert world.created_pods == pods
    assert (world.link, world.inputs, world.revisions, world.status.template) == (None, None, {}, None)
    assert world.events[-1].reason == "AlreadyFinished"
    world.advance(1e6)
    world.reconcile()
    assert world.interview is not None, "GitOps would put it back at once, and so for ever"
    assert (world.wake_at, world.plan().actions) == (None, [])


def put_back(world: World) -> tuple[str, str]:
    """Git puts back what its TTL removed; gives the uids of that one and of the former."""
    assert world.tombstone is not None
    world.create(candidate={"name": "Jane"}, ttlSecondsAfterFinished=60)
    return world.require_interview().metadata.uid or "", world.tombstone["data"]["uid"]


def test_what_was_put_back_is_erased_with_the_one_that_it_was() -> None:
    world = removed(candidate={"name": "Jane"})
    uid, former = put_back(world)
    assert uid != former
    world.reconcile()
    world.edit(deletion_policy="Erase")
    world.down.add("erasure")
    world.delete()
    world.reconcile()
    world.advance(1000)
    world.reconcile()
    assert (world.interview is None, world.erased_uids) == (False, [])
    world.down.clear()
    world.reconcile()
    assert world.interview is None
    assert world.erased_uids == [former, uid], "no proof for this one before there is one for what was said"
    assert world.tombstone is not None, "Git may put it back once more"


def test_what_was_put_back_and_deleted_before_it_was_known_again_is_erased_too() -> None:
    world = removed(candidate={"name": "Jane"})
    uid, former = put_back(world)
    world.edit(deletion_policy="Erase")
    world.reconcile(crash_after=1)
    assert world.status.phase is None
    world.delete()
    world.reconcile()
    assert (world.interview, world.erased_uids) == (None, [former, uid])


def test_what_was_put_back_takes_nothing_along_where_it_is_to_be_kept() -> None:
    world = removed(candidate={"name": "Jane"})
    put_back(world)
    world.reconcile()
    world.delete()
    world.reconcile()
    assert (world.interview, world.erased_uids) == (None, [])


def test_another_interview_of_the_name_erases_itself_alone() -> None:
    world = removed(candidate={"name": "Jane"})
    world.create(candidate={"name": "Joan"}, deletionPolicy="Erase")
    uid = world.require_interview().metadata.uid
    world.reconcile(crash_after=1)
    assert world.tombstone is not None
    world.delete()
    world.reconcile()
    assert (world.interview, world.erased_uids) == (None, [uid])


def test_an_erasure_that_can_not_reach_the_former_says_so() -> None:
    world = removed(candidate={"name": "Jane"})
    uid, former = put_back(world)
    world.reconcile()
    world.tombstone = None
    world.edit(deletion_policy="Erase")
    world.delete()
    world.reconcile()
    assert (world.interview, world.erased_uids) == (None, [uid])
    last = world.events[-1]
    assert (last.type, last.reason) == ("Warning", "CleanupAbandoned")
    assert former in last.message


def test_what_its_ttl_removes_erases_itself_once() -> None:
    world = finished(ttlSecondsAfterFinished=60, deletionPolicy="Erase")
    uid = world.require_interview().metadata.uid
    world.advance(60)
    world.reconcile()
    assert (world.interview, world.erased_uids) == (None, [uid])


def test_a_tombstone_whose_uid_is_none_is_not_gone_by() -> None:
    world = removed()
    assert world.tombstone is not None
    for odd in ("../../seal", "a/b", "", "x" * 65):
        world.tombstone["data"]["uid"] = odd
        found = tombstone_of(world.installation.name, "jane", world.tombstone)
        assert found.end is None, odd


def test_what_was_called_off_by_hand_is_not_called_on_by_git() -> None:
    world = World(spec={"candidate": {"name": "Jane"}, "start": "OnArrival"})
    world.reconcile()
    world.edit(cancel=True, link_epoch=3, ttl_seconds_after_finished=0)
    world.reconcile()
    world.reconcile()
    assert world.interview is None
    world.create(candidate={"name": "Jane"}, start="OnArrival")
    world.reconcile()
    assert (world.phase, world.condition("Failed")) == ("Cancelled", ("True", "AlreadyFinished"))


def test_what_was_edited_by_hand_while_it_waited_is_not_held_again_as_git_has_it() -> None:
    world = World(spec={"candidate": {"name": "Jane"}, "start": "OnArrival"})
    world.reconcile()
    world.edit(candidate=Candidate(name="Jane", extra_time_percent=25))
    world.reconcile()
    world.edit(cancel=True, ttl_seconds_after_finished=0)
    world.reconcile()
    world.reconcile()
    assert world.interview is None
    for put_back in ({"name": "Jane"}, {"name": "Jane", "extraTimePercent": 25}):
        world.create(candidate=put_back, start="OnArrival")
        world.reconcile()
        assert (world.phase, world.condition("Failed")) == ("Cancelled", ("True", "AlreadyFinished"))
        world.delete()
        world.reconcile()


def test_every_spec_that_git_had_meanwhile_counts() -> None:
    """It was moved in Git, and then edited by hand: Git has neither the first nor the last."""
    world = World(spec={"start": "OnArrival"})
    world.reconcile()
    for percent in range(1, 14):
        world.edit(candidate=Candidate(extra_time_percent=percent))
        world.reconcile()
    world.edit(cancel=True, ttl_seconds_after_finished=0)
    world.reconcile()
    world.reconcile()
    for percent, phase in ((0, "Cancelled"), (12, "Cancelled"), (13, "Cancelled"), (1, "Open")):
        world.create(candidate={"extraTimePercent": percent}, start="OnArrival")
        world.reconcile()
        assert world.phase == phase, "the first is kept, and the latest nine"
        world.delete()
        world.reconcile()


def test_what_it_was_accepted_with_is_told_with_its_acceptance_and_costs_no_write() -> None:
    world = World(spec={"start": "OnArrival"})
    world.reconcile()
    assert world.status.accepted_spec_hashes == [spec_hash(world.require_interview().spec)]
    assert len(world.phases) == 1
    world.edit(link_epoch=1)
    world.reconcile()
    assert world.status.accepted_spec_hashes == [spec_hash(world.require_interview().spec)]


def test_an_edit_on_hold_counts_when_it_goes_on() -> None:
    world = World(spec={"start": "OnArrival"})
    world.reconcile()
    world.edit(suspend=True)
    world.reconcile()
    world.edit(candidate=Candidate(extra_time_percent=25))
    world.reconcile()
    world.edit(suspend=False)
    world.reconcile()
    assert len(world.status.accepted_spec_hashes or []) == 2


def test_an_interview_that_an_older_operator_accepted_is_known_by_its_end() -> None:
    world = finished(ttlSecondsAfterFinished=60)
    world.change_status(accepted_spec_hashes=None)
    world.advance(60)
    world.reconcile()
    assert world.tombstone is not None
    del world.tombstone["data"]["acceptedSpecHashes"]  # as an older operator wrote it
    world.create(ttlSecondsAfterFinished=60)
    world.reconcile()
    assert world.condition("Complete") == ("True", "AlreadyFinished")


def test_it_stays_over_however_often_it_is_put_back() -> None:
    world = removed()
    for _ in range(3):
        world.create()
        world.reconcile()
        assert world.condition("Complete") == ("True", "AlreadyFinished")
        world.delete()
        world.reconcile()
        assert world.interview is None


def test_another_interview_of_that_name_is_a_new_one() -> None:
    world = removed(candidate={"name": "Jane"})
    world.create(candidate={"name": "Joan"}, start="Immediate")
    world.reconcile()
    assert world.tombstone is None
    in_progress(world)
    assert world.phase == "InProgress"


def test_an_interview_is_not_ended_by_what_it_is_edited_to() -> None:
    world = removed(candidate={"name": "Jane"})
    tombstone = world.tombstone
    world.create(candidate={"name": "Joan"}, start="OnArrival")
    world.reconcile()
    world.tombstone = tombstone
    world.edit(candidate=Candidate(name="Jane"), start=None)
    world.reconcile()
    assert world.condition("Complete") is None


def test_a_strangers_object_at_that_name_is_left_alone() -> None:
    world = World()
    world.tombstone = {"metadata": {"name": "x", "uid": "foreign"}, "data": {}}
    world.reconcile()
    assert world.phase == "Provisioning"
    assert world.tombstone["metadata"]["uid"] == "foreign"


def spec(**changes: Any) -> InterviewSpec:
    return InterviewSpec.model_validate({"templateRef": {"name": "backend"}, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"cancel": True},
        {"suspend": True},
        {"linkEpoch": 4},
        {"backoffLimit": 0},
        {"activeDeadlineSeconds": 60},
        {"ttlSecondsAfterFinished": 0},
        {"deletionPolicy": "Erase"},
        {"noShowSeconds": 900},
        {"candidate": {}},
        {"candidate": {"extraTimePercent": 0}},
    ],
)
def test_what_makes_no_other_interview(changes: dict[str, Any]) -> None:
    assert spec_hash(spec(**changes)) == spec_hash(spec())


@pytest.mark.parametrize(
    "changes",
    [
        {"templateRef": {"name": "frontend"}},
        {"candidate": {"name": "Jane"}},
        {"context": {"inline": "A CV."}},
        {"start": "OnArrival"},
        {"noShowSeconds": 60},
        {"overrides": {"voice": "matthew"}},
        window(not_before=0),
        window(expires_at=0),
    ],
)
def test_what_makes_another_interview(changes: dict[str, Any]) -> None:
    assert spec_hash(spec(**changes)) != spec_hash(spec())


def test_an_operator_that_dies_in_between_forgets_nothing() -> None:
    for crash_after in range(8):
        world = finished(ttlSecondsAfterFinished=60)
        world.advance(60)
        world.reconcile(crash_after=crash_after)
        world.reconcile()
        assert world.interview is None
        assert world.tombstone is not None
