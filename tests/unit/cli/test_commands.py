"""The commands on a server that answers as an API server would: what is sent, printed, and said when it fails."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from parley_crds.names import child_name, pod_name

BASE = "/apis/parley.dev/v1alpha1/namespaces/hiring"
ADA = f"{BASE}/interviews/ada"
MakeInterview = Callable[..., dict[str, Any]]


def page(*items: dict[str, Any], more: str = "") -> dict[str, Any]:
    return {"items": list(items), "metadata": {"continue": more} if more else {}}


def test_list_reads_every_page(run: Any, stub: Any, interview: MakeInterview) -> None:
    stub.answer(f"{BASE}/interviews", page(interview("a"), more="x"), page(interview("b", "Open")))
    done = run("list")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0].split() == ["NAME", "PHASE", "TEMPLATE", "CANDIDATE", "EXPIRES", "AGE"]
    assert [line.split()[:2] for line in lines[1:]] == [["a", "Pending"], ["b", "Open"]]
    assert "continue=x" in stub.asked[1].query


def test_list_for_programs(run: Any, stub: Any, interview: MakeInterview) -> None:
    stub.answer("/apis/parley.dev/v1alpha1/interviews", page(interview("a")))
    assert run("list", "-A", "-o", "name").out == "interview.parley.dev/a\n"
    assert json.loads(run("list", "-A", "-o", "json").out)["items"] == [interview("a")]
    assert yaml.safe_load(run("list", "-A", "-o", "yaml").out)["kind"] == "List"
    assert "REASON" in run("list", "-A", "-o", "wide").out


def test_an_empty_list_prints_nothing_into_a_pipe(run: Any, stub: Any) -> None:
    stub.answer(f"{BASE}/interviews", page())
    done = run("list")
    assert (done.out, done.err) == ("", "No interviews in namespace hiring.\n")


def test_names_can_not_move_the_cursor(run: Any, stub: Any, interview: MakeInterview) -> None:
    bad = interview("a")
    bad["spec"]["candidate"]["name"] = "\x1b[2JAda"
    stub.answer(f"{BASE}/interviews", page(bad))
    assert "\x1b" not in run("list").out


@pytest.mark.parametrize(
    ("words", "namespace"), [(("-n", "sales"), "sales"), (("--context", "bare"), "default"), ((), "hiring")]
)
def test_which_namespace(run: Any, stub: Any, words: tuple[str, ...], namespace: str) -> None:
    stub.answer(f"/apis/parley.dev/v1alpha1/namespaces/{namespace}/interviews", page())
    assert run("list", *words).code == 0


def test_what_may_pass_is_tried_again(run: Any, stub: Any) -> None:
    stub.answer(f"{BASE}/interviews", 503, None, 429, page())
    assert run("list").code == 0
    assert len(stub.asked) == 4


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (403, "refuses (403 Failed): on purpose. Ask for a Role"),
        (401, "log in anew"),
        (404, "run `parley doctor`"),
        (503, "try again in a minute"),
        (None, "can't be reached"),
        (b"<html>a proxy</html>", "can't be reached: its answer broke off"),
    ],
)
def test_a_refusal_is_one_line(run: Any, stub: Any, answer: Any, words: str) -> None:
    stub.answer(f"{BASE}/interviews", answer)
    done = run("list")
    assert (done.code, done.out) == (1, "")
    assert done.err.count("\n") == 1
    assert words in done.err
    assert "of-the-kubeconfig" not in done.err


def test_a_server_that_is_not_there(run: Any, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text((tmp_path / "kubeconfig").read_text().replace("http://127.0.0.1:", "http://127.0.0.1:1/"))
    done = run("list", "--kubeconfig", str(other))
    assert done.code == 1
    assert "the API server can't be reached" in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("words", [("--kubeconfig", "/nowhere/config"), ("--context", "none")])
def test_no_usable_kubeconfig(run: Any, words: tuple[str, ...]) -> None:
    done = run("list", *words)
    assert done.code == 1
    assert "no usable kubeconfig" in done.err


def test_create_from_flags(run: Any, stub: Any, interview: MakeInterview) -> None:
    stub.answer(f"{BASE}/interviews", interview())
    done = run("create", "ada", "-t", "data-engineer", "--candidate", "Ada", "--label", "team=data", "--dry-run=server")
    assert (done.code, done.out) == (0, "interview.parley.dev/ada would be created (dry run)\n")
    (asked,) = stub.asked
    assert asked.query == "fieldManager=parley-cli&fieldValidation=Strict&dryRun=All"
    assert asked.body == {
        "apiVersion": "parley.dev/v1alpha1",
        "kind": "Interview",
        "metadata": {"name": "ada", "labels": {"team": "data"}},
        "spec": {"templateRef": {"name": "data-engineer"}, "candidate": {"name": "Ada"}},
    }


@pytest.mark.parametrize(
    ("words", "expected", "code"),
    [
        (("ada",), "--template is needed", 2),
        (("-t", "x"), "exactly one of NAME and --generate-name", 2),
        (("Ada", "-t", "x"), "metadata.name: must be lower-case", 1),
        (("ada", "-t", "x", "--expires-at", "soon"), "spec.window.expiresAt: must be a time", 1),
        (("ada", "-t", "x", "--label", "team"), "--label: 'team' is not KEY=VALUE", 2),
        (("ada", "-f", "x.yaml"), "-f stands alone", 2),
    ],
)
def test_create_refuses_before_it_sends(run: Any, stub: Any, words: tuple[str, ...], expected: str, code: int) -> None:
    done = run("create", *words)
    assert (done.code, stub.asked) == (code, [])
    assert expected in done.err


def test_create_is_sent_once_where_nobody_knows_whether_it_was_done(run: Any, stub: Any) -> None:
    stub.answer(f"{BASE}/interviews", None)
    done = run("create", "ada", "-t", "x")
    assert len(stub.asked) == 1
    assert "Whether it was created is not known" in done.err


def test_create_from_files_creates_nothing_where_one_is_bad(run: Any, stub: Any, tmp_path: Path) -> None:
    good = "apiVersion: parley.dev/v1alpha1\nkind: Interview\nmetadata: {name: a}\nspec: {templateRef: {name: x}}\n"
    (tmp_path / "f.yaml").write_text(f"{good}---\n{good.replace('name: a', 'name: b').replace('spec', 'sepc')}")
    done = run("create", "-f", str(tmp_path / "f.yaml"))
    assert (done.code, stub.asked) == (1, [])
    assert "did you mean spec?" in done.err


def test_link_prints_the_url_alone(run: Any, stub: Any, interview: MakeInterview) -> None:
    stub.answer(ADA, interview(phase="Open", linkSecretName="itv-ada-link"))
    data = {"url": base64.b64encode(b"https://x/join#token").decode()}
    stub.answer("/api/v1/namespaces/hiring/secrets/itv-ada-link", {"metadata": {"name": "itv-ada-link"}, "data": data})
    done = run("link", "ada")
    assert (done.code, done.out, done.err) == (0, "https://x/join#token\n", "")


def test_link_for_programs(run: Any, stub: Any, interview: MakeInterview) -> None:
    stub.answer(ADA, interview(phase="Open", linkSecretName="itv-ada-link"))
    data = {"url": base64.b64encode(b"https://x/join#token").decode()}
    stub.answer("/api/v1/namespaces/hiring/secrets/itv-ada-link", {"metadata": {"name": "itv-ada-link"}, "data": data})
    expected = {"namespace": "hiring", "name": "ada", "secretName": "itv-ada-link", "url": "https://x/join#token"}
    done = run("link", "ada", "-o", "json")
    assert (done.code, json.loads(done.out), done.err) == (0, expected, "")
    assert yaml.safe_load(run("link", "ada", "-o", "yaml").out) == expected


@pytest.mark.parametrize(
    ("phase", "status", "expected"),
    [
        ("Completed", {"linkSecretName": "x"}, "is Completed: its link is gone"),
        (
            "Pending",
            {"conditions": [{"type": "Accepted", "status": "False", "reason": "NoTemplate", "message": "none by x"}]},
            "has no link yet (NoTemplate: none by x)",
        ),
        (None, {}, "the operator has not seen it"),
        ("Open", {"linkSecretName": "gone"}, "the link of ada is gone"),
        ("Open", {"linkSecretName": "gone"}, "within some ten minutes. Raise spec.linkEpoch"),
    ],
)
def test_no_link(
    run: Any, stub: Any, interview: MakeInterview, phase: str | None, status: dict[str, Any], expected: str
) -> None:
    stub.answer(ADA, interview(phase=phase, **status))
    done = run("link", "ada")
    assert (done.code, done.out) == (1, "")
    assert expected in done.err


def test_a_link_secret_without_its_link(run: Any, stub: Any, interview: MakeInterview) -> None:
    stub.answer(ADA, interview(phase="Open", linkSecretName="itv-ada-link"))
    stub.answer("/api/v1/namespaces/hiring/secrets/itv-ada-link", {"metadata": {"name": "itv-ada-link"}, "data": {}})
    done = run("link", "ada")
    assert (done.code, done.out) == (1, "")
    assert "itv-ada-link holds no url: the operator puts the same link back" in done.err


def test_cancel(run: Any, stub: Any, interview: MakeInterview) -> None:
    stub.answer(ADA, interview(phase="Open"))
    done = run("cancel", "ada", "--yes")
    assert (done.code, done.out) == (0, "ada is called off\n")
    assert stub.asked[-1].method == "PATCH"
    assert stub.asked[-1].body == {"metadata": {"uid": "u-1"}, "spec": {"cancel": True}}


def test_cancel_for_programs(run: Any, stub: Any, interview: MakeInterview) -> None:
    changed = interview(phase="Open")
    changed["spec"]["cancel"] = True
    stub.answer(ADA, interview(phase="Open"), changed)
    done = run("cancel", "ada", "--yes", "-o", "json")
    assert (done.code, json.loads(done.out), done.err) == (0, changed, "")
    again = run("cancel", "ada", "--yes", "-o", "yaml")
    assert (again.code, yaml.safe_load(again.out), again.err) == (0, changed, "ada was called off already.\n")


def test_cancel_asks(run: Any, stub: Any, interview: MakeInterview) -> None:
    stub.answer(ADA, interview(phase="Open"))
    done = run("cancel", "ada")
    assert (done.code, [asked.method for asked in stub.asked]) == (2, ["GET"])
    assert "Say --yes" in done.err


def test_cancel_of_one_that_is_over(run: Any, stub: Any, interview: MakeInterview) -> None:
    stub.answer(ADA, interview(phase="Failed"))
    assert "is Failed already" in run("cancel", "ada", "--yes").err


def test_logs_of_the_latest_bot(run: Any, stub: Any, interview: MakeInterview) -> None:
    stub.answer(ADA, interview(phase="InProgress", attempts={"current": 2}))
    pods = "/api/v1/namespaces/parley-bots/pods"
    child = child_name("ada", "u-1")
    stub.answer(f"{pods}/{pod_name(child, 2)}/log", b"a line\n")
    done = run("logs", "ada", "--tail", "5")
    assert (done.code, done.out) == (0, "a line\n")
    assert stub.asked[-1].query == "container=bot&tailLines=5"
    assert "are gone" in run("logs", "ada", "--attempt", "1").err
    assert "had 2 bots only" in run("logs", "ada", "--attempt", "3").err


def test_logs_of_one_without_a_bot(run: Any, stub: Any, interview: MakeInterview) -> None:
    stub.answer(ADA, interview(phase="Open"))
    assert "had no bot yet" in run("logs", "ada").err


@pytest.mark.parametrize(("phase", "code"), [("Completed", 0), ("Failed", 3), ("Cancelled", 4), ("Expired", 5)])
def test_watch_ends_with_the_interview(
    run: Any, stub: Any, interview: MakeInterview, monkeypatch: pytest.MonkeyPatch, phase: str, code: int
) -> None:
    monkeypatch.setattr("parley_cli.commands.watch.EVERY_SECONDS", 0.0)
    over = interview(phase=phase, conditions=[{"type": "Joinable", "status": "False", "reason": "Because"}])
    stub.answer(ADA, interview(phase="Open"), 503, interview(phase="InProgress"), over)
    done = run("watch", "ada", "--no-turns")
    assert done.code == code
    lines = done.out.splitlines()
    assert lines[:2] == ["Open", "InProgress"]
    assert lines[-1] == f"ada is {phase} (Because)"


def test_watch_for_programs(run: Any, stub: Any, interview: MakeInterview, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley_cli.commands.watch.EVERY_SECONDS", 0.0)
    states = [interview(phase=phase) for phase in ("Open", "InProgress", "Completed")]
    waiting, talking, over = states
    stub.answer(ADA, waiting, waiting, talking, talking, over)
    done = run("watch", "ada", "-o", "json")
    assert (done.code, done.err) == (0, "ada is Completed\n")
    assert [json.loads(each) for each in done.out.splitlines()] == states
    # No token is asked for: the turns are not in it.
    assert {asked.path for asked in stub.asked} == {ADA}
    stub.answer(ADA, waiting, 404)
    done = run("watch", "ada", "-o", "yaml")
    assert (done.code, done.err) == (6, "ada was deleted\n")
    assert done.out.startswith("---\n")
    assert list(yaml.safe_load_all(done.out)) == [waiting]


@pytest.mark.parametrize("command", ["list", "watch", "link", "cancel", "doctor", "transcript"])
def test_a_form_that_there_is_not(run: Any, stub: Any, command: str) -> None:
    done = run(command, *() if command in ("list", "doctor") else ("ada",), "-o", "xml")
    assert (done.code, done.out, stub.asked) == (2, "", [])
    words = " ".join(done.err.replace("│", " ").split())
    assert "Invalid value for '--output'" in words
    assert "'xml' is not one of 'json', 'yaml'" in words


@pytest.mark.parametrize("then", [404, {"metadata": {"uid": "another"}}])
def test_watch_of_one_that_is_deleted(
    run: Any, stub: Any, interview: MakeInterview, monkeypatch: pytest.MonkeyPatch, then: Any
) -> None:
    monkeypatch.setattr("parley_cli.commands.watch.EVERY_SECONDS", 0.0)
    stub.answer(ADA, interview(phase="Open"), then)
    done = run("watch", "ada", "--no-turns")
    assert (done.code, "was deleted" in done.out) == (6, True)


def test_watch_gives_up(run: Any, stub: Any, interview: MakeInterview) -> None:
    stub.answer(ADA, interview(phase="Open"))
    done = run("watch", "ada", "--no-turns", "--timeout", "0")
    assert (done.code, done.out.splitlines()[-1]) == (7, "ada is Open still")


def test_it_knows_its_name_as_a_plugin(run: Any, stub: Any) -> None:
    assert run("list", program="/usr/bin/kubectl-parley").err.startswith("kubectl parley: ")


@pytest.mark.parametrize(
    "command", ["create", "list", "watch", "link", "transcript", "logs", "cancel", "validate", "doctor"]
)
def test_every_command_has_help(run: Any, command: str) -> None:
    done = run(command, "--help")
    assert done.code == 0
    assert "Usage: parley" in done.out
    assert "\x1b[" not in done.out
