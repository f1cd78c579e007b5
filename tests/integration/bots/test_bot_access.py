"""Whose token opens what: real tokens, bound to real pods, reviewed by a real API server."""

from typing import Any

import pytest

ASSIGNMENT = "/bot/v1/assignment"


async def ask(site: Any, token: str, path: str = ASSIGNMENT) -> tuple[int, str, str]:
    headers = {"Authorization": f"Bearer {token}"}
    if path.startswith("/internal"):
        answer = await site.http.post(path, json={"namespace": "hiring", "name": "ada"}, headers=headers)
    else:
        answer = await site.http.get(path, headers=headers)
    problem = answer.json()
    return answer.status_code, problem.get("type", "").rsplit("/", 1)[-1], problem.get("detail", "")


async def test_no_token_and_a_bad_token(site: Any) -> None:
    answer = await site.http.get(ASSIGNMENT)
    assert (answer.status_code, answer.json()["type"]) == (401, "https://parley.dev/problems/unauthenticated")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert (await ask(site, "nonsense"))[:2] == (401, "unauthenticated")


@pytest.mark.parametrize("audience", ["parley", "https://kubernetes.default.svc"])
async def test_a_token_of_another_audience(site: Any, audience: str) -> None:
    running = await site.interview("ada")
    status, slug, detail = await ask(site, await site.bot_token(running.pod, audience=audience))
    assert (status, slug) == (401, "unauthenticated")
    assert "'parley-api'" in detail


async def test_a_token_of_another_service_account(site: Any) -> None:
    await site.interview("ada")
    token = await site.token(site.bots, "someone-else", audiences=["parley-api"])
    status, slug, detail = await ask(site, token)
    assert (status, slug) == (403, "forbidden")
    assert f"system:serviceaccount:{site.bots}:someone-else" in detail


async def test_the_same_account_name_in_another_namespace(site: Any) -> None:
    token = await site.token(site.settings.namespace, "parley-bot", audiences=["parley-api"])
    assert (await ask(site, token))[:2] == (403, "forbidden")


async def test_a_token_that_is_bound_to_no_pod(site: Any) -> None:
    token = await site.token(site.bots, "parley-bot", audiences=["parley-api"])
    status, slug, detail = await ask(site, token)
    assert (status, slug) == (403, "forbidden")
    assert "bound to no pod" in detail


async def test_a_token_of_another_pod(site: Any) -> None:
    running = await site.interview("ada")
    labels = {"parley.dev/interview-uid": running.ref.uid, "parley.dev/attempt": "1"}
    plain, labelled = await site.make_pod("plain"), await site.make_pod("labelled", labels=labels)
    for pod in (plain, labelled):
        status, slug, detail = await ask(site, await site.bot_token(pod))
        assert (status, slug) == (403, "forbidden")
        assert f"{pod.metadata.name} is no interview's bot" in detail


async def test_a_pod_that_claims_another_interviews_label(site: Any) -> None:
    ada, eve = await site.interview("ada"), await site.interview("eve")
    secret = await site.core.read_namespaced_secret(eve.child, site.bots)
    owner = {"apiVersion": "v1", "kind": "Secret", "name": eve.child, "uid": secret.metadata.uid, "controller": True}
    labels = {"parley.dev/interview-uid": ada.ref.uid, "parley.dev/attempt": "1"}
    pod = await site.make_pod("claims", labels=labels, ownerReferences=[owner])
    assert (await ask(site, await site.bot_token(pod)))[:2] == (403, "forbidden")


async def test_a_token_dies_with_its_pod(site: Any) -> None:
    running = await site.interview("ada")
    token = await site.bot_token(running.pod)
    await site.core.delete_namespaced_pod(running.pod.metadata.name, site.bots, grace_period_seconds=0)
    status, _, _ = await ask(site, token)
    assert status in (401, 403)


async def test_a_token_of_a_pod_that_died_after_it_was_reviewed(site: Any) -> None:
    running = await site.interview("ada")
    token = await site.bot_token(running.pod)
    headers = {"Authorization": f"Bearer {token}"}
    assert (await site.http.get(ASSIGNMENT, headers=headers)).status_code == 200
    await site.core.delete_namespaced_pod(running.pod.metadata.name, site.bots, grace_period_seconds=0)
    status, slug, detail = await ask(site, token)
    assert (status, slug) == (403, "forbidden")
    assert "is gone" in detail


async def test_a_bot_whose_inputs_are_gone(site: Any) -> None:
    running = await site.interview("ada")
    await site.core.delete_namespaced_secret(running.child, site.bots)
    status, slug, detail = await ask(site, await site.bot_token(running.pod))
    assert (status, slug) == (403, "forbidden")
    assert "inputs are gone" in detail


async def test_inputs_of_another_version_are_an_error_that_says_so(site: Any) -> None:
    running = await site.interview("ada")
    body = {"data": {"inputs.json": "eyJub3QiOiAiaW5wdXRzIn0="}}
    await site.core.patch_namespaced_secret(running.child, site.bots, body)
    status, slug, detail = await ask(site, await site.bot_token(running.pod))
    assert (status, slug) == (500, "inputs-unreadable")
    assert running.child in detail


@pytest.mark.parametrize("verb", ["seal", "erase"])
async def test_the_operators_paths_are_the_operators(site: Any, verb: str) -> None:
    running = await site.interview("ada")
    path = f"/internal/v1/interviews/{running.ref.uid}/{verb}"
    status, slug, detail = await ask(site, await site.bot_token(running.pod), path)
    assert (status, slug) == (403, "forbidden")
    assert f"system:serviceaccount:{site.settings.namespace}:parley-operator" in detail
    elsewhere = await site.token(site.bots, "parley-operator", audiences=["parley-api"])
    assert (await ask(site, elsewhere, path))[:2] == (403, "forbidden")
    people = await site.token(site.settings.namespace, "parley-operator", audiences=["parley"])
    assert (await ask(site, people, path))[:2] == (401, "unauthenticated")
    assert (await site.http.post(path, json={"namespace": "a", "name": "b"})).status_code == 401


async def test_the_operator_is_no_bot(site: Any) -> None:
    assert (await ask(site, await site.operator_token()))[:2] == (403, "forbidden")
