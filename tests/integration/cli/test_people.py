"""What people do by `parley`, as users with client certificates and as service accounts, and what they are refused."""

import json
import os
import pty
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from parley_protocol import EventBatch, NumberedEvent, Speaker, Turn, TurnSpoken
from support.api import Api, Cluster, Interviewed
from support.control_plane import ControlPlane
from support.documents import with_change
from support.wait import until

MakeInterview = Callable[..., Interviewed]
INTERVIEWS = {
    "apiGroups": ["parley.dev"],
    "resources": ["interviews", "interviewtemplates"],
    "verbs": ["create", "list", "get", "patch"],
}
SECRETS = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}
SNAPSHOTS = {"apiGroups": ["apps"], "resources": ["controllerrevisions"], "verbs": ["get"]}
TOKENS = {"apiGroups": [""], "resources": ["serviceaccounts/token"], "resourceNames": ["reader"], "verbs": ["create"]}
EXAMPLES = Path(__file__).parents[3] / "examples"


def test_create_list_and_cancel(person: Any, hiring: str, cluster: Cluster) -> None:
    shell = person(INTERVIEWS)
    words = ("create", "ada", "-n", hiring, "-t", "data-engineer", "--candidate", "Ada", "--start", "OnArrival")
    dry = shell.run(*words, "--dry-run", "server", "-o", "json")
    assert (dry.code, json.loads(dry.out)["spec"]["noShowSeconds"]) == (0, 900), dry.err
    assert shell.run("list", "-n", hiring).out == ""
    made = shell.run(*words)
    assert (made.code, made.out) == (0, "interview.parley.dev/ada created\n"), made.err
    again = shell.run(*words)
    assert again.code == 1
    assert "(409 AlreadyExists)" in again.err
    assert shell.run("list", "-n", hiring).out.splitlines()[1].split()[:3] == ["ada", "Pending", "data-engineer"]
    called_off = shell.run("cancel", "ada", "-n", hiring, "--yes", "-o", "json")
    path = f"/apis/parley.dev/v1alpha1/namespaces/{hiring}/interviews/ada"
    assert json.loads(called_off.out) == cluster.get(path), called_off.err
    assert cluster.get(path)["spec"]["cancel"] is True


def test_cancel_leaves_alone_what_was_made_anew_by_this_name(
    person: Any, hiring: str, cluster: Cluster, interview: MakeInterview
) -> None:
    made = interview("Open")
    terminal, stdin = pty.openpty()
    asking = person(INTERVIEWS).start("cancel", made.name, "-n", hiring, stdin=stdin)
    asked = ""
    while "for good?" not in asked:
        asked += asking.stderr.read(1)
    cluster.delete(made.path)
    kind = {"apiVersion": "parley.dev/v1alpha1", "kind": "Interview"}
    document = {**kind, "metadata": {"name": made.name}, "spec": {"templateRef": {"name": "data-engineer"}}}
    cluster.create(f"/apis/parley.dev/v1alpha1/namespaces/{hiring}/interviews", document)
    os.write(terminal, b"y\n")
    out, err = asking.communicate(timeout=60)
    for each in (terminal, stdin):
        os.close(each)
    assert (asking.returncode, out.strip()) == (1, ""), err
    assert f"{made.name} was replaced by another Interview of this name meanwhile: nothing was done" in err
    assert cluster.get(made.path)["spec"]["cancel"] is False


def test_create_from_a_file(person: Any, hiring: str) -> None:
    text = "---\n".join((EXAMPLES / name).read_text() for name in ("template.yaml", "interview.yaml"))
    shell = person(INTERVIEWS)
    done = shell.run("create", "-f", "-", "-n", hiring, "-o", "name", stdin=text.replace("hiring", hiring))
    assert done.out.split() == ["interviewtemplate.parley.dev/platform-engineer", "interview.parley.dev/ada"], done.err


def test_the_link(person: Any, hiring: str, cluster: Cluster, interview: MakeInterview) -> None:
    shell, made = person(INTERVIEWS, SECRETS), interview("Open")
    early = shell.run("link", made.name, "-n", hiring)
    assert (early.code, early.out, "has no link yet" in early.err) == (1, "", True)
    body = {"metadata": {"name": "itv-link"}, "stringData": {"url": "https://x.example/join#t"}}
    cluster.create(f"/api/v1/namespaces/{hiring}/secrets", body)
    cluster.patch(f"{made.path}/status", {"status": {"linkSecretName": "itv-link"}})
    assert shell.run("link", made.name, "-n", hiring).out == "https://x.example/join#t\n"
    assert json.loads(shell.run("link", made.name, "-n", hiring, "-o", "json").out)["url"] == "https://x.example/join#t"
    refused = person(INTERVIEWS).run("link", made.name, "-n", hiring)
    assert (refused.code, "refuses (403 Forbidden)" in refused.err) == (1, True)


def test_a_transcript_by_a_token_of_the_named_account(
    person: Any, hiring: str, api: Api, interview: MakeInterview, reader: str
) -> None:
    made = interview("Completed")
    folder = api.store / "interviews" / hiring / made.uid
    folder.mkdir(parents=True)
    (folder / "transcript.txt").write_text("Hello.\n")
    words = ("transcript", made.name, "-n", hiring, "--api-url", api.url)
    account = f"{hiring}/{reader}"
    done = person(TOKENS, PARLEY_SERVICE_ACCOUNT=account).run(*words)
    assert (done.code, done.out) == (0, "Hello.\n"), done.err
    nobody = person(TOKENS).run(*words)
    assert (nobody.code, "is no service account" in nobody.err) == (1, True)
    without = person(PARLEY_SERVICE_ACCOUNT=account).run(*words)
    assert (without.code, "you may not make tokens" in without.err) == (1, True)
    missing = person(TOKENS).run(*words, "--service-account", f"{hiring}/nobody")
    assert missing.code == 1
    assert "nobody" in missing.err


def test_the_recipe_for_an_account_makes_one_that_reads_all_that_people_read(
    person: Any, hiring: str, api: Api, cluster: Cluster, interview: MakeInterview
) -> None:
    made = interview("Completed")
    folder = api.store / "interviews" / hiring / made.uid
    folder.mkdir(parents=True)
    (folder / "transcript.txt").write_text("Hello.\n")
    somebody = person()
    words = (made.name, "-n", hiring, "--api-url", api.url)
    said = somebody.run("transcript", *words).err
    recipe = " ".join(said.split()).partition("To make one: ")[2].replace("NAMESPACE", hiring)
    user = said.split()[1]
    for command in recipe.replace("USER", user).split("; "):
        assert command.startswith("kubectl "), command
        cluster.plane.kubectl(*command.split()[1:])
    account = ("--service-account", f"{hiring}/parley-reader")
    done = somebody.run("transcript", *words, *account)
    assert (done.code, done.out) == (0, "Hello.\n"), done.err
    # That there is none is told to who may read it.
    none = somebody.run("recording", *words, *account, "-o", str(api.store / "ada.ogg"))
    assert "Parley's API refuses (404)" in none.err


def test_the_apis_refusal_is_told(person: Any, hiring: str, api: Api, interview: MakeInterview, reader: str) -> None:
    made = interview("InProgress")
    shell = person(TOKENS, PARLEY_SERVICE_ACCOUNT=f"{hiring}/{reader}", PARLEY_API_URL=api.url)
    done = shell.run("transcript", made.name, "-n", hiring)
    assert (done.code, "Parley's API refuses (409)" in done.err) == (1, True)


def test_watch_until_the_end(person: Any, hiring: str, api: Api, interview: MakeInterview, reader: str) -> None:
    made = interview("InProgress")
    turn = Turn(seq=0, speaker=Speaker.CANDIDATE, text="x", start_ms=0, end_ms=1, question_id="sql")
    event = NumberedEvent(n=1, at=datetime.now(UTC), at_ms=0, event=TurnSpoken(turn=turn))
    folder = api.store / "interviews" / hiring / made.uid / "events"
    folder.mkdir(parents=True)
    (folder / "0001-00000001.json").write_bytes(EventBatch(attempt=1, events=[event]).to_json())
    shell = person(INTERVIEWS, SNAPSHOTS, TOKENS, PARLEY_SERVICE_ACCOUNT=f"{hiring}/{reader}", PARLEY_API_URL=api.url)
    watching = shell.start("watch", made.name, "-n", hiring, "--timeout", "60")
    assert watching.stdout is not None
    lines: list[str] = []

    def heard() -> bool:
        lines.append(watching.stdout.readline())
        assert lines[-1], watching.communicate()
        return "question 2 of 2 (sql), 1 turn" in lines[-1]

    until("the turn is shown", heard, 60)
    made.operator_status("Completed")
    out, err = watching.communicate(timeout=60)
    assert (watching.returncode, err) == (0, "")
    assert out.splitlines()[-1].startswith(f"{made.name} is Completed")


def test_watch_for_programs(person: Any, hiring: str, interview: MakeInterview) -> None:
    made = interview("Open")
    watching = person(INTERVIEWS).start("watch", made.name, "-n", hiring, "--timeout", "60", "-o", "json")
    assert watching.stdout is not None
    first = json.loads(watching.stdout.readline())
    made.operator_status("Completed")
    out, err = watching.communicate(timeout=60)
    assert (watching.returncode, err.startswith(f"{made.name} is Completed")) == (0, True)
    told = [first, *map(json.loads, out.splitlines())]
    assert [each["status"]["phase"] for each in told] == ["Open", "Completed"]


def test_refused_rights_are_one_line(person: Any, hiring: str) -> None:
    done = person().run("list", "-n", hiring)
    assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)
    assert "refuses (403 Forbidden)" in done.err
    assert hiring in done.err


def test_a_server_that_is_gone(person: Any, tmp_path: Path, cluster: Cluster) -> None:
    text = cluster.plane.kubeconfig.read_text().replace(cluster.plane.url, "https://127.0.0.1:1")
    (tmp_path / "config").write_text(text)
    done = person().run("list", "--kubeconfig", str(tmp_path / "config"))
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert "can't be reached" in done.err


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("interview", "spec.window", {"notBefore": "2026-11-22T12:00:00Z", "expiresAt": "2026-11-22T13:00:00+02:00"}),
        ("interview", "spec.window", {"expiresAt": "9999-12-31T23:59:59Z"}),
        ("interview", "spec.noShowSeconds", "900"),
        ("interview", "spec.context", {}),
        ("interview", "spec.candidate", {"locale": "english!"}),
        ("interview", "spec.overrides", {"limits": {"durationSeconds": 60, "closingNoticeSeconds": 60}}),
        ("interview", "spec.template_ref", {"name": "x"}),
        ("interview", "spec.overrides", None),
        ("template", "spec.questions.1", {"id": "team", "text": "Again?"}),
        ("template", "spec.limits.durationSeconds", 60),
        ("template", "spec.room", {"geo": "eu-central-1"}),
        ("template", "spec.bot", {"resources": {"requests": {"cpu": 1}}}),
        ("template", "spec.facts", None),
        ("template", "metadata.name", "t" * 241),
    ],
)
def test_validate_says_what_the_api_server_says(
    person: Any, tmp_path: Path, control_plane: ControlPlane, crds: None, kind: str, path: str, value: Any
) -> None:
    document = with_change(yaml.safe_load((EXAMPLES / f"{kind}.yaml").read_text()), path, value)
    document["metadata"]["namespace"] = "default"
    (tmp_path / "m.yaml").write_text(yaml.safe_dump(document))
    command = ("create", "--dry-run=server", "--validate=strict", "-f", str(tmp_path / "m.yaml"))
    judged = control_plane.kubectl(*command, check=False)
    done = person().run("validate", str(tmp_path / "m.yaml"))
    assert done.code == (0 if judged.returncode == 0 else 1), (judged.stderr, done)
