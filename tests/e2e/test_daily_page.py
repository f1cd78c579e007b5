"""(f) The page's part in a Daily room, in headless Chromium: what it joins with, and what it says when it can't.

The bot can't be in a room without Daily, so the answer of `POST /connect` and Daily's call bundle come from here; the
page, its Content-Security-Policy, daily-js and the interview are the installation's own.
"""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, Response, Route, expect
from support.browser import browser_context
from support.cluster import API, ROOT, WEB, Hiring
from support.wait import until

ROOM = "https://parley-emulator.daily.co/parley-driven"
BUNDLE = (ROOT / "tests/support/call_machine.js").read_text()


@dataclass
class DailyPage:
    """A candidate's page whose room is Daily's. `bundle` None: Daily's servers can't be reached."""

    page: Page
    bundle: str | None = BUNDLE
    tokens: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    def open(self, link: str) -> Response:
        """Open the link and go as far as into the room."""
        self.page.on("request", lambda request: self._note(request.url))
        self.page.route("**/join/v1/connect", self._connect)
        self.page.route("https://c.daily.co/**", self._load)
        opened = self.page.goto(link)
        assert opened is not None
        self.page.get_by_test_id("consent-accept").click()
        join = self.page.get_by_test_id("join")
        expect(join).to_be_enabled(timeout=60_000)
        join.click()
        return opened

    def joins(self, count: int = 1) -> list[dict[str, Any]]:
        """What daily-js asked the call bundle to join, once it has done so `count` times."""
        found: list[dict[str, Any]] = until(
            f"{count} joins", lambda: j if len(j := self.page.evaluate("window.__joins ?? []")) >= count else None, 30
        )
        return found

    def _connect(self, route: Route) -> None:
        self.tokens.append(f"token-{len(self.tokens) + 1}")
        route.fulfill(json={"room_url": ROOM, "token": self.tokens[-1]})

    def _load(self, route: Route) -> None:
        self.asked.append(route.request.url)
        if self.bundle is None:
            route.abort("blockedbyclient")
        else:
            route.fulfill(content_type="application/javascript", body=self.bundle)

    def _note(self, url: str) -> None:
        if not url.startswith((WEB, API, "https://c.daily.co/", "blob:", "data:")):
            self.elsewhere.append(url)


@pytest.fixture
def link(hiring: Hiring) -> str:
    """The link of an interview in a Daily room that waits for its candidate."""
    template = hiring.template(start="OnArrival", room={"provider": "daily"})
    hiring.cluster.apply(template, hiring.interview("ada"))
    hiring.wait_phase("ada", "Open")
    return hiring.link("ada")


@pytest.fixture
def daily() -> Iterator[DailyPage]:
    """A browser's page before it is opened."""
    with browser_context(viewport={"width": 1280, "height": 800}) as context:
        yield DailyPage(context.new_page())


def test_the_page_explains_that_daily_cannot_be_loaded_and_joins_when_it_can(
    link: str, daily: DailyPage, tmp_path: Path
) -> None:
    daily.bundle = None
    opened = daily.open(link)
    assert "https://c.daily.co" in directives(opened.headers["content-security-policy"])["script-src"]
    retry = daily.page.get_by_test_id("retry")
    expect(retry).to_be_visible(timeout=30_000)
    daily.page.screenshot(path=tmp_path / "blocked.png")
    told = daily.page.get_by_role("alert").or_(daily.page.get_by_role("status"))
    expect(told.filter(has_text="c.daily.co").first).to_be_visible()
    assert daily.tokens == ["token-1"], "what can't be loaded is not tried for ever"
    assert daily.page.evaluate("window.__joins") is None

    daily.bundle = BUNDLE
    daily.page.get_by_test_id("mute").click()
    retry.click()
    (join,) = daily.joins()
    assert join == {"url": ROOM, "token": "token-2", "startVideoOff": True, "startAudioOff": True}
    assert daily.page.evaluate("Object.keys(window._daily.instances).length") == 1, "the former call is gone"
    expect(retry).to_be_hidden()
    assert {url.rsplit("/", 1)[-1] for url in daily.asked} == {"call-machine-object-bundle.js"}
    assert daily.elsewhere == [], "daily-js tells nobody else of it"


def test_a_join_that_daily_refuses_is_tried_again_with_a_new_token(link: str, daily: DailyPage) -> None:
    daily.page.add_init_script("window.__refusals = 1")
    daily.open(link)
    assert [(join["url"], join["token"]) for join in daily.joins(2)] == [(ROOM, "token-1"), (ROOM, "token-2")]
    expect(daily.page.get_by_role("status").filter(has_text="We keep trying")).to_be_visible()


def test_a_tab_that_another_took_the_call_from_does_not_take_it_back(link: str, daily: DailyPage) -> None:
    daily.page.add_init_script("window.__eject = true")
    daily.open(link)
    expect(daily.page.get_by_test_id("elsewhere-page")).to_be_visible(timeout=30_000)
    until("the call to be gone", lambda: daily.page.evaluate("Object.keys(window._daily.instances).length") == 0, 10)
    assert daily.tokens == ["token-1"]


@pytest.mark.parametrize(
    "url", ['https://a\n\\"; add_header X "', "https://a.example\n", "https://a/path", "a.example", ""]
)
def test_an_address_that_is_no_origin_is_refused(tmp_path: Path, url: str) -> None:
    environment = {"PATH": os.environ["PATH"], "PARLEY_API_PUBLIC_URL": url, "PARLEY_WEB_DIR": str(tmp_path)}
    script = ["sh", ROOT / "web/nginx/entrypoint.sh", "--write-only"]
    done = subprocess.run(script, env=environment, check=False, timeout=10, capture_output=True, text=True)
    assert (done.returncode, list(tmp_path.iterdir())) == (2, [])
    assert "PARLEY_API_PUBLIC_URL" in done.stderr


@pytest.mark.parametrize("enabled", [True, False])
def test_the_policy_allows_daily_only_where_it_is_enabled(tmp_path: Path, enabled: bool) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "PARLEY_API_PUBLIC_URL": API,
        "PARLEY_DAILY_ENABLED": str(enabled).lower(),
        "PARLEY_WEB_DIR": str(tmp_path),
    }
    subprocess.run(["sh", ROOT / "web/nginx/entrypoint.sh", "--write-only"], env=environment, check=True, timeout=10)
    headers = (tmp_path / "headers.conf").read_text()
    policy = headers.split('Content-Security-Policy "', 1)[1].split('"', 1)[0]
    assert ("https://c.daily.co" in directives(policy)["script-src"]) is enabled
    assert ("daily.co" in policy) is enabled
    assert "unsafe-" not in policy
    if enabled:
        assert policy == httpx.get(f"{WEB}/join").headers["content-security-policy"], "what is installed has Daily"


def directives(policy: str) -> dict[str, list[str]]:
    """A Content-Security-Policy taken apart."""
    parts = (part.split() for part in policy.split(";") if part.strip())
    return {name: sources for name, *sources in parts}
