"""What who is on call reads of `kubectl get`: each state as the operator's plan makes it, on a real API server."""

import json
from collections.abc import Iterator

import pytest
from parley_cli.shown.interviews import reason_of
from parley_crds import Interview
from support.control_plane import ControlPlane
from support.gitops_documents import Document
from support.gitops_states import INTERVIEW_STATES
from support.gitops_table import documented_rows

SHORT = ["NAME", "PHASE", "REASON", "STALLED", "TEMPLATE", "OPENS", "AGE"]
WIDE = [
    *SHORT[:-1],
    "EXPIRES",
    "CANDIDATE",
    "ATTEMPT",
    "ROOM",
    "POD",
    "REVISION",
    "JOINED",
    "FINISHED",
    "AGE",
]
NAME, EXTERNAL_ID = "Ada Lovelace", "c-4711"
type Table = dict[str, dict[str, str]]


def table(text: str) -> Table:
    """A table of kubectl by the names of its rows and columns: columns begin where their header does."""
    header, *lines = text.splitlines()
    starts = [
        index for index, letter in enumerate(header) if letter != " " and (index == 0 or header[index - 1] == " ")
    ]
    bounds = list(zip(starts, [*starts[1:], None], strict=True))
    rows = [[line[start:end].strip() for start, end in bounds] for line in lines]
    names = [header[start:end].strip() for start, end in bounds]
    return {row[0]: dict(zip(names, row, strict=True)) for row in rows}


@pytest.fixture
def listed(control_plane: ControlPlane, namespace: str) -> dict[str, str]:
    """All states in one namespace; the text of the list, short and wide."""
    documents = list(_documents(namespace))
    control_plane.kubectl("create", "-f", "-", stdin=_list_of(documents))
    told = [document for document in documents if "phase" in document["status"]]
    status = ("--server-side", "--subresource=status", "--field-manager=parley-operator")
    control_plane.kubectl("apply", *status, "-f", "-", stdin=_list_of(told))
    get = ("get", "itv", "-n", namespace)
    return {"short": control_plane.kubectl(*get).stdout, "wide": control_plane.kubectl(*get, "-o", "wide").stdout}


def _documents(namespace: str) -> Iterator[Document]:
    """The Interview of each way into each state, but for those whose deletion the API server alone can begin."""
    for state in INTERVIEW_STATES:
        for number, document in enumerate(state.manifests()):
            if "deletionTimestamp" in document["metadata"]:
                continue
            document["metadata"] = {"name": f"{_row_name(state.name)}-{number}", "namespace": namespace}
            document["spec"]["candidate"] = {"name": NAME, "externalId": EXTERNAL_ID}
            yield document


def _row_name(state: str) -> str:
    return state.lower().replace(" ", "-")


def _list_of(documents: list[Document]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": documents})


def test_the_columns_of_every_state(listed: dict[str, str], control_plane: ControlPlane, namespace: str) -> None:
    short, wide = table(listed["short"]), table(listed["wide"])
    assert list(next(iter(short.values()))) == SHORT
    assert list(next(iter(wide.values()))) == WIDE
    shown = {document["metadata"]["name"]: reason_of(document) for document in _documents(namespace)}
    assert {name: row["REASON"] for name, row in short.items()} == shown, "the command line shows what kubectl does"
    documented = {_row_name(row.state): row for row in documented_rows()}
    for name, row in short.items():
        expected = documented[name.rpartition("-")[0]]
        assert row["PHASE"] in expected.phase.split(", ")
        assert row["TEMPLATE"] == "backend"
        assert row["AGE"]
        told = {row["REASON"], row["STALLED"]} - {""}
        stalled = expected.kstatus == "Failed"
        assert bool(row["STALLED"]) == stalled
        if stalled or expected.state in (
            "Bot starting",
            "Completed",
            "Cancelled",
            "Expired",
            "Failed",
            "Put back",
            "Scheduled",
        ):
            assert told & set(expected.reasons.split(", ")), row
    assert short["scheduled-0"]["OPENS"] == "2026-11-22T12:16:40Z"
    _assert_wide(wide)
    read = control_plane.kubectl("get", "itv", "scheduled-0", "-n", namespace, "-o", "json").stdout
    assert Interview.model_validate_json(read).spec.candidate.name == NAME


def _assert_wide(wide: Table) -> None:
    replaced, completed = wide["bot-being-replaced-0"], wide["completed-0"]
    assert (replaced["ATTEMPT"], replaced["ROOM"]) == ("2", "websocket")
    assert replaced["POD"].endswith("-2"), "the latest bot"
    assert replaced["REVISION"].startswith("backend-")
    assert replaced["JOINED"]
    assert replaced["FINISHED"] == ""
    assert completed["FINISHED"]
    assert wide["expired-1"]["EXPIRES"] == "2026-11-22T11:59:59Z"
    assert {row["CANDIDATE"] for row in wide.values()} == {EXTERNAL_ID}


def test_no_column_shows_a_name_or_a_secret(listed: dict[str, str]) -> None:
    for text in listed.values():
        assert "Ada" not in text
        assert "Lovelace" not in text
        assert "link" not in text.lower(), "nor where the link lies"
    assert EXTERNAL_ID not in listed["short"]
