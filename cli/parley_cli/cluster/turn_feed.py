"""The turns of an interview, followed beside the main thread for as long as the API tells of them."""

import json
import random
import threading
from collections.abc import Callable

from parley_cli.cluster.parley_api import ParleyApi
from parley_cli.errors import CliError
from parley_cli.turns import Turns

TRIES = 5
"""How often it may fail in a row before it is given up."""
PAUSE_SECONDS = 1.0


class TurnFeed:
    """Reads the stream of events in a thread; what it has read is a snapshot to look at.

    Each connection has a token of its own, so that the token's ten minutes bound a connection alone.
    """

    def __init__(self, open_api: Callable[[], ParleyApi], namespace: str, name: str) -> None:
        self._open, self._namespace, self._name = open_api, namespace, name
        self._turns = Turns()
        self._trouble = ""
        self._last_id = ""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="turns", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Wait for the stream's end for so long, and read no more."""
        self._thread.join(seconds)
        self._stopping.set()

    @property
    def turns(self) -> Turns:
        """What was read until now."""
        return self._turns

    @property
    def trouble(self) -> str:
        """Why nothing is read; empty while all is well."""
        return self._trouble

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set() and failures < TRIES:
            before = self._last_id
            try:
                if self._read():
                    return
                self._trouble = ""
            except CliError as error:
                self._trouble = f"turns are not shown: {error}"
            failures = 0 if self._last_id != before else failures + 1
            self._stopping.wait(PAUSE_SECONDS * 2**failures * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, no secret

    def _read(self) -> bool:
        """Read one connection to its end; whether the interview is over. Raises CliError."""
        with self._open() as api:
            for event in api.events(self._namespace, self._name, self._last_id):
                self._trouble = ""
                if event.kind == "end" or self._stopping.is_set():
                    return True
                if event.kind == "turn":
                    self._hear(event.data)
                self._last_id = event.id or self._last_id
        return False

    def _hear(self, data: str) -> None:
        try:
            stored = json.loads(data)
        except ValueError as error:
            raise CliError("Parley's API sent a turn that is no JSON") from error
        if isinstance(stored, dict):
            self._turns = self._turns.heard(stored)
