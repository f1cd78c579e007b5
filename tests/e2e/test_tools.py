"""A template's own tool: a webhook in the company's network, with a certificate by the company's CA."""

import base64
from pathlib import Path

from support.certificates import Authority
from support.cluster import Cluster, Hiring, Json
from support.speech import ANSWERS, candidate, said_by
from support.wait import until

SCRIPT = Path(__file__).parent / "in_image/webhook.py"
QUESTION = "What is the salary range of this job?"
KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def tool(namespace: str) -> Json:
    return {
        "name": "salary_range",
        "description": "Look up the salary range of the job.",
        "inputSchema": {"type": "object", "properties": {"question": {"type": "string"}}, "required": ["question"]},
        "outputSchema": {"type": "object", "properties": {"range": {"type": "string"}}, "required": ["range"]},
        "webhook": {"url": f"https://tools.{namespace}.svc/salary", "secretRef": {"name": "tools", "key": "salary"}},
    }


def webhook(cluster: Cluster, namespace: str, folder: Path) -> list[Json]:
    """The webhook's pod, service and files; its certificate is by the CA that the API is told to trust."""
    ca = (cluster.get("secret", "parley-internal-ca", "parley") or {})["data"]
    authority = Authority.existing(folder, *(base64.b64decode(ca[name]) for name in ("ca.crt", "ca.key")))
    certificate, key = authority.server("tools", f"tools.{namespace}.svc")
    files = {"webhook.py": SCRIPT, "tls.crt": certificate, "tls.key": key}
    deployment = cluster.get("deployment", "parley-nova", "parley")
    assert deployment, "the emulators are not installed"
    emulator = deployment["spec"]["template"]["spec"]["containers"][0]
    metadata: Json = {"name": "tools", "namespace": namespace}
    return [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": metadata | {"labels": {"parley.dev/readable": "true"}},
            "stringData": {"salary": KEY},
        },
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": metadata | {"name": "tools-files"},
            "stringData": {name: path.read_text() for name, path in files.items()},
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": metadata,
            "spec": {"selector": {"app": "tools"}, "ports": [{"port": 443, "targetPort": 8443}]},
        },
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": metadata | {"labels": {"app": "tools"}},
            "spec": {
                "terminationGracePeriodSeconds": 1,
                "containers": [
                    {
                        "name": "webhook",
                        "image": emulator["image"],
                        "imagePullPolicy": emulator["imagePullPolicy"],
                        "command": ["python", "/srv/webhook.py"],
                        "env": [{"name": "KEY", "value": KEY}],
                        "readinessProbe": {"tcpSocket": {"port": 8443}, "periodSeconds": 1},
                        "volumeMounts": [{"name": "files", "mountPath": "/srv"}],
                    }
                ],
                "volumes": [{"name": "files", "secret": {"secretName": "tools-files"}}],
            },
        },
    ]


def test_a_tool_of_the_templates_own_is_looked_up_in_the_companys_network(hiring: Hiring, tmp_path: Path) -> None:
    cluster, namespace = hiring.cluster, hiring.namespace
    cluster.apply(*webhook(cluster, namespace, tmp_path))
    cluster.kubectl("wait", "pod/tools", "-n", namespace, "--for=condition=Ready", "--timeout=60s")
    cluster.apply(hiring.template(tools=[tool(namespace)]), hiring.interview("ada"))
    uid = hiring.uid("ada")
    with candidate(hiring.link("ada"), [QUESTION, *ANSWERS], tmp_path) as talk:
        talk.finish()
    hiring.wait_phase("ada", "Completed", seconds=60)

    transcript = hiring.transcript(uid)
    assert "sixty to eighty thousand" in said_by(transcript, "interviewer").lower()
    calls = [(call["name"], call["outcome"]) for call in transcript["toolCalls"] if call["name"] == "salary_range"]
    assert calls == [("salary_range", "ok")]
    log = until("the webhook tells of its call", lambda: cluster.kubectl("logs", "tools", "-n", namespace), 10)
    assert log.count("called salary_range") == 1
    told = cluster.kubectl("logs", "deployment/parley-api", "-n", "parley", "--since=5m")
    assert KEY.removeprefix("whsec_") not in told, "keys are nobody's to read"
