"""The operator's mirror on a real API server: it asks for nothing it knows, and what it missed it finds."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes.aio import config as untyped_config
from parley_crds.names import interview_annotations, object_labels
from parley_operator.actions import ApplyLink
from parley_operator.shell.client.kube import INTERVIEWS, PODS, SECRETS, ConflictError, Json, Kube
from parley_operator.shell.reconcile.act import Actor
from parley_operator.shell.reconcile.observe import Observer
from parley_operator.shell.watch.mirror import Mirror
from parley_protocol import InterviewRef
from support.control_plane import ControlPlane
from support.operator_installation import INSTALLATION as ANY_INSTALLATION

config: Any = untyped_config
INSTALLATION = "mirrored"


class Counted(Mirror):
    """A mirror that keeps which calls it made."""

    asked: list[str]

    async def _call(self, method: str, path: str, **sent: Any) -> Json:
        self.asked.append(f"{method} {path.rpartition('/')[2]}")
        return await super()._call(method, path, **sent)


@pytest.fixture
async def mirror(kubeconfig: Path, namespace: str) -> AsyncIterator[Counted]:
    client = await config.new_client_from_config(config_file=str(kubeconfig))
    made = Counted(client, INSTALLATION, namespace, [namespace])
    made.asked = []
    await made.fill()
    made.asked.clear()
    yield made
    await client.close()


@pytest.fixture
async def others(kubeconfig: Path) -> AsyncIterator[Kube]:
    """Somebody else at the same objects."""
    client = await config.new_client_from_config(config_file=str(kubeconfig))
    yield Kube(client)
    await client.close()


def secret(namespace: str, text: str = "one", uid: str = "i-1") -> Json:
    metadata = {
        "name": "ledger",
        "namespace": namespace,
        "labels": object_labels(INSTALLATION, uid),
        "annotations": interview_annotations("hiring", "jane"),
    }
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"text": text}}


def pod(namespace: str) -> Json:
    manifest = secret(namespace)
    del manifest["stringData"]
    container = {"name": "bot", "image": "x"}
    return manifest | {
        "kind": "Pod",
        "spec": {"containers": [container], "serviceAccountName": "bot", "automountServiceAccountToken": False},
    }


async def test_what_it_wrote_it_knows(mirror: Counted, namespace: str) -> None:
    assert await mirror.ledger("ledger") is None
    created = await mirror.create(SECRETS, secret(namespace))
    assert await mirror.ledger("ledger") == created
    changed = secret(namespace, "two")
    changed["metadata"]["resourceVersion"] = created["metadata"]["resourceVersion"]
    replaced = await mirror.replace(SECRETS, changed)
    assert await mirror.ledger("ledger") == replaced
    assert not mirror.saw(SECRETS, created, deleted=False), "a late word of an older state"
    assert await mirror.ledger("ledger") == replaced
    await mirror.delete(SECRETS, namespace, "ledger", uid=created["metadata"]["uid"])
    assert not mirror.saw(SECRETS, replaced, deleted=False)
    assert await mirror.ledger("ledger") is None
    assert mirror.asked == ["POST secrets", "PUT ledger", "DELETE ledger"]


async def test_what_it_took_the_last_finalizer_off_is_gone_before_a_watch_says_so(
    mirror: Counted, namespace: str
) -> None:
    """The API server answers with the object as it was: of the same version, so that it would seem no news."""
    held = secret(namespace)
    held["metadata"]["finalizers"] = ["parley.dev/interview", "example.com/another"]
    await mirror.create(SECRETS, held)
    await mirror.delete(SECRETS, namespace, "ledger")
    await mirror.patch(SECRETS, namespace, "ledger", {"metadata": {"finalizers": ["parley.dev/interview"]}})
    assert await mirror.ledger("ledger") is not None
    await mirror.patch(SECRETS, namespace, "ledger", {"metadata": {"finalizers": []}})
    assert await mirror.ledger("ledger") is None


async def test_a_write_that_is_refused_has_the_object_read_anew(mirror: Counted, others: Kube, namespace: str) -> None:
    created = await mirror.create(SECRETS, secret(namespace))
    theirs = secret(namespace, "theirs")
    theirs["metadata"]["resourceVersion"] = created["metadata"]["resourceVersion"]
    stored = await others.replace(SECRETS, theirs)
    mine = secret(namespace, "mine")
    mine["metadata"]["resourceVersion"] = created["metadata"]["resourceVersion"]
    with pytest.raises(ConflictError):
        await mirror.replace(SECRETS, mine)
    found = await mirror.ledger("ledger")
    assert found is not None
    assert found["data"] == stored["data"]


async def test_what_was_made_without_it_is_found_by_its_name(mirror: Counted, others: Kube, namespace: str) -> None:
    """As by an operator before it whose answer never came."""
    await others.create(SECRETS, secret(namespace))
    with pytest.raises(ConflictError):
        await mirror.create(SECRETS, secret(namespace))
    assert await mirror.ledger("ledger") is not None


async def test_a_links_secret_that_was_made_without_it_is_made_ours_unread(
    mirror: Counted, others: Kube, namespace: str
) -> None:
    """By an earlier run, of which no status tells, or by hand."""
    metadata = {"name": "itv-jane-link", "namespace": namespace}
    manifest = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"token": "ours"}}
    await others.create(SECRETS, {**manifest, "stringData": {"token": "theirs", "more": "stays"}})
    around: Any = None
    ref = InterviewRef(namespace=namespace, name="jane", uid="i-1")
    assert mirror.is_unheard_of(SECRETS, namespace, "itv-jane-link")
    await Actor(mirror, ANY_INSTALLATION, {}, around).perform(ref, ApplyLink(manifest, known=False))
    assert mirror.asked == ["POST secrets", "PATCH itv-jane-link"]
    held = await mirror.recall(SECRETS, namespace, "itv-jane-link")
    assert held == await others.get(SECRETS, namespace, "itv-jane-link")
    assert held is not None
    assert {key: base64.b64decode(value) for key, value in held["data"].items()} == {"token": b"ours", "more": b"stays"}
    assert len(mirror.asked) == 2


async def test_what_changed_or_went_unseen_is_found(
    mirror: Counted, others: Kube, namespace: str, control_plane: ControlPlane
) -> None:
    control_plane.kubectl("-n", namespace, "create", "serviceaccount", "bot")
    created = await mirror.create(SECRETS, secret(namespace))
    bot = await mirror.create(PODS, pod(namespace))
    assert [each["metadata"]["name"] for each in await mirror.bots("i-1")] == ["ledger"]
    assert await mirror.verify_bots() == set()
    theirs = secret(namespace, "theirs")
    theirs["metadata"]["resourceVersion"] = created["metadata"]["resourceVersion"]
    stored = await others.replace(SECRETS, theirs)
    await others.delete(PODS, namespace, "ledger", grace=0)
    (ref,) = await mirror.verify_bots()
    assert (ref.namespace, ref.name, ref.uid) == ("hiring", "jane", "i-1")
    assert await mirror.bots("i-1") == []
    found = await mirror.ledger("ledger")
    assert found is not None
    assert found["data"] == stored["data"]
    assert not mirror.saw(PODS, bot, deleted=False)
    assert await mirror.verify_bots() == set()


async def test_a_ledger_that_was_there_before_it_is_known_and_read_when_asked_for(
    mirror: Counted, others: Kube, namespace: str
) -> None:
    stored = await others.create(SECRETS, secret(namespace))
    await mirror.fill()
    mirror.asked.clear()
    found = await mirror.ledger("ledger")
    assert found is not None
    assert found["data"] == stored["data"]
    assert await mirror.ledger("ledger") == found
    assert mirror.asked == ["GET ledger"]


async def test_what_nobody_watches_is_remembered_for_a_while(mirror: Counted, others: Kube, namespace: str) -> None:
    link = secret(namespace) | {"metadata": {"name": "link", "namespace": namespace}}
    assert await mirror.recall(SECRETS, namespace, "link") is None
    await others.create(SECRETS, link)
    assert await mirror.recall(SECRETS, namespace, "link") is None
    mirror.forget(SECRETS, namespace, "link")
    assert await mirror.recall(SECRETS, namespace, "link") is not None
    assert mirror.asked == ["GET link", "GET link"]


async def test_a_namesake_that_a_look_for_the_former_found_is_still_news(
    mirror: Counted, others: Kube, crds: None, namespace: str
) -> None:
    """Or nobody would be woken for it: the look was another's."""
    manifest = {
        "apiVersion": "parley.dev/v1alpha1",
        "kind": "Interview",
        "metadata": {"name": "jane", "namespace": namespace},
        "spec": {"templateRef": {"name": "backend"}},
    }
    again = await others.create(INTERVIEWS, manifest)
    former = InterviewRef(namespace=namespace, name="jane", uid="the-former")
    assert await Observer(mirror, ANY_INSTALLATION).interview(former) is None
    assert mirror.saw(INTERVIEWS, again, deleted=False)
