"""What the Python images are made of: a root without programs, and an environment that finds its libraries there."""

import importlib.util
import os
import re
import shutil
import sysconfig
from fnmatch import fnmatch
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]
DOCKERFILES = sorted(ROOT.glob("*/Dockerfile"))


def load(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"parley_{Path(path).stem}", ROOT / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


root, trim, inputs = load("images/root.py"), load("images/trim.py"), load("cluster/lib/inputs.py")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder of this machine with a library behind a link, and a program that runs as its owner."""
    folder = tmp_path / "machine"
    (folder / "lib").mkdir(parents=True)
    (folder / "lib/real.so.1").write_text("library")
    (folder / "lib/name.so").symlink_to("real.so.1")
    (folder / "merged").symlink_to("lib")
    (folder / "su").write_text("program")
    (folder / "su").chmod(0o4755)
    return folder


def test_a_link_comes_with_what_it_leads_to_by_its_real_path(machine: Path, tmp_path: Path) -> None:
    made = root.Root(tmp_path / "root")
    made.copy(machine / "merged/name.so")
    copy = tmp_path / "root" / str(machine / "lib/name.so").lstrip("/")
    assert copy.is_symlink()
    assert copy.read_text() == "library"
    assert not os.path.lexists(made.at(machine / "merged"))


def test_no_file_runs_as_its_owner(machine: Path, tmp_path: Path) -> None:
    made = root.Root(tmp_path / "root")
    made.copy(machine / "su")
    assert made.at(machine / "su").stat().st_mode & 0o7777 == 0o755


def test_the_standard_library_comes_without_tests_and_installers(tmp_path: Path) -> None:
    stdlib = tmp_path / "stdlib"
    for name in ("json/decoder.py", "json/test/test_it.py", "ensurepip/__init__.py", "test/support.py", "ssl.py"):
        (stdlib / name).parent.mkdir(parents=True, exist_ok=True)
        (stdlib / name).write_text("")
    for name in ("_ssl.cpython-313-x86_64-linux-gnu.so", "_testcapi.cpython-313-x86_64-linux-gnu.so"):
        (stdlib / "lib-dynload").mkdir(exist_ok=True)
        (stdlib / "lib-dynload" / name).write_text("")
    made = root.Root(tmp_path / "root")
    made.copy_library(stdlib)
    found = sorted(str(path.relative_to(made.at(stdlib))) for path in made.at(stdlib).rglob("*") if path.is_file())
    assert found == ["json/decoder.py", "lib-dynload/_ssl.cpython-313-x86_64-linux-gnu.so", "ssl.py"]


def extension(folder: Path) -> Path:
    """A shared library of this Python, or of a package, in a folder of its own."""
    found = next(Path(sysconfig.get_path("platlib")).glob("pydantic_core/*.so"))
    return Path(shutil.copy(found, folder))


def test_a_library_that_the_root_lacks_fails_the_build_by_its_name(tmp_path: Path) -> None:
    venv, made = tmp_path / "venv", tmp_path / "root"
    (venv / "lib").mkdir(parents=True)
    library = extension(venv / "lib")
    absent = trim.missing(venv, made)
    assert f"libc.so.6 (for lib/{library.name})" in absent
    for _, path in trim.linked(library):
        there = made / str(Path(path).resolve()).lstrip("/")
        there.parent.mkdir(parents=True, exist_ok=True)
        there.touch()
    assert trim.missing(venv, made) == set()


def test_tests_and_commands_of_packages_go_and_their_records_stay(tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    packages = venv / "lib/python3.13/site-packages"
    keep = [
        "bin/python",
        "bin/python3",
        *(f"lib/python3.13/site-packages/{n}" for n in ("a/b.py", "a-1.dist-info/RECORD")),
    ]
    go = ["bin/uvicorn", "bin/activate", ".lock", "lib/python3.13/site-packages/a/tests/test_b.py"]
    for name in keep + go:
        (venv / name).parent.mkdir(parents=True, exist_ok=True)
        (venv / name).write_text("")
    assert packages.is_dir()
    trim.main(venv, tmp_path / "root")
    assert sorted(str(path.relative_to(venv)) for path in venv.rglob("*") if path.is_file()) == sorted(keep)


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.parent.name)
def test_docker_is_given_what_a_dockerfile_copies(dockerfile: Path) -> None:
    """.dockerignore lets nothing through that it does not name."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    allowed = [line.removeprefix("!") for line in lines if line.startswith("!")]
    for source in inputs.sources(dockerfile.read_text()):
        assert any(source == name or source.startswith(name + "/") or fnmatch(source, name) for name in allowed), source


def test_the_python_images_share_their_root_and_have_no_layer_of_their_own_below_it() -> None:
    """The same first steps, word for word, are one layer for all of them."""
    heads = set()
    for name in ("api", "bot_image", "emulators", "operator"):
        text = (ROOT / name / "Dockerfile").read_text()
        last = text[text.rindex("\nFROM ") :]
        assert last.startswith("\nFROM scratch\nCOPY --from=build /root-of-images /\n"), name
        assert re.search(r"^USER \d+:\d+$", last, re.MULTILINE), name
        heads.add(text[text.index("\nFROM ") : text.index("COPY requirements-uv.lock")])
    assert len(heads) == 1
