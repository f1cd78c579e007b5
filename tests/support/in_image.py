"""A script of the tests, run by the bot's image in a pod like a bot's."""

import json
import secrets
from pathlib import Path

from support.cluster import BOTS, Cluster, Json
from support.wait import until

FOLDER = "/opt/e2e"


def run_in_bot_image(cluster: Cluster, script: Path, *arguments: str, seconds: float = 90) -> str:
    """What the script printed, by the installed bot image with the environment and the restrictions of a bot.

    Raises:
        AssertionError: it failed; with what it printed.
        TimeoutError: it did not end in time.
    """
    name = f"e2e-{script.stem.replace('_', '-')}-{secrets.token_hex(3)}"
    source = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": BOTS}}
    cluster.apply(source | {"data": {script.name: script.read_text()}}, _pod(cluster, name, script.name, arguments))
    try:
        phase = until(f"{name} has ended", lambda: _ended(cluster, name), seconds)
    finally:
        printed = cluster.run("kubectl", "logs", "-n", BOTS, name, check=False).stdout
        cluster.delete("pod", name, BOTS, "--grace-period=1", "--wait=false")
        cluster.delete("configmap", name, BOTS)
        print(printed)
    assert phase == "Succeeded", printed
    return printed


def _ended(cluster: Cluster, name: str) -> str | None:
    phase = (cluster.get("pod", name, BOTS) or {}).get("status", {}).get("phase")
    return phase if phase in ("Succeeded", "Failed") else None


def _pod(cluster: Cluster, name: str, file: str, arguments: tuple[str, ...]) -> Json:
    defaults_of = cluster.get("configmap", "parley-bot-defaults", "parley")
    assert defaults_of, "Parley is not installed"
    defaults: Json = json.loads(defaults_of["data"]["defaults.json"])
    container = {
        "name": "bot",
        "image": defaults["image"],
        "imagePullPolicy": defaults["imagePullPolicy"],
        "command": ["python", f"{FOLDER}/{file}", *arguments],
        "env": [*defaults["env"], {"name": "PARLEY_CA_FILE", "value": "/etc/parley/ca/ca.crt"}],
        "resources": defaults["resources"],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "tmp", "mountPath": "/tmp"},
            {"name": "ca", "mountPath": "/etc/parley/ca", "readOnly": True},
            {"name": "script", "mountPath": FOLDER, "readOnly": True},
        ],
    }
    spec = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "serviceAccountName": defaults["serviceAccountName"],
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "runAsGroup": 10001,
            "fsGroup": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "volumes": [
            {"name": "tmp", "emptyDir": {}},
            {"name": "ca", "configMap": {"name": "parley-internal-ca"}},
            {"name": "script", "configMap": {"name": name}},
        ],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": BOTS}, "spec": spec}
