"""Programs beside a test: started with a log, gone when the test run is gone, however it ended."""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_libc = ctypes.CDLL(None, use_errno=True)


def tools() -> Path:
    """The folder of what `cluster/parley-cluster tools` builds: $PARLEY_TOOLS, or in the project's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "parley"
    return Path(os.environ.get("PARLEY_TOOLS") or Path(os.environ.get("PARLEY_CACHE") or cache) / "bin")


def tool(name: str) -> str:
    """The path of a tool that `cluster/parley-cluster tools` builds.

    Raises:
        FileNotFoundError: it is not there; the message says how to get it.
    """
    found = shutil.which(name, path=str(tools()))
    if found is None:
        raise FileNotFoundError(f"{name} is not in {tools()}: run `cluster/parley-cluster tools`, or set PARLEY_TOOLS")
    return found


def free_ports(count: int) -> list[int]:
    """Ports of the loopback interface that nobody listens on, all different."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]
    finally:
        for one in sockets:
            one.close()


class Program:
    """A child that the kernel kills when this process dies, also by SIGKILL."""

    def __init__(self, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> None:
        self.name = Path(command[0]).name
        self._command = command
        self._log = log
        self._env = env
        log.unlink(missing_ok=True)
        self._process = self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as output:
            return subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=None if self._env is None else {**os.environ, **self._env},
                preexec_fn=_die_with(os.getpid()),
            )

    def start_again(self) -> None:
        """Start one that has ended; its log goes on."""
        assert not self.running
        self._process = self._started()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    @property
    def output(self) -> str:
        """All that it has printed."""
        return self._log.read_text(errors="replace")

    def require_alive(self) -> None:
        """Raise RuntimeError with the end of the log when the program has ended."""
        code = self._process.poll()
        if code is not None:
            tail = self._log.read_text(errors="replace")[-4000:]
            raise RuntimeError(f"{self.name} ended with {code}; the end of {self._log}:\n{tail}")

    def terminate(self) -> None:
        """Ask it to end, and do not wait."""
        self._process.terminate()

    def send(self, signal_number: int) -> None:
        """Send it a signal."""
        self._process.send_signal(signal_number)

    def exit_code(self, seconds: float) -> int:
        """Wait until it has ended; subprocess.TimeoutExpired when it has not."""
        return self._process.wait(seconds)

    def kill(self) -> None:
        """End it as a crash would, and wait until it is gone."""
        self._process.kill()
        self._process.wait(30)

    def stop(self) -> None:
        """End it in order; after ten seconds, by force."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()


def _die_with(parent: int) -> Callable[[], None]:
    def prepare() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # the parent died before the kernel knew what to do then
            os._exit(1)

    return prepare
