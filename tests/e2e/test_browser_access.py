"""The candidate's pages for those who have no mouse, no wide screen, no steady network, or refused the microphone."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from support.browser import browser_context, enter_the_room, pass_the_check, tab_to, violations
from support.cluster import Hiring
from support.wait import until

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
ON_ITS_SIDE = {"width": 844, "height": 340}
ENLARGED = {"width": 320, "height": 256}  # 1280 x 1024 at 400 %, WCAG 1.4.10

LIVE = re.compile("Speaking|Listening")

# What lies outside the window's width, or a control that can't be hit with a finger (24 px, WCAG 2.5.8).
OUT_OF_PLACE = """
() => [...document.querySelectorAll("main *")].flatMap((element) => {
  const { left, right, width, height } = element.getBoundingClientRect();
  if (width === 0 || element.closest(".visually-hidden, .orb")) return [];
  const wide = left < -1 || right > document.documentElement.clientWidth + 1;
  const small = element.matches("button, select") && Math.min(width, height) < 24;
  return wide || small ? [`${element.outerHTML.slice(0, 120)} ${[left, right, width, height].map(Math.round)}`] : [];
})
"""


@pytest.fixture
def link(hiring: Hiring) -> str:
    """The link of an interview that waits for its candidate."""
    hiring.cluster.apply(hiring.template(start="OnArrival"), hiring.interview("ada"))
    hiring.wait_phase("ada", "Open")
    return hiring.link("ada")


@pytest.fixture
def page() -> Iterator[Page]:
    """A page with a microphone and a camera that are allowed."""
    with browser_context(viewport=DESKTOP) as context:
        yield context.new_page()


def test_the_keyboard_alone_leads_in_and_out_again(link: str, page: Page, tmp_path: Path) -> None:
    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    look(page, tmp_path / "welcome.png")
    tab_to(page, "consent-accept")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Check your sound")).to_be_focused()
    expect(page.get_by_test_id("join")).to_be_enabled(timeout=30_000)
    look(page, tmp_path / "check.png")
    tab_to(page, "join")
    page.keyboard.press("Enter")
    in_conversation(page)
    look(page, tmp_path / "room.png")
    tab_to(page, "mute")
    page.keyboard.press("Space")
    expect(page.get_by_test_id("mute")).to_have_accessible_name("Unmute")
    tab_to(page, "leave")
    page.keyboard.press("Enter")
    look(page, tmp_path / "leave.png")
    tab_to(page, "leave-confirm")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="You left the interview")).to_be_focused()
    look(page, tmp_path / "left.png")


def test_every_page_fits_a_phone(link: str, page: Page, tmp_path: Path) -> None:
    def fits(name: str) -> None:
        for number, size in enumerate((ON_ITS_SIDE, ENLARGED, PHONE)):
            page.set_viewport_size(size)  # type: ignore[arg-type] # a ViewportSize
            page.screenshot(path=tmp_path / f"{name}-{number}.png")
            assert page.evaluate(OUT_OF_PLACE) == [], f"{name} at {size}"

    page.set_viewport_size(PHONE)  # type: ignore[arg-type] # a ViewportSize
    page.goto(link)
    expect(page.get_by_test_id("welcome-page")).to_be_visible()
    fits("welcome")
    page.get_by_test_id("consent-accept").click()
    expect(page.get_by_test_id("join")).to_be_enabled(timeout=30_000)
    fits("check")
    page.get_by_test_id("join").click()
    in_conversation(page)
    fits("room")
    for size in (ON_ITS_SIDE, ENLARGED):
        page.set_viewport_size(size)  # type: ignore[arg-type] # a ViewportSize
        for test_id in ("interviewer-state", "captions", "leave"):
            part = page.get_by_test_id(test_id)
            part.scroll_into_view_if_needed()
            box = part.bounding_box()
            assert box is not None
            seen = min(box["y"] + box["height"], size["height"]) - max(0, box["y"])
            assert seen >= 20, f"{test_id} at {size}: {box}"


def test_a_refused_microphone_is_explained_and_can_be_allowed(link: str, tmp_path: Path) -> None:
    with browser_context(allowed=False, viewport=DESKTOP) as context:
        page = context.new_page()
        page.goto(link)
        page.get_by_test_id("consent-accept").click()
        page.get_by_test_id("allow-microphone").click()
        expect(page.get_by_role("alert")).to_contain_text("The microphone is blocked")
        expect(page.get_by_test_id("join")).to_be_disabled()
        expect(page.get_by_role("heading", level=2, name="Microphone")).to_be_focused()
        look(page, tmp_path / "refused.png")
        context.grant_permissions(["microphone"])
        page.get_by_test_id("retry").click()
        expect(page.get_by_test_id("join")).to_be_enabled()


def test_a_lost_network_is_come_back_from_and_a_second_tab_takes_over(link: str, page: Page, tmp_path: Path) -> None:
    page.goto(link)
    enter_the_room(page)
    in_conversation(page)
    captions = page.locator("[data-testid=captions] [data-speaker=interviewer]")
    until("a caption", lambda: captions.count() > 0, 30)
    page.context.set_offline(True)
    expect(page.get_by_test_id("interviewer-state")).to_have_text("Reconnecting…")
    expect(page.get_by_role("status").filter(has_text="The connection was lost")).to_be_visible()
    page.screenshot(path=tmp_path / "reconnecting.png")
    page.context.set_offline(False)
    in_conversation(page)
    assert captions.count() > 0, "what was said stays on the page"

    other = page.context.new_page()
    other.goto(link)
    pass_the_check(other)
    in_conversation(other)
    expect(page.get_by_test_id("elsewhere-page")).to_be_visible(timeout=20_000)
    page.screenshot(path=tmp_path / "elsewhere.png")
    expect(other.get_by_test_id("interviewer-state")).to_contain_text(LIVE)


def in_conversation(page: Page) -> None:
    """Wait until the page is connected to the interviewer."""
    expect(page.get_by_test_id("interviewer-state")).to_contain_text(LIVE, timeout=60_000)


def look(page: Page, screenshot: Path) -> None:
    """Keep a picture, and hold the page against WCAG."""
    page.screenshot(path=screenshot)
    assert violations(page) == []
