"""What docs/deployment.md says is there: the files that it names, the settings, the service accounts."""

import re
from collections.abc import Iterator
from pathlib import Path

import yaml
from conftest import HOME
from pydantic import BaseModel
from test_identities import ACCOUNTS

from parley_eks.addresses import MEDIA_PORTS
from parley_eks.settings import Budget, HostedZone, Region, Settings

PAGE = (HOME.parents[1] / "docs/deployment.md").read_text()
OPERATIONS = "\n".join(page.read_text() for page in (HOME.parents[1] / "docs/operations").glob("*.md"))


def test_every_setting_is_documented() -> None:
    models: list[type[BaseModel]] = [Settings, Region, HostedZone, Budget]
    silent = [
        f"{model.__name__}.{name}" for model in models for name, f in model.model_fields.items() if not f.description
    ]
    assert silent == []


def requirements() -> Iterator[tuple[str, str, str]]:
    """The rows of the table of requirements: what, by what, held by what."""
    table = PAGE.partition("## What is required, and what holds it")[2].partition("\n## ")[0]
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 3 and cells[0] not in ("required", "---"):
            yield cells[0], cells[1], cells[2]


def named(cell: str) -> list[str]:
    """What a cell has in code: files, tests, and other names."""
    return re.findall(r"`([^`]+)`", cell)


def place_of(name: str) -> Path | None:
    """The file or folder that a name of the table stands for, in deploy/eks or in the whole of the project."""
    path = name.partition("::")[0]
    places = (HOME / "parley_eks" / path, HOME / "tests" / path, HOME.parents[1] / path)
    return next((place for place in places if place.exists()), None)


def test_every_requirement_names_what_does_it() -> None:
    rows = [*requirements()]
    assert len(rows) > 15
    for what, by, _ in rows:
        assert any(place_of(name) for name in named(by)), what
        for name in named(by):
            assert place_of(name) or ("/" not in name and not name.endswith(".py")), (what, name)


def test_every_requirement_names_the_tests_that_hold_it() -> None:
    """Files of tests and nothing else, or one of their tests as `file::test`."""
    for what, _, held in requirements():
        assert re.fullmatch(r"`[^`]+`(?: \([^)]+\))?(?:, `[^`]+`(?: \([^)]+\))?)*", held), (what, held)
        for name in named(held):
            place = place_of(name)
            assert place is not None, (what, name)
            assert re.fullmatch(r"test_\w+\.py", place.name), (what, name)
            _, _, test = name.partition("::")
            assert not test or re.search(rf"^(?:async )?def {test}\(", place.read_text(), re.MULTILINE), (what, name)


def test_every_service_account_of_a_role_is_in_the_page() -> None:
    for accounts in ACCOUNTS.values():
        for account in accounts:
            namespace, name = account.split(":")
            assert f"`{namespace}/{name}`" in PAGE or f"`{name}`" in PAGE, account


def test_the_commands_of_the_page_name_settings_that_there_are() -> None:
    known = {field.alias for field in Settings.model_fields.values()} | {"installation"}
    named = {*re.findall(r"`parley:(\w+)\b", PAGE + OPERATIONS)}
    assert {"natGateways", "joinRate"} <= named
    assert named <= known


def test_the_ports_of_media_are_in_the_page() -> None:
    low, high = MEDIA_PORTS
    assert f"| UDP {low} to {high} |" in PAGE
    assert {*re.findall(r"UDP above (\d+)", PAGE)} == {str(low - 1)}


def test_what_has_webhooks_is_waited_for() -> None:
    """Their failurePolicy is Fail, and a pod on Fargate takes a minute: until it answers, all else is refused."""
    commands = " ".join(PAGE.replace("\\\n", " ").split())
    for chart in ("external-secrets", "aws-load-balancer-controller"):
        (options,) = re.findall(rf"helm upgrade --install {chart} {chart} (.*?)(?= helm | kubectl | ```)", commands)
        assert "--wait" in options.split(), chart


def test_what_git_needs_beside_the_handovers_files_is_in_the_page() -> None:
    """The example's own repositories are to be replaced, and read by a Secret or a repository of the tool's."""
    section = PAGE.partition("\n## GitOps\n")[2].partition("\n## ")[0]
    commands = " ".join(section.replace("\\\n", " ").split())
    folder = HOME.parent / "gitops"
    texts = [file.read_text() for tool in ("argocd", "flux") for file in (folder / tool).rglob("*.yaml")]
    repositories = {*re.findall(r"https://git\.example\.com/\S+", "\n".join(texts))}
    assert len(repositories) == 3
    for url in repositories:
        assert f"| `{url}`, `" in section, url
        assert f"argocd repo add {url} " in commands, url
    for source in yaml.safe_load_all((folder / "flux/sources.yaml").read_text()):
        if "secretRef" in source["spec"]:
            told = rf"flux create secret git {source['spec']['secretRef']['name']} [^#]*?--url={source['spec']['url']}"
            assert re.search(told, commands), source["metadata"]["name"]


def test_where_logs_go_is_said_before_any_pod_comes() -> None:
    step = PAGE.partition("5. **The cluster's programs.**")[2].partition("```sh")[2].partition("```")[0]
    first = [line.strip() for line in step.splitlines() if line.strip()][1:3]
    assert first == ["kubectl apply -f namespaces.yaml", "kubectl -n kube-system rollout restart deployment/coredns"]
