#!/usr/bin/env python3
"""Write a docker archive of every image that the kind node preloads, to standard output.

usage: images.py TREE KUBERNETES-VERSION KUBE COREDNS PAUSE

TREE is the node image's file tree, whose iptables kube-proxy and the pod network need; the rest are our binaries.
"""

import gzip
import hashlib
import io
import json
import re
import subprocess
import sys
import tarfile
from pathlib import Path, PurePosixPath
from typing import Any

ENVIRONMENT = {"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]}
PROGRAMS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy", "etcd", "parley-cni")
XTABLES = "usr/lib/x86_64-linux-gnu/xtables"
NETWORK_PROGRAMS = (
    "usr/sbin/xtables-nft-multi",
    "usr/sbin/xtables-legacy-multi",
    "usr/sbin/nft",
    "usr/sbin/conntrack",
    "usr/sbin/ipset",
    "bin/ip",
)

Layer = tuple[str, bytes]


class LayerTar:
    """A layer in the making: files and links, each with the folders above it."""

    def __init__(self) -> None:
        """Start with the folders that programs expect."""
        self.buffer = io.BytesIO()
        self.tar = tarfile.open(fileobj=self.buffer, mode="w")  # noqa: SIM115 - closed by finish()
        self.folders: set[PurePosixPath] = set()
        for folder in ("tmp", "run", "etc", "var/lib"):
            self.add_folder(PurePosixPath(folder))

    def add(self, info: tarfile.TarInfo, data: bytes = b"") -> None:
        """Add one entry below its folders."""
        self.add_folder(PurePosixPath(info.name).parent)
        info.size = len(data)
        self.tar.addfile(info, io.BytesIO(data))

    def add_folder(self, path: PurePosixPath) -> None:
        """Add a folder once."""
        if path in self.folders or path == PurePosixPath("."):
            return
        self.folders.add(path)
        info = tarfile.TarInfo(str(path))
        info.type, info.mode = tarfile.DIRTYPE, 0o1777 if path.name == "tmp" else 0o755
        self.add(info)

    def add_file(self, path: str, source: Path) -> None:
        """Add an executable."""
        info = tarfile.TarInfo(path)
        info.mode = 0o755
        self.add(info, source.read_bytes())

    def add_link(self, path: str, target: str) -> None:
        """Add a symbolic link."""
        info = tarfile.TarInfo(path)
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, target, 0o777
        self.add(info)

    def finish(self) -> Layer:
        """Return the layer's diff id and its compressed bytes."""
        self.tar.close()
        raw = self.buffer.getvalue()
        return "sha256:" + hashlib.sha256(raw).hexdigest(), gzip.compress(raw, 3, mtime=0)


def layer(files: dict[str, Path], links: dict[str, str]) -> Layer:
    """Return a layer of files (path in the image to path here) and links (path in the image to target)."""
    made = LayerTar()
    for path, source in sorted(files.items()):
        made.add_file(path, source)
    for path, target in sorted(links.items()):
        made.add_link(path, target)
    return made.finish()


def run(*command: str) -> str:
    """Return what a command prints."""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603 - our own commands


def resolved(tree: Path, path: str) -> Path:
    """Return the file behind a path in the tree, its links resolved inside the tree."""
    return tree / run("chroot", str(tree), "readlink", "-f", "/" + path).strip().lstrip("/")


def network_files(tree: Path) -> dict[str, Path]:
    """Return iptables, nft and the like from the tree, with their libraries."""
    files: dict[str, Path] = {}
    extensions = [f"{XTABLES}/{path.name}" for path in (tree / XTABLES).glob("*.so")]
    for path in (*NETWORK_PROGRAMS, *extensions):
        files[path] = resolved(tree, path)
        for library in re.findall(r"/(\S+) \(0x", run("chroot", str(tree), "ldd", "/" + path)):
            files[library] = resolved(tree, library)
    return files


def image_names(kube: str, version: str) -> dict[str, str]:
    """Return the images that kubeadm asks for, by their short name."""
    listed = run(kube, "kubeadm", "config", "images", "list", "--kubernetes-version", version).split()
    return {name.rsplit("/", 1)[1].split(":")[0]: name for name in listed}


def write_archive(images: list[tuple[list[str], list[Layer], dict[str, Any]]]) -> None:
    """Write the archive; a layer that several images share is in it once."""
    seen: set[str] = set()
    index = []
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as archive:

        def put(name: str, data: bytes) -> None:
            if name not in seen:
                seen.add(name)
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))

        for tags, layers, config in images:
            rootfs = {"type": "layers", "diff_ids": [diff for diff, _ in layers]}
            text = json.dumps({"architecture": "amd64", "os": "linux", "config": config, "rootfs": rootfs}).encode()
            config_name = hashlib.sha256(text).hexdigest() + ".json"
            put(config_name, text)
            for diff, data in layers:
                put(diff[7:] + ".tar.gz", data)
            index.append(
                {"Config": config_name, "RepoTags": tags, "Layers": [diff[7:] + ".tar.gz" for diff, _ in layers]}
            )
        put("manifest.json", json.dumps(index).encode())


def main(tree: Path, version: str, kube: str, coredns: str, pause: str) -> None:
    """Put the images together."""
    names = image_names(kube, version)
    kubernetes = layer({"usr/local/bin/kube": Path(kube)}, {f"usr/local/bin/{name}": "kube" for name in PROGRAMS})
    tables = [f"{t}{k}{s}" for t in ("iptables", "ip6tables") for k in ("", "-nft") for s in ("", "-save", "-restore")]
    network = layer(network_files(tree), {f"usr/sbin/{name}": "xtables-nft-multi" for name in tables})
    control = [names[name] for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd")]
    nobody = {"Entrypoint": ["/pause"], "User": "65535:65535"}
    write_archive(
        [
            (control, [kubernetes], ENVIRONMENT),
            ([names["kube-proxy"], "docker.io/parley/cni:1"], [kubernetes, network], ENVIRONMENT),
            ([names["pause"], "registry.k8s.io/pause:3.10"], [layer({"pause": Path(pause)}, {})], nobody),
            ([names["coredns"]], [layer({"coredns": Path(coredns)}, {})], {"Entrypoint": ["/coredns"]}),
        ]
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
