"""Which cases of the reliability matrix there are."""

from collections import Counter

from support.chaos.faults import FAULTS
from support.chaos.matrix import ALL, TOGETHER, Reference, Spec
from support.chaos.paths import PATHS
from support.chaos.plan import OUTAGES, OUTAGES_ALONE, PATHS_OF_A_FAULT, chosen, every_case, paths_for, sample
from support.fault_proxy import Call

CALLS = [Call("kube", "action", number, "PUT", "/", b"", 0) for number in range(1, 31)]


def references(*paths: str) -> dict[str, Reference]:
    """As of paths that take thirty actions each, and no read."""
    return {path: Reference(end=None, events=(), calls=CALLS, seconds=1) for path in paths or PATHS}


def test_the_sample_has_each_fault_on_two_paths_and_no_path_without_a_fault() -> None:
    drawn = [draw for draw in sample() if not FAULTS[draw.fault].serial]
    assert len({(draw.path, draw.fault) for draw in drawn}) == len(drawn)
    assert set(Counter(draw.fault for draw in drawn).values()) == {PATHS_OF_A_FAULT}
    assert {draw.path for draw in drawn} == set(PATHS)


def test_every_action_of_every_path_is_struck_by_each_fault_that_fits() -> None:
    cases = every_case(references())
    for path in PATHS:
        assert chosen(cases, f"{path}/crash-answered") == [Spec(path, "crash-answered", n) for n in range(1, 31)]


def test_servers_end_under_all_paths_together_and_under_each_that_has_no_part_in_that() -> None:
    cases = every_case(references())
    together = [spec for spec in cases if spec.path == ALL and spec.fault == "etcd-away"]
    assert len(together) == OUTAGES
    assert together[-1].number < 30 * len(TOGETHER)
    for path in PATHS.keys() - TOGETHER.keys():
        assert [spec.number for spec in chosen(cases, f"{path}/etcd-away")] == [1, 11, 21]
    assert OUTAGES_ALONE == 3


def test_a_path_alone_is_not_all() -> None:
    cases = every_case(references(*paths_for("immediate")))
    assert {spec.path for spec in cases} == {"immediate"}
