"""The token that is made for Parley's API, where it is sent, and what comes back."""

import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from parley_cli.cluster import forward
from parley_cli.cluster.forward import PodTransport, ready_pod
from parley_cli.cluster.parley_api import ServerEvent, check_url, parse_events
from parley_cli.cluster.token import ServiceAccount, account_of, choose_account, parse_account
from parley_cli.cluster.turn_feed import TurnFeed
from parley_cli.errors import CliError
from parley_cli.turns import Turns
from support.wait import until

ADA = "/apis/parley.dev/v1alpha1/namespaces/hiring/interviews/ada"
REVIEW = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
TOKENS = "/api/v1/namespaces/hiring/serviceaccounts/reader/token"
TRANSCRIPT = "/v1/namespaces/hiring/interviews/ada/transcript"


def known_as(name: str) -> dict[str, Any]:
    return {"status": {"userInfo": {"username": name}}}


@pytest.fixture
def ready(stub: Any) -> Any:
    """A server that knows the caller as a service account and makes its token."""
    stub.answer(REVIEW, known_as("system:serviceaccount:hiring:reader"))
    stub.answer(TOKENS, {"status": {"token": "for-parley"}})
    return stub


def test_transcript(run: Any, ready: Any) -> None:
    ready.answer(TRANSCRIPT, 503, "Hello.\r\n\u00e9".encode())
    done = run("transcript", "ada", "--format", "vtt", "--api-url", ready.url)
    assert (done.code, done.out, done.err) == (0, "Hello.\r\n\u00e9", "")
    token = next(asked for asked in ready.asked if asked.path == TOKENS)
    assert token.body["spec"] == {"audiences": ["parley"], "expirationSeconds": 600}
    sent = ready.asked[-1]
    assert sent.query == "format=vtt"
    # The kubeconfig's own credentials open the cluster: Parley's API never sees them.
    assert sent.headers["Authorization"] == "Bearer for-parley"


DOCUMENT = '{"turns": [{"text": "Zo\u00eb"}],  "version": 1}\n'.encode()
"""As the API might write one, odd blanks included."""


@pytest.mark.parametrize("words", [("-o", "json"), ("--output", "json", "--format", "json"), ("--format", "json")])
def test_a_transcript_for_programs_is_the_document_byte_for_byte(run: Any, ready: Any, words: tuple[str, ...]) -> None:
    ready.answer(TRANSCRIPT, DOCUMENT)
    done = run("transcript", "ada", *words, "--api-url", ready.url)
    assert (done.code, done.out, done.err) == (0, DOCUMENT.decode(), "")
    assert ready.asked[-1].query == "format=json"


@pytest.mark.parametrize("words", [(), ("--format", "json")])
def test_a_transcript_as_yaml_is_the_same_document(run: Any, ready: Any, words: tuple[str, ...]) -> None:
    ready.answer(TRANSCRIPT, DOCUMENT)
    done = run("transcript", "ada", "-o", "yaml", *words, "--api-url", ready.url)
    assert (done.code, done.out, done.err) == (0, "turns:\n- text: Zoë\nversion: 1\n", "")
    assert ready.asked[-1].query == "format=json"


@pytest.mark.parametrize("form", ["vtt", "txt"])
def test_a_transcript_has_one_form(run: Any, stub: Any, form: str) -> None:
    done = run("transcript", "ada", "-o", "yaml", "--format", form)
    assert (done.code, done.out, stub.asked) == (2, "", [])
    assert f"--format {form} and -o yaml contradict each other" in done.err


def test_a_transcript_as_yaml_that_is_no_document(run: Any, ready: Any) -> None:
    ready.answer(TRANSCRIPT, b"<html>a proxy</html>")
    done = run("transcript", "ada", "-o", "yaml", "--api-url", ready.url)
    assert (done.code, done.out) == (1, "")
    assert "Parley's API answered with no JSON" in done.err


RECORDING = "/v1/namespaces/hiring/interviews/ada/recording"


def test_recording(run: Any, ready: Any, tmp_path: Path) -> None:
    ready.answer(RECORDING, b"OggS" * 100_000)
    file = tmp_path / "ada.ogg"
    done = run("recording", "ada", "-o", str(file), "--api-url", ready.url)
    assert (done.code, done.err) == (0, "")
    assert file.read_bytes() == b"OggS" * 100_000
    assert ready.asked[-1].headers["Authorization"] == "Bearer for-parley"


def test_a_recording_that_is_refused_leaves_what_was_there(run: Any, ready: Any, tmp_path: Path) -> None:
    ready.answer(RECORDING, 404)
    file = tmp_path / "ada.ogg"
    file.write_bytes(b"before")
    done = run("recording", "ada", "-o", str(file), "--api-url", ready.url)
    assert done.code == 1
    assert "Parley's API refuses (404)" in done.err
    assert [each.name for each in tmp_path.glob("*.ogg*")] == ["ada.ogg"]
    assert file.read_bytes() == b"before"
    nowhere = run("recording", "ada", "-o", str(tmp_path / "no" / "ada.ogg"), "--api-url", ready.url)
    assert (nowhere.code, nowhere.err.count("\n")) == (1, 1)
    assert "can't be written" in nowhere.err


def test_a_refusal_of_the_api_is_its_own_words(run: Any, ready: Any) -> None:
    ready.answer(TRANSCRIPT, b'{"detail": "made when it has ended"}', 409)
    ready.answers[TRANSCRIPT].pop(0)
    done = run("transcript", "ada", "--api-url", ready.url)
    assert (done.code, done.out) == (1, "")
    assert "Parley's API refuses (409)" in done.err
    assert "for-parley" not in done.err


def test_an_account_that_is_named_is_used(run: Any, ready: Any) -> None:
    ready.answer(TRANSCRIPT, b"text")
    assert run("transcript", "ada", "--api-url", ready.url, "--service-account", "hiring/reader").out == "text"
    assert REVIEW not in [asked.path for asked in ready.asked]


@pytest.mark.parametrize(
    ("status", "words"), [(403, "you may not make tokens of the service account hiring/reader"), (404, "there is no")]
)
def test_a_token_that_is_refused(run: Any, ready: Any, status: int, words: str) -> None:
    ready.answer(TOKENS, status)
    done = run("transcript", "ada", "--api-url", ready.url)
    assert done.code == 1
    assert words in done.err
    assert "kubectl -n hiring create" in done.err


def test_a_person_is_told_how_to_make_an_account(run: Any, stub: Any) -> None:
    stub.answer(REVIEW, known_as("ada@example.com"))
    done = run("transcript", "ada", "--api-url", stub.url)
    assert done.code == 1
    for words in ("ada@example.com is no service account", "--service-account", "create rolebinding"):
        assert words in done.err


def test_accounts() -> None:
    reader = ServiceAccount("hiring", "reader")
    assert account_of("system:serviceaccount:hiring:reader") == reader
    assert account_of("system:node:one") is None
    assert choose_account("hiring/reader", "ada") == reader
    for text in ("reader", "/reader", "hiring/", "a/b/c"):
        with pytest.raises(CliError, match="NAMESPACE/NAME"):
            parse_account(text)


@pytest.mark.parametrize(
    "url", ["https://x.example.com/", "http://localhost:1", "http://[::1]:1", "http://parley-api.parley.svc"]
)
def test_where_a_token_may_go(url: str) -> None:
    assert check_url(url) == url.rstrip("/")


@pytest.mark.parametrize(
    "url", ["http://x.example.com", "x.example.com", "ftp://x", "https://me:pw@x", "https://x?a=b"]
)
def test_where_it_may_not_go(url: str) -> None:
    with pytest.raises(CliError, match="--api-url"):
        check_url(url)


def test_an_api_that_is_not_there(run: Any, ready: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley_cli.cluster.parley_api.PAUSE_SECONDS", 0.0)
    done = run("transcript", "ada", "--api-url", "http://127.0.0.1:1")
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert "Parley's API can't be reached" in done.err


def pod(name: str, ready: str = "True", **metadata: Any) -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": ready}]
    return {"metadata": {"name": name, **metadata}, "status": {"conditions": conditions}}


def test_which_pod() -> None:
    assert ready_pod([pod("c", deletionTimestamp="x"), pod("b"), pod("a", "False"), pod("d")]) == "b"
    assert ready_pod([]) is None


def test_no_pod_of_the_api(run: Any, ready: Any) -> None:
    ready.answer("/api/v1/namespaces/parley/pods", {"items": [pod("a", "False")]})
    assert "no pod of Parley's API is ready in namespace parley" in run("transcript", "ada").err


class Forward:
    """A port-forward whose other end is in the test's hands."""

    def __init__(self, answer: Callable[[socket.socket], None]) -> None:
        self.near, far = socket.socketpair()
        threading.Thread(target=answer, args=(far,), daemon=True).start()

    def socket(self, _port: int) -> socket.socket:
        return self.near


def through(answer: Callable[[socket.socket], None], monkeypatch: pytest.MonkeyPatch) -> httpx.Client:
    monkeypatch.setattr(forward, "portforward", lambda *_, **__: Forward(answer))
    kube: Any = type("Kube", (), {"client": None})()
    return httpx.Client(base_url="http://parley-api", transport=PodTransport(kube, "parley", "api-1"), timeout=1)


def test_http_through_a_port_forward(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[bytes] = []

    def answer(far: socket.socket) -> None:
        heard.append(far.recv(4096))
        far.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        far.close()

    got = through(answer, monkeypatch).get("/v1/x", params={"format": "txt"}, headers={"Authorization": "Bearer t"})
    assert (got.status_code, got.text) == (200, "abcde")
    assert heard[0].startswith(b"GET /v1/x?format=txt HTTP/1.1\r\n")
    assert b"authorization: Bearer t\r\n" in heard[0].lower().replace(b"bearer t", b"Bearer t")


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", b"nonsense\r\n\r\n"])
def test_a_port_forward_that_breaks(monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    def answer(far: socket.socket) -> None:
        far.recv(4096)
        far.sendall(sent)
        far.close()

    with pytest.raises(httpx.TransportError):
        through(answer, monkeypatch).get("/v1/x")


def test_a_port_forward_that_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[socket.socket] = []
    with pytest.raises(httpx.TransportError, match="api-1"):
        through(kept.append, monkeypatch).get("/v1/x", timeout=0.05)


def test_events() -> None:
    lines = [": ping", "", "event: turn", "id: 1.2", "data: {}", "", "data: a", "data:b", "", "event: lost"]
    assert list(parse_events(iter(lines))) == [ServerEvent("turn", "{}", "1.2"), ServerEvent("message", "a\nb", "")]


def turn(seq: int, question: str | None = None) -> dict[str, Any]:
    return {"attempt": 1, "turn": {"seq": seq, "speaker": "candidate", "text": "x", "questionId": question}}


def test_turns_in_any_order_and_twice() -> None:
    turns = Turns()
    for stored in (turn(0), turn(2, "b"), turn(1, "a"), turn(2, "b"), turn(3), {"turn": None}):
        turns = turns.heard(stored)
    assert (len(turns.seen), turns.question) == (4, "b")


def test_the_feed_goes_on_where_it_broke(stub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from parley_cli.cluster.parley_api import ParleyApi
    from parley_cli.cluster.token import Token

    monkeypatch.setattr("parley_cli.cluster.turn_feed.PAUSE_SECONDS", 0.0)
    first = b'event: turn\nid: 1.1\ndata: {"turn": {"seq": 0, "questionId": "a"}}\n\n'
    then = b'event: turn\nid: 1.2\ndata: {"turn": {"seq": 1}}\n\nevent: end\ndata: {}\n\n'
    stub.answer("/v1/namespaces/hiring/interviews/ada/events", first, 503, then)
    token = Token(ServiceAccount("hiring", "reader"), "t")
    feed = TurnFeed(lambda: ParleyApi.at(stub.url, token), "hiring", "ada")
    feed.start()
    until("both turns", lambda: len(feed.turns.seen) == 2, 5)
    feed.stop(5)
    assert (feed.turns.question, feed.trouble) == ("a", "")
    assert [asked.headers.get("Last-Event-ID") for asked in stub.asked] == [None, "1.1", "1.1"]


def test_the_feed_gives_up_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley_cli.cluster.turn_feed.PAUSE_SECONDS", 0.0)
    tries: list[int] = []

    def refused() -> Any:
        tries.append(1)
        raise CliError("no account")

    feed = TurnFeed(refused, "hiring", "ada")
    feed.start()
    feed.stop(5)
    assert (len(tries), feed.trouble) == (5, "turns are not shown: no account")
