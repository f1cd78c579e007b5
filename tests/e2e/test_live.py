"""(a) and (b) on the real services: Daily carries the call, Amazon Nova Sonic speaks. `make test-live` runs them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from support.browser import browser_context, enter_the_room, speak
from support.cluster import API, Cluster, Hiring, Json
from support.daily_candidate import daily_bridge
from support.live import live_installation, missing
from support.speech import ANSWERS, candidate, recognise, said_by, word_error_rate
from support.wait import until

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]

MOST_WORD_ERRORS = 0.15
ENOUGH = [*ANSWERS, *ANSWERS[-1:] * 3]
"""More than are planned for: the real model may ask one thing twice."""


@pytest.fixture(scope="module", autouse=True)
def real_services(cluster: Cluster) -> Iterator[None]:
    if lines := missing():
        pytest.fail("\n".join(lines), pytrace=False)
    with live_installation(cluster):
        yield


def test_an_interview_over_daily_is_spoken_and_written_down(hiring: Hiring, tmp_path: Path) -> None:
    hiring.cluster.apply(hiring.template(room={"provider": "daily"}), hiring.interview("ada"))
    uid = hiring.uid("ada")
    hiring.wait_phase("ada", "Ready", seconds=90)
    with daily_bridge(API) as api, candidate(hiring.link("ada"), ENOUGH, tmp_path, api=api) as talk:
        print(talk.finish(seconds=600))
    transcript = completed(hiring, uid, ENOUGH[: talk.summary["answers_given"]])
    heard = recognise(talk.recording)
    assert word_error_rate(said_by(transcript, "interviewer"), heard) < MOST_WORD_ERRORS, heard


def test_an_interview_over_daily_in_the_browser(hiring: Hiring, spoken_answers: list[Path], tmp_path: Path) -> None:
    template = hiring.template(room={"provider": "daily"}, start="OnArrival")
    hiring.cluster.apply(template, hiring.interview("ada"))
    uid = hiring.uid("ada")
    hiring.wait_phase("ada", "Open")
    with browser_context(viewport={"width": 1280, "height": 800}) as context:
        page = context.new_page()
        page.goto(hiring.link("ada"))
        enter_the_room(page)
        try:
            captions, given = 0, 0
            for wav in [*spoken_answers, *spoken_answers[-1:] * (len(ENOUGH) - len(ANSWERS))]:
                if not my_turn(page, captions):
                    break
                captions, given = page.locator(INTERVIEWER).count(), given + 1
                speak(page, wav)
            expect(page.get_by_test_id("end-page")).to_be_visible(timeout=60_000)
        finally:
            page.screenshot(path=tmp_path / "last.png")
    completed(hiring, uid, ENOUGH[:given])


INTERVIEWER = "[data-testid=captions] [data-speaker=interviewer]"


def my_turn(page: Page, captions: int) -> bool:
    """Wait until the interviewer has said more than `captions` and is silent; False when the interview is over."""
    room, end = page.get_by_test_id("room"), page.get_by_test_id("end-page")

    def silent() -> bool:
        said = page.locator(INTERVIEWER)
        # A caption is shown before its sound is heard: it is said when it is no longer open.
        spoken = said.count() > captions and said.last.locator(".line--open").count() == 0
        return spoken and room.get_attribute("data-speaking") == "nobody"

    until("the interviewer has spoken", lambda: end.is_visible() or silent(), 90)
    return not end.is_visible()


def completed(hiring: Hiring, uid: str, given: list[str]) -> Json:
    """The transcript of an interview that asked every question and understood the answers given; nothing is left."""
    interview = hiring.wait_phase("ada", "Completed", seconds=60)
    assert interview["status"]["session"]["reason"] == "Completed"
    transcript = hiring.transcript(uid)
    assert all(question["asked"] for question in transcript["questions"])
    answers = said_by(transcript, "candidate")
    assert word_error_rate(" ".join(given), answers) < MOST_WORD_ERRORS, answers
    until("everything temporary is gone", lambda: not hiring.leftovers(uid), 30)
    return transcript
