"""What a node does to the firewall, by the real iptables in a network namespace of its own; and its keys."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

CLUSTER = Path(__file__).parents[3] / "cluster"
FOREIGN = "CNI-0123456789abcdef01234567"
needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("iptables") is None,
    reason="a network namespace needs root, and iptables, which `make up` installs",
)


def node(script: str, cache: Path, *wrapper: str, path: str = "") -> subprocess.CompletedProcess[str]:
    """Run a script with the node's functions, and no claim but the one that it makes under `cache`."""
    parts = f'. "{CLUSTER}/lib/base.sh"\n. "$here/node/main.sh"\nrun_dir=$PARLEY_CACHE/run'
    sourced = f"set -euo pipefail\n{parts}\n{script}"
    variables = {**os.environ, "PARLEY_CACHE": str(cache), "PATH": path + os.environ["PATH"]}
    command = [*wrapper, "bash", "-c", sourced]
    return subprocess.run(command, capture_output=True, text=True, env=variables, check=False, timeout=60)


@needs_root
def test_another_kubernetes_is_refused_however_many_rules_it_has(tmp_path: Path) -> None:
    rules = "".join(f"-A KUBE-SERVICES -d 10.0.{n // 250}.{n % 250}/32 -j ACCEPT\n" for n in range(3000))
    (tmp_path / "rules").write_text(f"*nat\n:KUBE-SERVICES - [0:0]\n{rules}COMMIT\n")
    # /sys still shows the machine's own network, where our bridge may be.
    script = 'bridge=parleytest0; iptables-restore <"$PARLEY_CACHE/rules"; refuse_conflicts'
    done = node(script, tmp_path, "unshare", "--net")
    assert done.returncode == 1
    assert "another Kubernetes' chains" in done.stderr


@needs_root
def test_the_way_out_spares_the_chains_of_another_programs_cni(tmp_path: Path) -> None:
    script = f"""
    iptables -t nat -N {FOREIGN}; iptables -t nat -A POSTROUTING -s 10.4.0.2/32 -j {FOREIGN}
    iptables -t nat -N CNI-HOSTPORT-DNAT; iptables -t nat -A PREROUTING -j CNI-HOSTPORT-DNAT
    iptables-save >"$PARLEY_CACHE/before"
    claim; note_host
    iptables -t nat -N CNI-DN-ours; iptables -t nat -A CNI-HOSTPORT-DNAT -j CNI-DN-ours
    iptables -t nat -N KUBE-SERVICES; iptables -t nat -A PREROUTING -j KUBE-SERVICES
    remove_firewall
    diff <(grep -v '^[#:]' "$PARLEY_CACHE/before") <(iptables-save | grep -v '^[#:]')
    iptables-save | grep '^:CNI'
    """
    done = node(script, tmp_path, "unshare", "--net")
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == [f":{FOREIGN}", ":CNI-HOSTPORT-DNAT"]


def test_keys_are_made_whole_or_not_at_all(tmp_path: Path) -> None:
    real, programs = shutil.which("openssl"), tmp_path / "programs"
    programs.mkdir()
    (programs / "openssl").write_text(f'#!/bin/sh\ncase "$*" in *kube-proxy*) exit 1 ;; esac\nexec {real} "$@"\n')
    (programs / "openssl").chmod(0o755)
    script = 'mkdir -p "$node_dir"; attempt make_pki; echo "$status"; [ -d "$pki" ] && echo whole; true'
    assert node(script, tmp_path, path=f"{programs}:").stdout == "1\n"
    assert node(script, tmp_path).stdout == "0\nwhole\n"
    assert len(list((tmp_path / "node/pki").glob("*.crt"))) == 11
