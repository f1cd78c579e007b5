"""An upgrade's schema does not take what a former one took: a real API server keeps such an Interview."""

import contextlib
import json
from collections.abc import Iterator

from support.operator_site import WAIT, Site
from support.wait import until

NAME = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/candidate/properties/name/maxLength"
FORMER = {"name": "Ada " + "A" * 250}


def test_what_no_schema_takes_any_more_is_stalled_until_it_is_mended(site: Site) -> None:
    before = site.interview(start="OnArrival")
    link = site.await_phase(before, "Open")["linkSecretName"]
    site.crash()
    with _former_schema(site):
        site.patch(before, {"candidate": FORMER})
        new = site.interview(start="OnArrival", candidate=FORMER)
    site.start()
    for name, phase in ((before, "Open"), (new, "Pending")):
        site.await_condition(name, "Stalled", "True", "InterviewNotValid")
        assert "spec.candidate.name" in site.message(name, "Stalled")
        status = site.status(name)
        assert (status["phase"], status["observedGeneration"]) == (phase, site.get(name)["metadata"]["generation"])
        assert "InterviewNotValid" in site.events(name)
    assert site.status(before)["linkSecretName"] == link
    for name in (before, new):
        site.patch(name, {"candidate": {"name": "Ada"}})
        site.await_phase(name, "Open")
        until("nothing is stalled", lambda name=name: site.condition(name, "Stalled") is None, WAIT)


@contextlib.contextmanager
def _former_schema(site: Site) -> Iterator[None]:
    """The CRD with a bound that the present one has narrowed."""
    _bound(site, 300)
    try:
        yield
    finally:
        _bound(site, 200)


def _bound(site: Site, longest: int) -> None:
    change = [{"op": "replace", "path": NAME, "value": longest}]
    site.plane.kubectl("patch", "crd", "interviews.parley.dev", "--type=json", "-p", json.dumps(change))
    metadata = {"name": "tried", "namespace": site.namespace}
    spec = {"templateRef": {"name": "backend"}, "candidate": FORMER}
    tried = {"apiVersion": "parley.dev/v1alpha1", "kind": "Interview", "metadata": metadata, "spec": spec}

    def served() -> bool:
        command = ("create", "--dry-run=server", "-f", "-")
        taken = site.plane.kubectl(*command, stdin=json.dumps(tried), check=False).returncode == 0
        return taken == (longest > 200)

    until(f"the bound is {longest}", served, WAIT)
