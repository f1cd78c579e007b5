"""A port of the cluster's inside, by kubectl's port-forward."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from support.cluster import Cluster


@contextmanager
def forwarded(cluster: Cluster, target: str, namespace: str, port: int) -> Iterator[int]:
    """The port of 127.0.0.1 by which this one of a pod or Service is reached in the block.

    Raises:
        AssertionError: kubectl did not say which.
    """
    command = ["kubectl", "port-forward", "-n", namespace, target, f":{port}"]
    forward = subprocess.Popen(command, env=cluster.environment, stdout=subprocess.PIPE, text=True)
    try:
        assert forward.stdout
        said = re.search(r":(\d+) ->", forward.stdout.readline())
        assert said
        yield int(said[1])
    finally:
        forward.terminate()
        forward.wait(timeout=10)
