"""What the doctor looks at: plain readings of the cluster, each found, absent, or not to be known."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Document = Mapping[str, Any]

OPERATOR, API, WEB = "parley-operator", "parley-api", "parley-web"
DEPLOYMENTS = (OPERATOR, API, WEB)
SECRETS = ("parley-link-key", "parley-api-tls", "parley-internal-ca")
CA_CONFIG_MAP = "parley-internal-ca"
BOT_ACCOUNT = "parley-bot"
CLAIM = "parley-store"
LEASE = "parley-operator"
DAILY_KEY = "DAILY_API_KEY"
DEFAULT_BOTS_NAMESPACE = "parley-bots"


class State(StrEnum):
    """How a look at something ended."""

    FOUND = "found"
    ABSENT = "absent"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Reading:
    """One object that was looked for. `why` says why it is not to be known, in the API server's words."""

    state: State
    document: Document = field(default_factory=dict)
    why: str = ""


@dataclass(frozen=True)
class Right:
    """Something the caller may need the right to, and what it is for."""

    verb: str
    resource: str
    namespace: str
    purpose: str
    group: str = ""
    subresource: str = ""
    name: str = ""

    def __str__(self) -> str:
        """As a Role would say it."""
        what = f"{self.resource}/{self.subresource}" if self.subresource else self.resource
        named = f" {self.name}" if self.name else ""
        return f"{self.verb} {what}{f'.{self.group}' if self.group else ''}{named} in namespace {self.namespace}"


@dataclass(frozen=True)
class Facts:
    """All that was read.

    Args:
        everywhere: whether the lists of Interviews and templates are those of every namespace.
        lease_moves: whether the operator's Lease is renewed.
        daily: the Secret with Daily's key; absent where no program names one.
        rights: whether the caller has each; None: it could not be asked.
    """

    installation: str
    namespace: str
    everywhere: bool
    bots_namespace: str
    username: str
    account: str | None
    crds: Mapping[str, Reading]
    served: Reading
    deployments: Mapping[str, Reading]
    lease: Reading
    lease_moves: bool
    secrets: Mapping[str, Reading]
    daily: Reading
    config_maps: Mapping[str, Reading]
    bot_account: Reading
    claim: Reading
    storage_classes: Reading
    templates: Reading
    interviews: Reading
    rights: Mapping[Right, bool | None]


def environment(deployment: Reading) -> dict[str, str]:
    """The plain settings of a Deployment's first container."""
    spec = deployment.document.get("spec") or {}
    containers = ((spec.get("template") or {}).get("spec") or {}).get("containers") or [{}]
    return {each["name"]: each["value"] for each in containers[0].get("env") or [] if "value" in each}
