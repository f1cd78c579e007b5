"""Names of children: legal, stable and distinct for any Interview that the API server accepts."""

import re
import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from parley_crds import names

DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")

alphanumeric = st.sampled_from(string.ascii_lowercase + string.digits)
labels = st.builds(
    lambda first, middle, last: first + middle + last,
    alphanumeric,
    st.text(string.ascii_lowercase + string.digits + "-", max_size=120),
    alphanumeric,
)
object_names = (
    st.lists(st.one_of(labels, alphanumeric), min_size=1, max_size=40)
    .map(".".join)
    .map(lambda name: name[:253].rstrip("-."))
)
uids = st.uuids().map(str)
hashes = st.text("0123456789abcdef", min_size=10, max_size=10)


@given(object_names, uids, st.integers(1, 2_147_483_647))
def test_children_have_legal_names(name: str, uid: str, attempt: int) -> None:
    assert SUBDOMAIN.fullmatch(name)
    child = names.child_name(name, uid)
    assert len(child) <= names.CHILD_NAME_MAX
    for child_of_it in (child, names.pod_name(child, attempt), names.link_secret_name(child)):
        assert DNS_LABEL.fullmatch(child_of_it), child_of_it


@given(object_names, uids)
def test_a_name_is_the_same_every_time(name: str, uid: str) -> None:
    assert names.child_name(name, uid) == names.child_name(name, uid)


@given(object_names, object_names, uids, uids)
def test_two_interviews_share_no_name(one: str, other: str, uid: str, other_uid: str) -> None:
    assume(uid != other_uid)
    assert names.child_name(one, uid) != names.child_name(other, other_uid)
    assert names.child_name(one, uid) != names.child_name(one, other_uid)


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("ada-lovelace", "ada-lovelace"),
        ("team.ada", "team-ada"),
        ("a" * 253, "a" * 36),
        ("a" * 35 + "." + "b" * 20, "a" * 35),
        ("a" * 34 + ".b", "a" * 34 + "-b"),
        ("---", "x"),
    ],
)
def test_people_recognise_the_interview(name: str, short: str) -> None:
    child = names.child_name(name, "uid")
    assert child.startswith(f"itv-{short[:37]}")
    assert re.fullmatch(r"itv-.+-[0-9a-f]{10}", child)
    assert "--" not in child


@given(object_names, hashes)
def test_a_snapshot_has_a_legal_name(template: str, content: str) -> None:
    name = names.revision_name(template, content)
    assert len(name) <= 253
    assert SUBDOMAIN.fullmatch(name)
    assert name.endswith(f"-{content}")


@given(object_names, object_names)
def test_a_template_has_a_label_of_its_own(one: str, other: str) -> None:
    assert LABEL_VALUE.fullmatch(names.template_label(one)), names.template_label(one)
    if one != other:
        assert names.template_label(one) != names.template_label(other)


def test_a_short_template_name_is_its_own_label() -> None:
    assert names.template_label("backend.v2") == "backend.v2"


def test_labels_lead_back_to_the_interview() -> None:
    labels = names.pod_labels("prod", "uid-1", 3)
    assert labels == {
        "app.kubernetes.io/managed-by": "parley",
        "parley.dev/installation": "prod",
        "parley.dev/interview-uid": "uid-1",
        "parley.dev/attempt": "3",
    }
    assert names.object_labels("prod", "uid-1").items() <= labels.items()
    assert names.interview_annotations("hiring", "ada") == {
        "parley.dev/interview-namespace": "hiring",
        "parley.dev/interview-name": "ada",
    }
