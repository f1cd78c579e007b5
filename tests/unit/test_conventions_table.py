"""docs/conventions.md names the test that holds each convention: each is there."""

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
TABLE = TESTS.parent / "docs/conventions.md"
NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")


def rows() -> list[list[str]]:
    """The rows of the tables, without their heads."""
    lines = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if row[0] != "convention" and set(row[0]) != {"-"}]


def functions_of(path: Path) -> set[str]:
    """The names of the tests in a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return {function.name for function in functions if function.name.startswith("test_")}


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_the_test_that_holds_a_convention_exists(row: list[str]) -> None:
    convention, how, held = row
    assert convention
    assert how
    named = NAMED.findall(held)
    assert named
    assert NAMED.sub("", held).strip(", ") == "", "nothing but tests by their file and function"
    for file, function in named:
        assert function in functions_of(TESTS / file), f"{file}::{function}"


def test_the_table_is_read() -> None:
    assert len(rows()) > 40
    assert len({row[0] for row in rows()}) == len(rows())
