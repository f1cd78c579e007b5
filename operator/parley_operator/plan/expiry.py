"""After the end: the Interview's removal by its TTL, and what keeps the same one from being held a second time."""

from datetime import UTC, timedelta

from parley_crds import Condition, ConditionType

from parley_operator.actions import DeleteInterview, RemoveTombstone, WriteTombstone
from parley_operator.plan.draft import Draft, zulu
from parley_operator.tombstones import End, spec_hash, tombstone_manifest

ALREADY_FINISHED = "AlreadyFinished"


def expire(draft: Draft, final: Condition) -> None:
    """Deletes a final Interview when its TTL is over, once a tombstone that was read back tells of its end.

    One that was over already when it was made is left: whoever put it back would do so again at once.
    """
    interview = draft.observed.interview
    ttl = interview.spec.ttl_seconds_after_finished
    if ttl is None or final.reason == ALREADY_FINISHED:
        return
    finished_at = draft.status.finished_at or final.last_transition_time
    due = finished_at + timedelta(seconds=ttl)
    if draft.now < due:
        draft.look_again(due)
        return
    end = End(
        interview=interview.metadata.name,
        uid=draft.observed.uid,
        spec_hash=spec_hash(interview.spec),
        accepted_spec_hashes=draft.accepted_spec_hashes or [],
        phase=draft.phase,
        condition=ConditionType.COMPLETE if final.type == ConditionType.COMPLETE else ConditionType.FAILED,
        reason=final.reason,
        finished_at=finished_at.astimezone(UTC),
    )
    found = draft.observed.tombstone
    if found is not None and found.end == end:
        draft.act_after_status(DeleteInterview(interview.metadata.resource_version or ""))
        return
    if found is not None:
        draft.act_after_status(RemoveTombstone(found.uid))
    manifest = tombstone_manifest(draft.observed.installation.name, interview, end)
    draft.act_after_status(WriteTombstone(manifest))


def recall(draft: Draft) -> bool:
    """Makes an Interview final that is the same as one that ended and was removed; gives whether it is.

    Another one of that name is a new interview, and what was remembered of the former is forgotten. Asked only before
    anything was made for the Interview.
    """
    found, interview = draft.observed.tombstone, draft.observed.interview
    if found is None or draft.template is not None or draft.attempts is not None:
        return False
    end = found.end
    if end is None:
        return False
    if not end.is_of(interview.spec):
        draft.act(RemoveTombstone(found.uid))
        return False
    message = (
        f"This interview ended at {zulu(end.finished_at)} as {end.phase} ({end.reason}, uid {end.uid}) and was removed"
        " by its ttlSecondsAfterFinished. To hold another, create one by another name or with another spec"
    )
    draft.end(end.phase, end.condition, ALREADY_FINISHED, message)
    draft.finished_at = end.finished_at
    return True


def is_recalled(draft: Draft) -> bool:
    """Whether the status says that this Interview is the same as one that ended and was removed."""
    return any(item.reason == ALREADY_FINISHED and item.status == "True" for item in draft.status.conditions)


def former_uid(draft: Draft) -> str | None:
    """The uid of the Interview that this one is, put back: what was said is stored under it. None where none is known.

    Asked of one that was never accepted: it may be deleted before its status says that it is recalled.
    """
    observed = draft.observed
    end = None if observed.tombstone is None else observed.tombstone.end
    if end is None or end.uid == observed.uid or draft.accepted_at is not None:
        return None
    return end.uid if is_recalled(draft) or end.is_of(observed.interview.spec) else None
