"""Which rooms the sweep takes, and above all which it leaves."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parley_operator.plan.rooms import YOUNG, orphans, own_rooms
from parley_rooms.names import room_name
from parley_rooms.provider import FoundRoom
from support.operator_installation import INSTALLATION
from support.operator_world import START

LONG_AGO = START - timedelta(hours=1)
children = st.sampled_from([f"itv-{name}-0123456789" for name in ("ada", "bob", "cy", "di")])


def own(child: str) -> str:
    return room_name(INSTALLATION.link_key, INSTALLATION.name, child)


foreign = st.one_of(
    children.map(lambda child: room_name(INSTALLATION.link_key, f"{INSTALLATION.name}-2", child)),
    children.map(lambda child: room_name(b"another installation's own key...", INSTALLATION.name, child)),
    children.map(lambda child: f"parley-{INSTALLATION.name}-{child}"),
    st.text(max_size=30),
)
ages = st.sampled_from([None, START, START - YOUNG + timedelta(seconds=1), START - YOUNG, LONG_AGO])


@given(st.dictionaries(children.map(own), ages), st.dictionaries(foreign, ages), st.sets(children), st.sets(children))
def test_only_an_old_empty_room_of_ours_that_nothing_stands_for_goes(
    ours: dict[str, datetime | None], theirs: dict[str, datetime | None], in_use: set[str], occupied: set[str]
) -> None:
    rooms = [FoundRoom(name, created) for name, created in {**theirs, **ours}.items()]
    gone = orphans(own_rooms(INSTALLATION, rooms, START), in_use, {own(child) for child in occupied})
    for name in gone:
        created = ours[name]
        assert created is not None
        assert START - created >= YOUNG
        assert name not in {own(child) for child in in_use | occupied}
    kept = {own(child) for child in in_use | occupied}
    old = {name for name, created in ours.items() if created is not None and START - created >= YOUNG}
    assert set(gone) == old - kept


def test_a_room_that_was_made_before_the_key_was_changed_goes_too() -> None:
    changed = replace(INSTALLATION, link_keys=(b"the key that signs from now on...", *INSTALLATION.link_keys))
    room = FoundRoom(own("itv-ada-0123456789"), LONG_AGO)
    assert orphans(own_rooms(changed, [room], START), set(), set()) == [room.name]


@pytest.mark.parametrize("created", [None, START, START + timedelta(days=1)])
def test_a_room_whose_age_is_not_known_or_odd_is_young(created: datetime | None) -> None:
    assert own_rooms(INSTALLATION, [FoundRoom(own("itv-ada-0123456789"), created)], START) == {}
