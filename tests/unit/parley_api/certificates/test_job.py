"""The Job while the CA is changed, by the documents that it reads and writes."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from parley_api.certificates.issue import Pair, make_ca
from parley_api.certificates.job import ensure_all
from parley_api.certificates.settings import Settings, WantedCertificate
from parley_api.kube import core_path
from support.kube_stub import KubeStub, always, body_of, kube_stub

NOW = datetime.now(UTC)
NAMES = ["parley-api-internal.parley.svc"]
SETTINGS = Settings(
    namespace="parley",
    bots_namespace="parley-bots",
    certificates=[WantedCertificate(secret="parley-api-tls", dns_names=NAMES)],
    link_key_secret="parley-link-key",
)


def secret(name: str, **data: bytes) -> dict[str, Any]:
    encoded = {key.replace("_", "."): base64.b64encode(value).decode() for key, value in data.items()}
    return {"kind": "Secret", "metadata": {"name": name, "namespace": "parley"}, "data": encoded}


def creations(stub: KubeStub, path: str) -> list[dict[str, Any]]:
    """Has the path take what is created, and keeps it."""
    taken: list[dict[str, Any]] = []

    async def create(request: web.Request) -> web.StreamResponse:
        taken.append(await body_of(request))
        return web.json_response(taken[-1])

    stub.answers[path] = create
    return taken


@pytest.mark.parametrize("turn", ["announced", "switched"])
async def test_all_of_the_secrets_certificates_are_told_and_the_first_one_issues(turn: str) -> None:
    old, new = make_ca("old", NOW), make_ca("new", NOW)
    issuer, other = (old, new) if turn == "announced" else (new, old)
    both = issuer.certificate_pem + other.certificate_pem
    missing = always({"kind": "Status", "reason": "NotFound"}, 404)
    async with kube_stub() as stub:
        secrets = core_path("secrets", "parley")
        stub.answers[f"{secrets}/parley-internal-ca"] = always(secret("ca", ca_crt=both, ca_key=issuer.key_pem))
        stub.answers[f"{secrets}/parley-link-key"] = always(secret("link", key=b"k" * 32))
        stub.answers[f"{secrets}/parley-api-tls"] = missing
        made = creations(stub, secrets)
        told = []
        for namespace in ("parley", "parley-bots"):
            path = core_path("configmaps", namespace)
            stub.answers[f"{path}/parley-internal-ca"] = missing
            told.append(creations(stub, path))
        await ensure_all(stub.kube, SETTINGS, NOW)
    for (config_map,) in told:
        assert config_map["data"] == {"ca.crt": both.decode()}
    (leaf,) = made
    certificate, key = (base64.b64decode(leaf["data"][name]) for name in ("tls.crt", "tls.key"))
    Pair.parse(certificate, key).certificate.verify_directly_issued_by(issuer.certificate)


async def test_a_links_key_that_somebody_else_brings_is_not_looked_at() -> None:
    """External Secrets' comes when it comes; one made meanwhile would sign links that its own does not open."""
    ca = make_ca("ca", NOW)
    settings = SETTINGS.model_copy(update={"link_key_secret": None, "certificates": []})
    missing = always({"kind": "Status", "reason": "NotFound"}, 404)
    async with kube_stub() as stub:
        path = core_path("secrets", "parley")
        stub.answers[f"{path}/parley-internal-ca"] = always(secret("ca", ca_crt=ca.certificate_pem, ca_key=ca.key_pem))
        stub.answers[f"{path}/parley-link-key"] = missing
        made = creations(stub, path)
        for namespace in ("parley", "parley-bots"):
            maps = core_path("configmaps", namespace)
            stub.answers[f"{maps}/parley-internal-ca"] = missing
            creations(stub, maps)
        await ensure_all(stub.kube, settings, NOW)
    assert made == []
