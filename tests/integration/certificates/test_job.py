"""The Job on a real API server, run as its own service account with the chart's rights and no more."""

import asyncio
import base64
import json
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from kubernetes.aio import client as untyped_client
from support.chart import render, rights
from support.control_plane import ControlPlane

client: Any = untyped_client

CA, LINK = "parley-internal-ca", "parley-link-key"
WANTED = [
    {"secret": "parley-api-tls", "dnsNames": ["parley-api-internal.parley.svc"]},
    {"secret": "parley-nova-tls", "dnsNames": ["parley-nova.parley.svc", "parley-nova"]},
]
SECRETS = [CA, LINK, "parley-api-tls", "parley-nova-tls"]


@dataclass(frozen=True)
class Bench:
    """Two namespaces, and the Job's environment."""

    core: Any
    release: str
    bots: str
    env: dict[str, str]

    async def run(self, wanted: list[dict[str, Any]] | str = WANTED) -> tuple[int, str]:
        text = wanted if isinstance(wanted, str) else json.dumps(wanted)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "parley_api.certificates",
            env={**os.environ, **self.env, "PARLEY_CERTIFICATES": text},
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        _, errors = await process.communicate()
        assert process.returncode is not None
        return process.returncode, errors.decode()

    async def secret(self, name: str) -> dict[str, bytes]:
        found = await self.core.read_namespaced_secret(name, self.release)
        return {key: base64.b64decode(value) for key, value in found.data.items()}

    async def ca_of(self, namespace: str) -> str:
        return str((await self.core.read_namespaced_config_map(CA, namespace)).data["ca.crt"])

    async def versions(self) -> list[str]:
        found = [await self.core.read_namespaced_secret(name, self.release) for name in SECRETS]
        found += [await self.core.read_namespaced_config_map(CA, name) for name in (self.release, self.bots)]
        return [one.metadata.resource_version for one in found]


@pytest.fixture
async def bench(
    control_plane: ControlPlane,
    namespace: str,
    api_client: Any,
    service_account_token: Callable[..., Awaitable[str]],
) -> Bench:
    core = client.CoreV1Api(api_client)
    bots = f"{namespace}-bots"
    await core.create_namespace({"metadata": {"name": bots}})
    chart = render(namespace, f"bots.namespace={bots}", "emulators.nova.enabled=true")
    granted = {"apiVersion": "v1", "kind": "List", "items": rights(chart, "parley-certificates")}
    control_plane.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(granted))
    token = await service_account_token(namespace, "parley-certificates")
    env = {
        "KUBECONFIG": str(control_plane.kubeconfig_of(token)),
        "PARLEY_NAMESPACE": namespace,
        "PARLEY_BOTS_NAMESPACE": bots,
        "PARLEY_LINK_KEY_SECRET": LINK,
    }
    return Bench(core, namespace, bots, env)


async def test_two_jobs_at_once_agree_and_a_third_changes_nothing(bench: Bench) -> None:
    results = await asyncio.gather(bench.run(), bench.run())
    assert [code for code, _ in results] == [0, 0], results
    ca = await bench.secret(CA)
    assert await bench.ca_of(bench.release) == await bench.ca_of(bench.bots) == ca["ca.crt"].decode()
    for name in ("parley-api-tls", "parley-nova-tls"):
        secret = await bench.secret(name)
        assert set(secret) == {"tls.crt", "tls.key", "ca.crt"}
        assert secret["ca.crt"] == ca["ca.crt"]
    assert len((await bench.secret(LINK))["key"]) >= 32
    before = await bench.versions()
    assert (await bench.run())[0] == 0
    assert await bench.versions() == before


async def test_what_changed_is_made_anew_and_the_rest_stays(bench: Bench) -> None:
    assert (await bench.run())[0] == 0
    api, nova, link = [await bench.secret(name) for name in ("parley-api-tls", "parley-nova-tls", LINK)]
    changed = [WANTED[0], {"secret": "parley-nova-tls", "dnsNames": ["nova.example"]}]
    code, log = await bench.run(changed)
    assert code == 0
    assert "its DNS names changed" in log
    assert await bench.secret("parley-api-tls") == api
    assert (await bench.secret("parley-nova-tls"))["tls.crt"] != nova["tls.crt"]

    await bench.core.delete_namespaced_secret(CA, bench.release)
    code, log = await bench.run(changed)
    assert code == 0
    assert "it was issued by another CA" in log
    ca = (await bench.secret(CA))["ca.crt"]
    assert (await bench.secret("parley-api-tls"))["ca.crt"] == ca
    assert await bench.ca_of(bench.bots) == ca.decode()
    assert await bench.secret(LINK) == link


async def test_a_ca_that_is_none_is_left_alone(bench: Bench) -> None:
    body = {"metadata": {"name": CA}, "data": {"ca.crt": "bm90aGluZw==", "ca.key": "bm90aGluZw=="}}
    await bench.core.create_namespaced_secret(bench.release, body)
    code, log = await bench.run()
    assert code == 1
    assert f"Secret {bench.release}/{CA}: it can't be read" in log
    assert (await bench.secret(CA))["ca.crt"] == b"nothing"


@pytest.mark.parametrize("wanted", ["nonsense", '[{"secret": "a"}]', '[{"secret": "a", "dnsNames": []}]'])
async def test_a_bad_setting_is_one_line_that_names_it(bench: Bench, wanted: str) -> None:
    code, log = await bench.run(wanted)
    assert code == 2
    assert len(log.strip().splitlines()) == 1
    assert "CERTIFICATES" in log.upper()


async def test_no_way_to_the_cluster_is_one_line_that_says_so(bench: Bench) -> None:
    lost = Bench(bench.core, bench.release, bench.bots, {**bench.env, "KUBECONFIG": "/nowhere/kubeconfig"})
    code, log = await lost.run()
    assert code == 2
    assert "Traceback" not in log
    assert log.splitlines()[-1].startswith("no way to the Kubernetes API: ")


async def test_a_missing_right_is_one_line_that_names_it(bench: Bench) -> None:
    refused = Bench(bench.core, bench.release, bench.bots, {**bench.env, "PARLEY_BOTS_NAMESPACE": "kube-system"})
    code, log = await refused.run()
    assert code == 1
    assert "configmaps" in log.splitlines()[-1]
    assert "kube-system" in log.splitlines()[-1]
