"""`python -m support.live`, with tests/ on the path: the tests on Daily and Amazon Bedrock, or what they lack.

The chart on the local cluster is given real services by values alone: the emulators go, and Secrets made from this
process's environment take their place. Afterwards the emulators are back and the Secrets are gone.
"""

import base64
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from support.cluster import BOTS, ROOT, Cluster, Json

VARIABLES = {
    "DAILY_API_KEY": "an API key of your Daily domain, from https://dashboard.daily.co/developers",
    "AWS_ACCESS_KEY_ID": (
        "an access key that may invoke amazon.nova-2-5-sonic with bidirectional streaming: "
        "AWS console, IAM, Users, Security credentials; or `aws configure export-credentials --format env`"
    ),
    "AWS_SECRET_ACCESS_KEY": "the secret that is shown when that access key is made",
}
"""What has to be set, and where it comes from. AWS_SESSION_TOKEN goes with temporary keys; AWS_REGION: us-east-1."""

DAILY_SECRET = "parley-live-daily"
MODEL_SECRET = "parley-live-model"
MISSING = 2


def missing(environment: Mapping[str, str] = os.environ) -> list[str]:
    """A line for each variable that is not set: what it is and how to get it."""
    return [f"{name} is not set: {how}" for name, how in VARIABLES.items() if not environment.get(name)]


@contextmanager
def live_installation(cluster: Cluster, environment: Mapping[str, str] = os.environ) -> Iterator[None]:
    """Parley on the real services while the block runs."""
    try:
        cluster.apply(*_secrets(environment))
        _install(*_values(environment.get("AWS_REGION") or "us-east-1"))
        yield
    finally:
        _install()
        cluster.delete("secret", DAILY_SECRET, "parley")
        cluster.delete("secret", MODEL_SECRET, BOTS)


def _secrets(environment: Mapping[str, str]) -> tuple[Json, Json]:
    session = environment.get("AWS_SESSION_TOKEN")
    keys = {name: environment[name] for name in VARIABLES if name.startswith("AWS_")}
    return (
        _secret(DAILY_SECRET, "parley", {"DAILY_API_KEY": environment["DAILY_API_KEY"]}),
        _secret(MODEL_SECRET, BOTS, keys | ({"AWS_SESSION_TOKEN": session} if session else {})),
    )


def _secret(name: str, namespace: str, data: Mapping[str, str]) -> Json:
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": encoded}


def _values(region: str) -> list[str]:
    """The values that take the real services, as options of helm."""
    values = {
        "emulators.nova.enabled": "false",
        "emulators.daily.enabled": "false",
        "rooms.default": "daily",
        "rooms.daily.existingSecret": DAILY_SECRET,
        "model.existingSecret": MODEL_SECRET,
        "model.region": region,
    }
    return [f"--set={name}={value}" for name, value in values.items()]


def _install(*options: str) -> None:
    subprocess.run(["demo/install", *options], cwd=ROOT, check=True, timeout=300)


def main() -> int:
    """Say what is missing, or set everything up and run the tests marked `live`; the answer is the exit code."""
    lines = missing()
    if lines:
        print("\n".join(["test-live talks to real services:", *lines]), file=sys.stderr)
        return MISSING
    subprocess.run(["make", "--no-print-directory", "install", "browser"], cwd=ROOT, check=True)
    tests = [sys.executable, "-m", "pytest", "tests/e2e", "-m", "live", "-s"]
    return subprocess.run(tests, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
