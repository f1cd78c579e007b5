"""What docs/operations tells people to type and to look for is there: commands, values, metrics, objects, links."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from parley_api.auth import INTERNAL_AUDIENCE
from parley_api.bots.internal_routes import internal_router
from parley_api.store import layout
from parley_cli.app import app
from parley_crds.names import LABEL_TOMBSTONE
from parley_operator.installation import parse_quantity
from parley_operator.plan.expiry import ALREADY_FINISHED
from parley_operator.shell.service.lease import LEASE_NAME
from parley_operator.tombstones import KEPT_DAYS, End
from parley_protocol import EraseRequest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs/operations"
PAGES = {path.name: path.read_text() for path in sorted(FOLDER.glob("*.md"))}
CHART = ROOT / "charts/parley"
TEMPLATES = "\n".join(path.read_text() for path in (CHART / "templates").rglob("*.yaml"))
CLUSTERS = ROOT / "deploy/gitops/clusters"
"""What deploy/eks writes for a cluster, which its own tests hold to that."""


def blocks(page: str) -> Iterator[str]:
    """The commands of a page's fenced blocks, a line that goes on put together."""
    for block in re.findall(r"^ *```sh\n(.*?)^ *```", page, re.MULTILINE | re.DOTALL):
        yield from block.replace("\\\n", " ").splitlines()


def commands(page: str) -> Iterator[list[str]]:
    """Every `parley …` that is in a block or between backquotes."""
    inline = re.findall(r"`(parley [^`\n]+)`", page)
    for text in [*blocks(page), *inline]:
        for part in re.split(r"[;|&]+|\$\(", text):
            words = shlex.split(part.strip().rstrip(")"), comments=True, posix=True) if "parley " in part else []
            if words[:1] == ["parley"] and len(words) > 1:
                yield words[1:]


def parsed(words: list[str]) -> None:
    """Has the command line read its words, and does nothing; a command's name alone is a mention of it.

    Raises:
        KeyError: there is no such command.
        Exception: Typer's own, for options and arguments that it has not.
    """
    group: Any = typer.main.get_command(app)
    command = group.commands[words[0]]
    if len(words) > 1:
        command.make_context(words[0], words[1:])


@pytest.mark.parametrize("name", PAGES)
def test_each_command_is_one_that_there_is(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "FOLDER").mkdir()
    for words in commands(PAGES[name]):
        parsed(words)


def test_commands_are_found_and_a_wrong_one_is_seen() -> None:
    assert sum(len([*commands(page)]) for page in PAGES.values()) > 8
    with pytest.raises(KeyError):
        parsed(["renew", "ada"])
    with pytest.raises(Exception, match="No such option"):
        parsed(["link", "ada", "--every"])


def known_values() -> set[str]:
    """The dotted path of each of the chart's values."""
    schema = json.loads((CHART / "values.schema.json").read_text())

    def paths(node: Mapping[str, Any], before: str) -> Iterator[str]:
        if "$ref" in node:
            node = schema["definitions"][node["$ref"].rpartition("/")[2]]
        for key, inner in node.get("properties", {}).items():
            yield f"{before}{key}"
            yield from paths(inner, f"{before}{key}.")

    return {*paths(schema, "")}


VALUES = known_values()
TOPS = {path for path in VALUES if "." not in path} - {"test", "model", "image"}


@pytest.mark.parametrize("name", PAGES)
def test_each_value_is_one_of_the_charts(name: str) -> None:
    named = {
        path
        for path in re.findall(r"(?:`|--set )([a-z][A-Za-z0-9]*(?:\.[A-Za-z0-9]+)+)", PAGES[name])
        if path.partition(".")[0] in TOPS
    }
    assert {path for path in named if path not in VALUES and not (CHART / path).exists()} == set()


def test_values_are_found() -> None:
    assert {"operator.capacity.total", "store.s3.bucket", "metrics.runbooks"} <= VALUES
    assert "operator.capacity.whole" not in VALUES


@pytest.mark.parametrize("name", PAGES)
def test_each_metric_is_in_the_table(name: str) -> None:
    table = {*re.findall(r"^\| `(parley_operator_\w+)`", PAGES["metrics.md"], re.MULTILINE)}
    assert {*re.findall(r"\b(parley_operator_\w+)\b", PAGES[name])} <= table


def burst() -> tuple[str, int]:
    """The largest burst that Parley's operator was measured in, and the MiB that its process took at its peak."""
    section = (ROOT / "docs/benchmarks.md").read_text().partition("\n## The operator side by side\n")[2]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:1] == "|"]
    column = rows[0].index("controller: CPU s, peak MiB")
    bursts = {row[0].removeprefix("burst of "): row for row in rows if row[0].startswith("burst of ")}
    largest = max(bursts, key=lambda many: int(many.replace(",", "")))
    (row,) = [row for row in rows if row[:2] == [f"burst of {largest}", "Parley's operator"]]
    return largest, int(row[column].split(", ")[1])


def test_the_limits_tell_what_the_operator_was_measured_to_take() -> None:
    largest, peak = burst()
    section = PAGES["limits.md"].partition("\n## Interviews that are there\n")[2].partition("\n## ")[0]
    assert re.findall(r"([\d,]+) in\s+one burst: (\d+) MiB", section) == [(largest, str(peak))]
    assert f"some {largest} by the operator's memory" in PAGES["limits.md"]


@pytest.mark.parametrize("profile", ["values.yaml", "values-ha.yaml", "values-eks.yaml"])
def test_the_operator_may_use_what_it_was_measured_to_take(profile: str) -> None:
    limits = yaml.safe_load((CHART / profile).read_text())["operator"]["resources"]["limits"]
    assert parse_quantity(limits["memory"]) > burst()[1] * 2**20


KINDS = {
    "deployment": "Deployment",
    "cronjob": "CronJob",
    "pvc": "PersistentVolumeClaim",
    "lease": "Lease",
    "externalsecret": "ExternalSecret",
    "secret": "Secret",
}


def objects(page: str) -> set[tuple[str, str]]:
    """Kind and name of what commands and sentences name: `KIND/NAME`, and of Parley's own `KIND NAME`."""
    found = re.findall(rf"\b({'|'.join(KINDS)})(?:/([a-z][a-z-]+)| (parley-[a-z-]+))", page)
    return {(KINDS[kind], either or other) for kind, either, other in found}


def known_objects() -> set[tuple[str, str]]:
    """What the chart makes, what its programs make, and what deploy/eks has made beside it."""
    chart = {*re.findall(r"^kind: (\w+)\nmetadata:\n  name: ([a-z-]+)$", TEMPLATES, re.MULTILINE)}
    # The certificates' Job makes these, under rights on their names.
    listed = re.findall(r"\$secrets :?= (?:list|append \$secrets) ([^}]+?) }}", TEMPLATES)
    job = {("Secret", name) for name in re.findall(r'"([a-z-]+)"', " ".join(listed))}
    written = [*yaml.safe_load_all("\n---\n".join(path.read_text() for path in CLUSTERS.glob("*/cluster.yaml")))]
    cluster = {(each["kind"], each["metadata"]["name"]) for each in written}
    # A chart of the cluster's programs names its Deployment as itself.
    addons = {("Deployment", path.stem) for path in CLUSTERS.glob("*/addons/*.yaml")}
    return chart | job | cluster | addons | {("Lease", LEASE_NAME)}


@pytest.mark.parametrize("name", PAGES)
def test_each_object_is_one_that_there_is(name: str) -> None:
    assert objects(PAGES[name]) - known_objects() == set()


def test_objects_are_found_and_a_wrong_one_is_seen() -> None:
    assert {kind for page in PAGES.values() for kind, _ in objects(page)} == {*KINDS.values()}
    wrong = "lease parley-operators, externalsecret parley-link, deployment/parley, secret parley-api"
    assert len(objects(wrong) - known_objects()) == 4


@pytest.mark.parametrize("name", PAGES)
def test_a_job_that_is_made_by_hand_takes_the_place_of_the_last_one(name: str) -> None:
    """One of that name which is still there is AlreadyExists."""
    lines = [*blocks(PAGES[name])]
    made = [(above.strip(), re.search(r"create job .*?(parley-\S+-now)", line)) for above, line in pairwise(lines)]
    for above, found in made:
        assert not found or above == f"kubectl -n NS delete job {found[1]} --ignore-not-found"
    assert len([found for _, found in made if found]) == PAGES[name].count("create job")


def anchors(page: str) -> set[str]:
    """As GitHub makes them: lower case, blanks to dashes, all but letters, digits, dashes and underscores left out."""
    heads = re.findall(r"^#+ (.*)$", page, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("name", PAGES)
def test_each_link_leads_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", PAGES[name]):
        if target.startswith("http"):
            continue
        path, _, anchor = target.partition("#")
        file = FOLDER / path if path else FOLDER / name
        assert file.exists(), target
        assert not anchor or anchor in anchors(file.read_text()), target


def test_the_order_to_erase_is_the_operators_own() -> None:
    (order,) = [line for line in blocks(PAGES["erasure.md"]) if line.startswith("curl ")]
    words = shlex.split(order)
    address = re.fullmatch(r"https://([a-z-]+)\.NS\.svc:8443(/.*)", words[-1])
    assert address
    service, path = address.groups()
    assert path.replace("UID", "{uid}") in {getattr(route, "path", "") for route in internal_router.routes}
    EraseRequest.model_validate_json(words[words.index("-d") + 1])
    token = shlex.split(re.findall(r"\$\((.*?)\)", order)[0])
    account, audience = token[token.index("token") + 1], token[token.index("--audience") + 1]
    assert audience == INTERNAL_AUDIENCE
    for kind, name in (("Service", service), ("ServiceAccount", account)):
        assert f"kind: {kind}\nmetadata:\n  name: {name}\n" in TEMPLATES


def test_what_is_erased_is_found_by_the_labels_and_names_that_there_are() -> None:
    page = PAGES["erasure.md"]
    assert f"-l {LABEL_TOMBSTONE}=true" in page
    assert {"interview", "uid", "phase", "finishedAt"} <= {field.alias for field in End.model_fields.values()}
    assert f"`{ALREADY_FINISHED}`" in page
    assert f"/{layout.ERASURE} -" in page
    assert f"{KEPT_DAYS} days" in page


def test_the_index_has_every_page() -> None:
    assert {*re.findall(r"^\| \[(\S+\.md)\]", PAGES["README.md"], re.MULTILINE)} == {*PAGES} - {"README.md"}
