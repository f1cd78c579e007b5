"""The deciding parts of the shell scripts: what leaves iptables, which cluster is chosen, how a wait ends."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from support.wait import until

CLUSTER = Path(__file__).parents[3] / "cluster"
SAVED = """\
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:CNI-0a29 - [0:0]
:KUBE-SERVICES - [0:0]
:MINE - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -s 10.97.0.3/32 -m comment --comment "name: \\"parley\\"" -j CNI-0a29
-A POSTROUTING -m comment --comment "not for KUBE-SERVICES" -j MASQUERADE
-A KUBE-SERVICES -d 10.96.0.1/32 -j CNI-0a29
-A MINE -j RETURN
COMMIT
"""


def bash(script: str, cache: Path, given: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    sourced = f'set -euo pipefail\n. "{CLUSTER}/lib/base.sh"\n{script}'
    variables = {**os.environ, "PARLEY_CACHE": str(cache), **environment}
    return subprocess.run(
        ["bash", "-c", sourced], input=given, capture_output=True, text=True, env=variables, check=False
    )


def test_only_our_chains_and_the_rules_into_them_are_taken_away(tmp_path: Path) -> None:
    ours = "(KUBE|CNI|PARLEY)-[A-Za-z0-9-]+"
    script = f""". "$here/lib/firewall.sh"; chain_removal nat '{ours}' ' -j {ours}( |$)'"""
    assert bash(script, tmp_path, SAVED).stdout.splitlines() == [
        "*nat",
        '-D PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
        '-D POSTROUTING -s 10.97.0.3/32 -m comment --comment "name: \\"parley\\"" -j CNI-0a29',
        "-F CNI-0a29",
        "-F KUBE-SERVICES",
        "-X CNI-0a29",
        "-X KUBE-SERVICES",
        "COMMIT",
    ]


def test_chains_that_are_spared_stay_with_the_rules_into_them(tmp_path: Path) -> None:
    ours = "(KUBE|CNI|PARLEY)-[A-Za-z0-9-]+"
    script = f""". "$here/lib/firewall.sh"; chain_removal nat '{ours}' ' -j {ours}( |$)' 'CNI-0a29 CNI-1'"""
    assert bash(script, tmp_path, SAVED).stdout.splitlines() == [
        "*nat",
        '-D PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
        "-F KUBE-SERVICES",
        "-X KUBE-SERVICES",
        "COMMIT",
    ]


def docker_that(tmp_path: Path, answers: bool) -> str:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "docker").write_text(f"#!/bin/sh\nexit {0 if answers else 1}\n")
    (programs / "docker").chmod(0o755)
    return f"{programs}:{os.environ['PATH']}"


@pytest.mark.parametrize(
    ("chosen", "made", "docker", "expected"),
    [
        ("", "", True, "kind"),
        ("", "", False, "node"),
        ("node", "", True, "node"),
        ("", "node", True, "node"),
        ("", "kind", False, "kind"),
    ],
)
def test_the_cluster_is_the_callers_choice_then_the_present_one_then_what_can_run(
    tmp_path: Path, chosen: str, made: str, docker: bool, expected: str
) -> None:
    if made:
        (tmp_path / "cluster").write_text(made + "\n")
    path = docker_that(tmp_path, docker)
    done = bash('. "$here/lib/choose.sh"; cluster_kind', tmp_path, CLUSTER=chosen, PATH=path)
    assert done.stdout.strip() == expected


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"CLUSTER": "minikube"}, "must be kind or node"),
        ({"CLUSTER": "kind"}, "a cluster of the other kind is there"),
    ],
)
def test_a_refusal_is_one_line(tmp_path: Path, environment: dict[str, str], words: str) -> None:
    (tmp_path / "cluster").write_text("node\n")
    done = subprocess.run(
        [CLUSTER / "parley-cluster", "up"],
        capture_output=True,
        text=True,
        env={**os.environ, "PARLEY_CACHE": str(tmp_path), **environment},
        check=False,
    )
    assert done.returncode == 1
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_cache_behind_a_link_is_known_by_its_real_path(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert bash('echo "$PARLEY_CACHE"', tmp_path / "link").stdout.strip() == str(tmp_path / "real")


def test_an_attempt_ends_at_its_first_failure(tmp_path: Path) -> None:
    work = "work() { echo begun; false; echo not reached; }"
    done = bash(f'{work}; attempt work; echo "$status"; false; echo nor this', tmp_path)
    assert done.stdout.splitlines() == ["begun", "1"]


def test_a_kind_cluster_is_not_taken_for_gone_where_docker_does_not_answer(tmp_path: Path) -> None:
    (tmp_path / "cluster").write_text("kind\n")
    environment = {**os.environ, "PARLEY_CACHE": str(tmp_path), "PATH": docker_that(tmp_path, answers=False)}
    done = subprocess.run([CLUSTER / "parley-cluster", "down"], capture_output=True, text=True, env=environment)
    assert done.returncode == 1
    assert "Docker does not answer" in done.stderr
    assert (tmp_path / "cluster").exists()


@pytest.mark.parametrize(("mounted", "ours"), [("store", True), ("elsewhere", False)])
def test_a_kind_cluster_is_ours_by_the_store_that_is_in_it(tmp_path: Path, mounted: str, ours: bool) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "docker").write_text(f"#!/bin/sh\necho {tmp_path}/{mounted}\n")
    (programs / "docker").chmod(0o755)
    done = bash('. "$here/kind/main.sh"; is_ours', tmp_path, PATH=f"{programs}:{os.environ['PATH']}")
    assert (done.returncode == 0) is ours


@pytest.mark.parametrize("workers", [0, 2])
def test_every_node_of_a_kind_cluster_has_the_store(tmp_path: Path, workers: int) -> None:
    bash('. "$here/kind/main.sh"; write_kind_config', tmp_path, KIND_WORKERS=str(workers))
    nodes = yaml.safe_load((tmp_path / "kind.yaml").read_text())["nodes"]
    assert [node["role"] for node in nodes] == ["control-plane", *["worker"] * workers]
    mount = {"hostPath": f"{tmp_path}/store", "containerPath": "/var/lib/parley-store"}
    assert all(node["extraMounts"] == [mount] for node in nodes)


def test_a_number_of_workers_that_is_none_is_refused(tmp_path: Path) -> None:
    done = bash('. "$here/kind/main.sh"; cluster_up', tmp_path, KIND_WORKERS="two")
    assert done.returncode == 1
    assert "KIND_WORKERS is two" in done.stderr


@pytest.mark.parametrize(
    ("version", "fits"),
    [
        *[("0", False), ("20.18.3", False), ("20.19.0", True), ("21.7.0", False), ("22.5.1", False)],
        *[("22.12.0", True), ("23.11.0", False), ("24.0.0", True), ("26.1.0", True)],
    ],
)
def test_a_node_is_used_where_the_tools_of_the_pages_take_it(tmp_path: Path, version: str, fits: bool) -> None:
    done = bash(f'. "$here/toolchain"; node_fits {version}', tmp_path)
    assert (done.returncode == 0) is fits


def test_a_python_that_cannot_put_pip_into_an_environment_is_passed_over(tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    # Debian's python3 without python3-venv, and nobody who may fetch another.
    blind = 'import sys; sys.modules["ensurepip"] = None; exec(sys.argv[1])'
    (programs / "python3").write_text(f"#!/bin/sh\nexec {sys.executable} -c '{blind}' \"$2\"\n")
    (programs / "id").write_text("#!/bin/sh\necho 1000\n")
    for name in ("python3", "id"):
        (programs / name).chmod(0o755)
    for name in ("dirname", "readlink"):
        (programs / name).symlink_to(str(shutil.which(name)))
    script = f'PATH={programs}; . "$here/toolchain"; parley_python'
    done = bash(script, tmp_path, HOME=str(tmp_path), PYENV_ROOT=str(tmp_path))
    assert done.returncode == 1
    assert "python3-venv" in done.stderr


def test_docker_keeps_the_newest_tags_of_an_image_and_what_bears_no_tag_of_ours(tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    tags = " ".join(f"parley/api:{tag}" for tag in ("cccccccccccc", "mine", "bbbbbbbbbbbb", "aaaaaaaaaaaa"))
    (programs / "docker").write_text(
        f'#!/bin/sh\ncase "$*" in *ls*parley/api*) printf "%s\\n" {tags} ;; rmi*) echo "$*" ;; esac\n'
    )
    (programs / "docker").chmod(0o755)
    path = f"{programs}:{os.environ['PATH']}"
    done = bash('. "$here/lib/images.sh"; prune_docker 2', tmp_path, PATH=path)
    assert (done.returncode, done.stdout) == (0, "rmi parley/api:aaaaaaaaaaaa\n")


@pytest.mark.parametrize(("words", "code"), [("bot", 1), ("--of-buildah bot", 0)])
def test_what_docker_builds_is_attested_by_docker(words: str, code: int, tmp_path: Path) -> None:
    """`make test-e2e` wants an SBOM where there can be one; who asks for one is told that there can't."""
    done = bash(f'. "$here/lib/images.sh"; attest_command {words}', tmp_path, PARLEY_BUILDER="docker")
    assert done.returncode == code
    assert ("PARLEY_BUILDER=buildah" in done.stderr) == bool(code)
    assert not [*tmp_path.iterdir()]


def test_an_old_build_of_a_tool_stays_while_it_runs(tmp_path: Path) -> None:
    for name in ("new", "young", "old", "running"):
        (tmp_path / "tools/x" / name).mkdir(parents=True)
    program = shutil.copy(str(shutil.which("sleep")), tmp_path / "tools/x/running/x")
    for name in ("old", "running"):
        os.utime(tmp_path / "tools/x" / name, (1, 1))
    with subprocess.Popen([program, "60"]) as process:
        bash('. "$here/lib/tools.sh"; drop_old_builds "$PARLEY_CACHE/tools/x/new"', tmp_path)
        process.kill()
    assert sorted(path.name for path in (tmp_path / "tools/x").iterdir()) == ["new", "running", "young"]


def test_clean_takes_what_is_ours_and_nothing_else_of_the_folder(tmp_path: Path) -> None:
    for name in ("bin", "store", "other"):
        (tmp_path / name).mkdir()
    (tmp_path / "store/transcript").touch()
    environment = {**os.environ, "PARLEY_CACHE": str(tmp_path), "PATH": docker_that(tmp_path, answers=False)}
    done = subprocess.run([CLUSTER / "parley-cluster", "clean"], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "programs"]
    assert "other" in done.stderr


def test_clean_is_refused_while_a_cluster_is_up(tmp_path: Path) -> None:
    (tmp_path / "cluster").write_text("node\n")
    environment = {**os.environ, "PARLEY_CACHE": str(tmp_path)}
    done = subprocess.run([CLUSTER / "parley-cluster", "clean"], capture_output=True, text=True, env=environment)
    assert done.returncode == 1
    assert "parley-cluster down first" in done.stderr


def test_a_wait_ends_early_where_there_is_no_hope(tmp_path: Path) -> None:
    started = time.monotonic()
    done = bash("never() { return 3; }; wait_for 30 rain never", tmp_path)
    assert done.returncode == 1
    assert "waited in vain for rain" in done.stderr
    assert time.monotonic() - started < 10


def test_a_failed_step_shows_the_end_of_its_log_and_where_it_is(tmp_path: Path) -> None:
    done = bash("work() { echo the cause; false; echo not reached; }; step 'tool x' work", tmp_path)
    assert done.returncode == 1
    assert "the cause" in done.stderr
    assert "not reached" not in done.stderr
    assert str(tmp_path / "log/tool-x.log") in done.stderr


def marked(mark: str) -> list[str]:
    """The command lines of the living processes that bear MARK in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_text().replace("\0", " "))
        except OSError:  # it has ended meanwhile
            continue
    return found


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_step_leaves_no_process_and_no_lock(tmp_path: Path, sent: signal.Signals) -> None:
    mark = f"PARLEY_TEST_MARK={tmp_path}"
    # Work whose program is killed outright lives on, under the lock; the heartbeat must not.
    work = "sleep 3" if sent == signal.SIGKILL else "sleep 600"
    script = f'set -euo pipefail; . "{CLUSTER}/lib/base.sh"; heartbeat_seconds=1; one_at_a_time; step long {work}'
    process = subprocess.Popen(
        ["bash", "-c", script],
        env={**os.environ, "PARLEY_CACHE": str(tmp_path), "PARLEY_TEST_MARK": str(tmp_path)},
        start_new_session=True,
        # Where the tests themselves run in the background, SIGINT comes in ignored, and bash can't take it up again.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    until("the work runs", lambda: [line for line in marked(mark) if line.startswith(work)], 10)
    if sent == signal.SIGINT:  # as a terminal does
        os.killpg(process.pid, sent)
    else:
        process.send_signal(sent)
    assert process.wait(timeout=20) != 0
    until("nothing of it lives", lambda: not marked(mark), 20)
    free = subprocess.run(["flock", "--nonblock", tmp_path / "lock", "true"], check=False)
    assert free.returncode == 0


def test_what_was_changed_after_its_tag_was_reckoned_is_not_built_under_it(tmp_path: Path) -> None:
    script = """
    . "$here/lib/images.sh"
    by_docker() { true; }
    docker_build() { echo "built $1" >&2; }
    image_of() { echo parley/api:present; }
    build_image api "$1"
    """
    late = bash(f"set -- parley/api:former\n{script}", tmp_path)
    assert late.returncode == 1
    assert "files of api were changed while its build began" in late.stderr
    assert not list((tmp_path / "log").glob("*"))
    assert bash(f"set -- parley/api:present\n{script}", tmp_path).returncode == 0
