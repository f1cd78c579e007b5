"""The kubeconfig, read as kubectl reads it: which API server, as whom, in which namespace."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubernetes import client as untyped_client
from kubernetes import config as untyped_config
from kubernetes.config.config_exception import ConfigException

from parley_cli.cluster.kube import Kube
from parley_cli.errors import CliError

# The package claims to be typed, but its generated part takes what its annotations do not name.
client: Any = untyped_client
config: Any = untyped_config
DEFAULT_NAMESPACE = "default"
_POD_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


@dataclass(frozen=True)
class Connection:
    """The cluster to talk to, and the namespace that a command means where it names none."""

    kube: Kube
    namespace: str


def connect(kubeconfig: str | None, context: str | None, namespace: str | None) -> Connection:
    """Read the configuration; nothing is sent yet. Without a kubeconfig a pod's own account is used.

    Raises:
        CliError: there is no configuration, it can't be read, or it has no such context.
    """
    configuration = client.Configuration()
    try:
        config.load_kube_config(
            config_file=kubeconfig, context=context, client_configuration=configuration, persist_config=False
        )
        default = _context_namespace(kubeconfig, context)
    except (ConfigException, OSError, ValueError, TypeError, KeyError) as error:
        if kubeconfig or context or not _in_cluster(configuration):
            raise CliError(_unusable(error)) from error
        default = _POD_NAMESPACE.read_text().strip()
    # Trying again is this program's own: urllib3 would do it without a pause, and for writes too.
    configuration.retries = False
    return Connection(Kube(client.ApiClient(configuration)), namespace or default)


def namespace_of(contexts: list[Mapping[str, Any]], active: Mapping[str, Any], context: str | None) -> str:
    """The namespace of the named context, of the active one without a name."""
    chosen = next((each for each in contexts if each["name"] == context), active) if context else active
    return str((chosen.get("context") or {}).get("namespace") or DEFAULT_NAMESPACE)


def _context_namespace(kubeconfig: str | None, context: str | None) -> str:
    contexts, active = config.list_kube_config_contexts(kubeconfig)
    return namespace_of(contexts, active, context)


def _in_cluster(configuration: Any) -> bool:
    try:
        config.load_incluster_config(client_configuration=configuration)
    except ConfigException:
        return False
    return True


def _unusable(error: Exception) -> str:
    words = " ".join(str(error).split()) or type(error).__name__
    return f"no usable kubeconfig: {words}. Name one by --kubeconfig or KUBECONFIG, and a context of it by --context"
