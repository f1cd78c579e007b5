"""The programs' starts and ends, as an operator of theirs sees them."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from support.certificates import Authority
from support.processes import free_ports
from support.wait import until


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *arguments]
    env = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")} | environment
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=env)


def nova_environment(authority: Authority, **changed: str) -> dict[str, str]:
    cert_file, key_file = authority.server("program", "localhost")
    environment = {"CERT_FILE": str(cert_file), "KEY_FILE": str(key_file), "ACCESS_KEY_ID": "a", "HOST": "127.0.0.1"}
    environment |= {"SECRET_ACCESS_KEY": "s", "PORT": "0", "CONTROL_PORT": "0"} | changed
    return {f"PARLEY_NOVA_{name}": value for name, value in environment.items()}


def test_without_arguments_it_tells_what_it_can_do() -> None:
    answer = run("parley_emulators")
    assert answer.returncode == 2
    assert answer.stderr.startswith("usage: python -m parley_emulators nova|daily")


def test_missing_settings_are_named_in_one_line() -> None:
    answer = run("parley_emulators", "nova", PARLEY_NOVA_PORT="many")
    assert answer.returncode == 2
    assert answer.stderr.count("\n") == 1
    for name in ("PORT", "CERT_FILE", "KEY_FILE", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        assert f"PARLEY_NOVA_{name}: " in answer.stderr
    assert "PARLEY_DAILY_API_KEY: Field required" in run("parley_emulators", "daily").stderr


def test_a_certificate_that_is_not_there_is_named(authority: Authority, tmp_path: Path) -> None:
    missing = str(tmp_path / "no.crt")
    environment = nova_environment(authority, CERT_FILE=missing)
    answer = run("parley_emulators", "nova", **environment)
    assert answer.returncode == 1
    key_file = environment["PARLEY_NOVA_KEY_FILE"]
    assert answer.stderr == f"cannot start: cannot use {missing} with {key_file}: No such file or directory\n"


def test_a_port_that_is_taken_is_named(authority: Authority) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        answer = run("parley_emulators", "nova", **nova_environment(authority, PORT=str(port)))
    assert answer.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in answer.stderr


@pytest.mark.parametrize("program", ["nova", "daily"])
def test_it_gets_ready_and_ends_when_told(authority: Authority, program: str) -> None:
    port, control = free_ports(2)
    environment = {
        "nova": nova_environment(authority, PORT=str(port), CONTROL_PORT=str(control)),
        "daily": {
            "PARLEY_DAILY_API_KEY": "k",
            "PARLEY_DAILY_HOST": "127.0.0.1",
            "PARLEY_DAILY_PORT": str(port),
            "PARLEY_DAILY_CONTROL_PORT": str(control),
        },
    }[program]
    process = subprocess.Popen([sys.executable, "-m", "parley_emulators", program], env=os.environ | environment)
    try:
        until(f"{program} is ready", lambda: ready(control), 60)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    finally:
        process.kill()
        process.wait()


def ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
    except httpx.TransportError:
        return False
