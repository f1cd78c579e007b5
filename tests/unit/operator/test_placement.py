"""Where a room is: where its template says, else where its installation is."""

import pytest
from parley_operator.placement import placement_of
from support.operator_world import template


@pytest.mark.parametrize(
    ("named", "installation", "geo"),
    [
        ("sa-east-1", "eu-central-1", "sa-east-1"),
        (None, "eu-central-1", "eu-central-1"),
        ("sa-east-1", None, "sa-east-1"),
        (None, None, None),
    ],
)
def test_a_templates_region_goes_before_the_installations(
    named: str | None, installation: str | None, geo: str | None
) -> None:
    room = {"provider": "daily"} | ({} if named is None else {"geo": named})
    spec = template(room=room)
    assert placement_of(spec, installation).geo == geo
