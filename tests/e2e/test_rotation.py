"""Keys are changed without an interview lost, by the very commands of docs/operations/rotation.md."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from support.cluster import API, BOTS, ROOT, Cluster, Hiring
from support.release import RELEASE, conversation, require_whole, served_certificate
from support.speech import ANSWERS, candidate
from support.wait import until

# A conversation of a minute or two, and programs and Jobs that begin.
pytestmark = [pytest.mark.alone, pytest.mark.timeout(900)]
PAGE = ROOT / "docs/operations/rotation.md"
_DONE = "<done>"


def commands(heading: str) -> list[str]:
    """The commands of a section of the page, block by block."""
    section = PAGE.read_text().split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```$", section, re.DOTALL | re.MULTILINE)
    return [block.replace("-n NS ", f"-n {RELEASE} ").replace("-n BOTS ", f"-n {BOTS} ") for block in blocks]


class Shell:
    """A shell that is given the page's commands one after the other, as by the person on call."""

    def __init__(self, program: "subprocess.Popen[str]") -> None:
        self._program = program

    @staticmethod
    @contextmanager
    def open(cluster: Cluster, folder: Path) -> Iterator["Shell"]:
        """A shell that ends with the block, or with the first command that fails."""
        program = subprocess.Popen(
            ["bash", "-euo", "pipefail"],
            cwd=folder,
            env=cluster.environment | {"TMPDIR": str(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield Shell(program)
        finally:
            program.kill()
            program.wait(10)

    def run(self, step: str) -> None:
        """Give commands, and wait until they have succeeded."""
        assert self._program.stdin
        assert self._program.stdout
        # `-e` does not end a shell for what fails within an `&&` list.
        self._program.stdin.write(f'{step}\necho "{_DONE} $?"\n')
        self._program.stdin.flush()
        said = []
        for line in self._program.stdout:
            if line.startswith(_DONE):
                assert line.strip() == f"{_DONE} 0", f"{step}\nfailed:\n{''.join(said)}"
                return
            said.append(line)
        raise AssertionError(f"{step}\nended the shell:\n{''.join(said)}")


def link_is_good(token: str) -> bool:
    """Whether the API takes a candidate's link."""
    answer = httpx.get(f"{API}/join/v1/interview", headers={"Authorization": f"Bearer {token}"}, timeout=10)
    assert answer.status_code in (200, 401), answer.text
    return answer.status_code == 200


def restart_what_knows_the_ca(cluster: Cluster, *names: str) -> None:
    """Start anew what reads the inside's CA, or a certificate of it, only then: here it is more than the inside's."""
    for name in names:
        cluster.kubectl("rollout", "restart", f"deployment/{name}", "-n", RELEASE)
    for name in names:
        cluster.kubectl("rollout", "status", f"deployment/{name}", "-n", RELEASE, "--timeout=150s")


def test_a_new_key_of_the_links_loses_no_interview(hiring: Hiring, tmp_path: Path) -> None:
    steps, _, end = commands("The links' key")
    *_, announce, switch, _ = steps.rstrip().splitlines()
    definitions = steps[: steps.index(announce)]
    *_, drop = end.rstrip().splitlines()
    # A spare answer for each time that one is cut off and asked for again.
    with Shell.open(hiring.cluster, tmp_path) as shell:
        with conversation(hiring, tmp_path, [*ANSWERS, *ANSWERS[-1:] * 3]) as finish:
            hiring.cluster.apply(hiring.template("patient", start="OnArrival"), hiring.interview("later", "patient"))
            hiring.wait_phase("later", "Open")
            former = hiring.token("later")
            shell.run(definitions)
            shell.run(announce)
            assert hiring.phase("ada") == "InProgress", "while they talk"
            shell.run(switch)
            until("a link of the new key", lambda: hiring.token("later") != former, 60)
            assert link_is_good(former), "it is out"
            assert link_is_good(hiring.token("later"))
            transcript = finish()
        require_whole(hiring, transcript)
        shell.run(drop)
    assert not link_is_good(former)
    assert link_is_good(hiring.token("later"))


def test_a_new_ca_of_the_inside_loses_no_interview(hiring: Hiring, tmp_path: Path) -> None:
    steps, second = commands("The inside's CA")
    *_, announce = steps.rstrip().splitlines()
    *_, switch = second.rstrip().splitlines()
    cluster = hiring.cluster
    with Shell.open(cluster, tmp_path) as shell:
        shell.run(steps[: steps.index(announce)])
        shell.run(announce)
        cluster.apply(hiring.template(), hiring.interview("ada"))
        hiring.wait_phase("ada", "Ready")
        former = served_certificate(cluster)
        shell.run(switch)
        until("the API serves a certificate of the new CA", lambda: served_certificate(cluster) != former, 180)
        with candidate(hiring.link("ada"), ANSWERS, tmp_path) as talk:
            print(talk.finish())
        hiring.wait_phase("ada", "Completed", seconds=60)
        require_whole(hiring, hiring.transcript(hiring.uid("ada")))
        shell.run("put new.key new.crt")
        # The emulators show certificates of it, and it is the CA of the tools' webhooks, too.
        restart_what_knows_the_ca(cluster, "parley-nova", "parley-daily", "parley-api")
        trusted = cluster.get("configmap", "parley-internal-ca", BOTS)
        assert trusted
        (new,) = tmp_path.glob("*/new.crt")
        assert trusted["data"]["ca.crt"].strip() == new.read_text().strip()
