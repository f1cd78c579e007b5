"""What a name remembers of an Interview that its TTL removed, for the operator's plan: the tombstone, as stored."""

import json
from dataclasses import dataclass
from typing import Any

from parley_operator.actions import RemoveTombstone, WriteTombstone
from parley_operator.tombstones import Tombstone, tombstone_of

from support.operator_bots import BotsNamespace


@dataclass
class Remains(BotsNamespace):
    """The tombstone of one Interview's name, beside what is in the bots' namespace."""

    tombstone: dict[str, Any] | None = None

    def perform_on_tombstone(self, action: WriteTombstone | RemoveTombstone) -> None:
        """Takes an action as the API server would; a name that is taken is success, as for the shell."""
        match action:
            case WriteTombstone(manifest):
                if self.tombstone is None:
                    stored: dict[str, Any] = json.loads(json.dumps(manifest))
                    self.tombstone = {**stored, "metadata": {**stored["metadata"], "uid": f"t-{next(self.numbers)}"}}
            case RemoveTombstone(uid):
                if self.tombstone is not None and self.tombstone["metadata"]["uid"] == uid:
                    self.tombstone = None

    def found_tombstone(self, installation: str, interview_name: str) -> Tombstone | None:
        """The tombstone as the shell reads it."""
        return None if self.tombstone is None else tombstone_of(installation, interview_name, self.tombstone)
