"""The census counts each Interview once, whatever the watch repeats and whatever it misses."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from parley_crds import Phase
from parley_operator.shell.capacity.census import Census
from parley_operator.shell.turns.places import Urgency
from parley_protocol import InterviewRef


def raw(
    uid: str, phase: str | None = "Open", template: str = "backend", arrived: str | None = None, **more: Any
) -> dict[str, Any]:
    """An Interview as the watch gives it."""
    metadata = {"namespace": "hiring", "name": f"jane-{uid}", "uid": uid, **more.pop("metadata", {})}
    status: dict[str, Any] = {} if phase is None else {"phase": phase}
    if arrived is not None:
        status["conditions"] = [{"type": "CandidateArrived", "status": arrived}]
    return {"metadata": metadata, "spec": {"templateRef": {"name": template}, **more}, "status": status}


def ref(uid: str) -> InterviewRef:
    return InterviewRef(namespace="hiring", name=f"jane-{uid}", uid=uid)


uids = st.sampled_from("abcdef")
events = st.lists(
    st.one_of(
        st.tuples(st.just("saw"), uids, st.sampled_from([*Phase, None]), st.sampled_from(["backend", "frontend"])),
        st.tuples(st.just("gone"), uids, st.none(), st.none()),
    ),
    max_size=40,
)


@given(events)
def test_it_counts_what_there_is(happened: list[tuple[str, str, Phase | None, str]]) -> None:
    census, there = Census(), dict[str, tuple[str, str]]()
    for what, uid, phase, template in happened:
        if what == "saw":
            census.saw(raw(uid, phase, template))
            there[uid] = (phase or Phase.PENDING, template)
        else:
            census.gone(uid)
            there.pop(uid, None)
    phases = [phase for phase, _ in there.values()]
    assert census.by_phase() == {str(phase): phases.count(phase) for phase in Phase}
    for template in ("backend", "frontend"):
        active = [phase for phase, named in there.values() if named == template and not Phase(phase).is_final]
        assert census.active("hiring", template) == len(active)


def test_what_a_cut_watch_missed_is_found_by_a_list() -> None:
    census = Census()
    for uid in "abc":
        census.saw(raw(uid))
    census.saw(raw("d", "Completed"))
    census.mark()
    census.saw(raw("e"))
    assert census.reconcile({"a"}) == [ref("b"), ref("c")]
    assert census.by_phase()["Open"] == 2, "one that came after the list began stays"
    assert census.by_phase()["Completed"] == 0
    census.mark()
    assert census.reconcile({"a", "e"}) == []


def test_it_tells_of_all_that_left_however_it_was_noticed() -> None:
    left: list[str] = []
    census = Census(left=left.append)
    for uid, phase in (("a", "Open"), ("b", "Completed"), ("c", "Open")):
        census.saw(raw(uid, phase))
    census.gone("a")
    census.mark()
    census.reconcile({"c"})
    assert left == ["a", "b"]


def test_who_is_waited_for_goes_first() -> None:
    census = Census()
    deleted = {"metadata": {"deletionTimestamp": "2026-11-29T12:00:00Z"}}
    census.saw(raw("new", None))
    census.saw(raw("open"))
    census.saw(raw("talks", "InProgress"))
    census.saw(raw("leaves", "Open", **deleted))
    census.saw(raw("over", "Completed"))
    census.saw(raw("over, and leaves", "Completed", **deleted))
    census.saw(raw("called off", "Open", cancel=True))
    census.saw(raw("at the page", "Open", arrived="True"))
    census.saw(raw("was at the page", "Open", arrived="False"))
    expected = {
        "new": Urgency.NEW,
        "open": Urgency.NEW,
        "talks": Urgency.RUNNING,
        "leaves": Urgency.RUNNING,
        "over": Urgency.NEW,
        "over, and leaves": Urgency.RUNNING,
        "called off": Urgency.RUNNING,
        "at the page": Urgency.RUNNING,
        "was at the page": Urgency.NEW,
        "unknown": Urgency.RUNNING,
    }
    assert {uid: census.urgency(ref(uid)) for uid in expected} == expected


def test_a_phase_of_a_later_version_is_counted_as_none_of_ours() -> None:
    census = Census()
    census.saw(raw("a", "Paused"))
    assert census.by_phase()["Pending"] == 1


def test_it_tells_of_the_templates_whose_count_changed() -> None:
    told: list[tuple[str, str]] = []
    census = Census(lambda namespace, template: told.append((namespace, template)))
    backend = ("hiring", "backend")
    for phase in ("Open", "Provisioning", "InProgress"):
        census.saw(raw("a", phase))
    assert told == [backend]
    census.saw(raw("a", "Completed"))
    census.saw(raw("a", "Completed"))
    assert told == [backend] * 2
    census.saw(raw("b"))
    census.gone("b")
    assert told == [backend] * 4
