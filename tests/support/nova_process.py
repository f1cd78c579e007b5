"""The Nova Sonic emulator as a process of its own."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from support.certificates import Authority
from support.processes import Program, free_ports
from support.wait import until

ACCESS_KEY, SECRET_KEY = "AKIAPARLEYTESTS", "parley-tests"
SESSION_TOKEN = "parley-tests-session"
"""A role's credentials, as the bot has them on EKS, are nothing without it."""


class Nova:
    """The emulator: where it is, its control port and its process."""

    def __init__(self, url: str, control: httpx.Client, pid: int) -> None:
        self.url, self.control, self.pid = url, control, pid

    def order(self, *faults: dict[str, object]) -> None:
        """Let things go wrong."""
        self.control.put("/faults", json={"faults": list(faults)}).raise_for_status()

    def forget(self) -> None:
        """No faults, no manners, and none of the sessions that have ended."""
        for what in ("faults", "manners", "sessions"):
            self.control.delete(f"/{what}").raise_for_status()

    @property
    def sessions(self) -> list[dict[str, Any]]:
        """What its last sessions received and did, the oldest first."""
        return list(self.control.get("/sessions").raise_for_status().json())


def told_to_the_model(session: dict[str, Any]) -> list[str]:
    """All that a session was sent but sound, in the order of its sending: tools, prompt, messages, tools' results."""
    history = [message["text"] for message in session["history"]]
    later = [(message["at"], message["text"]) for message in session["interactive"]]
    later += [(call["at"], call["result"]) for call in session["tool_calls"] if call["result"] is not None]
    return [json.dumps(session["prompt_start"]), *session["system"], *history, *(text for _, text in sorted(later))]


@contextmanager
def running_nova(authority: Authority, log: Path, **settings: str) -> Iterator[Nova]:
    """The emulator, its models loaded, while the block runs; `settings` by their variables' names."""
    cert, key = authority.server(log.stem, "127.0.0.1", "localhost")
    port, control_port = free_ports(2)
    env = {
        "PARLEY_NOVA_HOST": "127.0.0.1",
        "PARLEY_NOVA_PORT": str(port),
        "PARLEY_NOVA_CONTROL_PORT": str(control_port),
        "PARLEY_NOVA_CERT_FILE": str(cert),
        "PARLEY_NOVA_KEY_FILE": str(key),
        "PARLEY_NOVA_ACCESS_KEY_ID": ACCESS_KEY,
        "PARLEY_NOVA_SECRET_ACCESS_KEY": SECRET_KEY,
        "PARLEY_NOVA_SESSION_TOKEN": SESSION_TOKEN,
        **settings,
    }
    program = Program([sys.executable, "-m", "parley_emulators", "nova"], log, env)
    with httpx.Client(base_url=f"http://127.0.0.1:{control_port}", timeout=5) as control:

        def loaded() -> bool:
            program.require_alive()
            try:
                return control.get("/readyz").status_code == 200
            except httpx.TransportError:
                return False

        try:
            until("the emulator's models are loaded", loaded, 60)
            yield Nova(f"https://127.0.0.1:{port}", control, program.pid)
        finally:
            program.stop()
