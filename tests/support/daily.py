"""Daily's emulator as the chart installs it, seen through its control port."""

import json
from dataclasses import dataclass

from support.cluster import Cluster, Json

CONTROL = "/api/v1/namespaces/parley/services/parley-daily:control/proxy"


@dataclass(frozen=True)
class DailyEmulator:
    """What there is at Daily."""

    cluster: Cluster

    def rooms(self) -> dict[str, Json]:
        """The rooms by name, each with its `privacy`, `config` and `participants`."""
        rooms: list[Json] = json.loads(self.cluster.kubectl("get", "--raw", f"{CONTROL}/rooms"))
        return {room["name"]: room for room in rooms}
