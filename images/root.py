#!/usr/bin/env python3
"""Make the root file system that the Python images run on: an interpreter, the libraries it needs, no other programs.

usage: root.py FOLDER

Run in a build, by the base image's Python (Debian's own, or that of Docker's image in /usr/local). What a running
process does not need stays behind: shells, coreutils, the package manager, pip, tests, documents. Bytecode of the
standard library is compiled here, valid whatever times its sources get. The Debian packages that copied files are of
are recorded in var/lib/dpkg/status.d, where scanners look for them in an image without dpkg.
"""

import compileall
import os
import py_compile
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

# Of the standard library: what installs, tests, draws, explains, or drives a terminal.
UNUSED = {
    *("__pycache__", "test", "tests", "idle_test", "site-packages", "dist-packages"),
    *("ensurepip", "idlelib", "lib2to3", "pydoc_data", "tkinter", "turtledemo", "turtle.py", "venv", "curses"),
    "sitecustomize.py",  # Debian's link to a hook of its crash reporter
}
UNUSED_PATTERN = re.compile(r"config-3|_test|_?xx|_tkinter|_ctypes_test|readline\.|_curses|_dbm\.|_gdbm\.|.*\.a$")

# What extension modules of wheels expect of any glibc system (PEP 600), besides what the interpreter is linked to.
EXPECTED = (
    *("libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "libutil.so.1", "libresolv.so.2"),
    *("libnss_dns.so.2", "libnss_files.so.2", "libgcc_s.so.1", "libstdc++.so.6", "libz.so.1", "libmvec.so.1"),
)

# Of /etc and the like: name resolution, trusted certificates, the release that scanners ask for.
DATA = (
    *("/etc/debian_version", "/etc/host.conf", "/etc/nsswitch.conf", "/etc/os-release", "/usr/lib/os-release"),
    *("/etc/gai.conf", "/etc/protocols", "/etc/services", "/etc/ld.so.conf", "/etc/ld.so.conf.d"),
    *("/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/usr/share/ca-certificates"),
    *("/usr/lib/ssl/certs", "/usr/lib/ssl/cert.pem", "/usr/lib/ssl/openssl.cnf"),
)
BUNDLE = "etc/ssl/certs/ca-certificates.crt"
FOLDERS = {"tmp": 0o1777, "var/tmp": 0o1777, "run": 0o755, "proc": 0o555, "sys": 0o555, "dev": 0o755, "root": 0o700}
ACCOUNTS = {
    "etc/passwd": "root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n",
    "etc/group": "root:x:0:\nnogroup:x:65534:\n",
}


class Root:
    """The folder in the making; `copied` is what came from where it has the same path."""

    def __init__(self, folder: Path) -> None:
        """Start with the links of a merged /usr."""
        self.folder, self.copied = folder, set[Path]()
        folder.mkdir(parents=True)
        for link in (Path("/lib"), Path("/lib64"), Path("/bin"), Path("/sbin")):
            if link.is_symlink():
                (folder / link.name).symlink_to(os.readlink(link))

    def at(self, path: Path) -> Path:
        """Return where a path of this machine lies in the root."""
        return self.folder / path.relative_to("/")

    def copy(self, path: Path) -> None:
        """Copy a file, a link and what it leads to, or a folder and all that is in it; pass over what is not there."""
        path = path.parent.resolve() / path.name
        if path in self.copied or not os.path.lexists(path):
            return
        self.copied.add(path)
        target = self.at(path)
        if path.is_symlink():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(os.readlink(path))
            self.copy(path.parent / os.readlink(path))
        elif path.is_dir():
            target.mkdir(parents=True, exist_ok=True)
            for entry in sorted(path.iterdir()):
                self.copy(entry)
        elif path.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
            target.chmod(target.stat().st_mode & 0o755)  # no setuid

    def copy_library(self, stdlib: Path) -> None:
        """Copy the standard library, but for what is not used."""
        for entry in sorted(stdlib.iterdir()):
            if entry.name in UNUSED or UNUSED_PATTERN.match(entry.name):
                continue
            if entry.is_dir() and not entry.is_symlink():
                self.copied.add(entry)
                self.copy_library(entry)
            else:
                self.copy(entry)


def interpreter_links() -> Iterator[Path]:
    """Yield every name that the interpreter goes by in the usual folders."""
    real = Path(sys.executable).resolve()
    for folder in ("/usr/local/bin", "/usr/bin"):
        for path in sorted(Path(folder).glob("python*")):
            if path.resolve() == real:
                yield path


def is_elf(path: Path) -> bool:
    """Return whether a file is a program or a shared library."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def libraries(paths: list[Path]) -> set[Path]:
    """Return the shared libraries that programs and libraries are linked to, directly or not.

    Raises:
        SystemExit: one is missing; with its name.
    """
    listed = subprocess.run(["ldd", *map(str, paths)], capture_output=True, text=True, check=False).stdout  # noqa: S603, S607 - the base's own
    if missing := sorted(set(re.findall(r"(\S+) => not found", listed))):
        sys.exit(f"not on this machine, but linked to: {', '.join(missing)}")
    return {Path(path) for path in re.findall(r"^\s+(?:\S+ => )?(/\S+) \(0x", listed, re.MULTILINE)}


def expected_libraries() -> set[Path]:
    """Return the paths of EXPECTED, by the dynamic loader's cache."""
    cache = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    known = dict(re.findall(r"^\s+(\S+) \(libc6,[^)]*\) => (\S+)", cache, re.MULTILINE))
    return {Path(known[name]) for name in EXPECTED}


def trust(root: Root) -> None:
    """Write the bundle of certificates as Debian's update-ca-certificates does.

    The one that is there may be a build machine's own, mounted for the build.
    """
    lines = Path("/etc/ca-certificates.conf").read_text().splitlines()
    names = [line for line in lines if line and line[0] not in "#!"]
    files = [Path("/usr/share/ca-certificates") / name for name in names]
    bundle = root.folder / BUNDLE
    bundle.unlink(missing_ok=True)
    bundle.write_text("".join(file.read_text() for file in files if file.exists()))


def packages_of(copied: set[Path]) -> Iterator[tuple[str, str]]:
    """Yield the Debian packages that files are of: name, and paragraph of dpkg's status."""
    database = Path("/var/lib/dpkg")
    files = {path for path in copied if not path.is_dir() or path.is_symlink()}
    owners = set()
    for listing in (database / "info").glob("*.list"):
        for line in listing.read_text().splitlines():
            path = Path(line)
            if path.parent.resolve() / path.name in files:
                owners.add(listing.stem.partition(":")[0])
                break
    for paragraph in (database / "status").read_text().split("\n\n"):
        named = re.search(r"^Package: (\S+)$", paragraph, re.MULTILINE)
        if named and named[1] in owners:
            yield named[1], paragraph.strip() + "\n"


def main(folder: Path) -> None:
    """Put the root together."""
    root = Root(folder)
    for path, mode in FOLDERS.items():
        (folder / path).mkdir(parents=True)
        (folder / path).chmod(mode)
    for link in interpreter_links():
        root.copy(link)
    stdlib = Path(sysconfig.get_path("stdlib"))
    root.copy_library(stdlib)
    root.copied.add(stdlib)
    for item in DATA:
        root.copy(Path(item))
    binaries = [path for path in root.copied if is_elf(path)]
    for library in sorted(libraries(binaries) | expected_libraries()):
        root.copy(library)
    for package, paragraph in packages_of(root.copied):
        record = folder / "var/lib/dpkg/status.d" / package
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text(paragraph)
        sums = sorted(Path("/var/lib/dpkg/info").glob(f"{package}*.md5sums"))
        for file in sums:
            if file.stem.partition(":")[0] == package:
                shutil.copy(file, record.with_name(f"{package}.md5sums"))
    for path, content in ACCOUNTS.items():
        (folder / path).write_text(content)
    trust(root)
    subprocess.run(["/sbin/ldconfig", "-r", str(folder)], check=True)  # noqa: S603 - the base's own
    shutil.rmtree(folder / "var/cache/ldconfig", ignore_errors=True)
    if not compileall.compile_dir(
        folder / stdlib.relative_to("/"),
        quiet=1,
        stripdir=str(folder),
        prependdir="/",
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    ):
        sys.exit("the standard library does not compile")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
