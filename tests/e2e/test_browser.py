"""(b) An interview created through the API with `OnArrival`, held in headless Chromium."""

import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect
from support.browser import browser_context, speak
from support.cluster import API, WEB, Hiring
from support.speech import ANSWERS, said_by, word_error_rate
from support.wait import until


@pytest.fixture(scope="module")
def spoken_answers(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The answers as WAV files."""
    folder = tmp_path_factory.mktemp("answers")
    files = []
    for number, answer in enumerate(ANSWERS):
        script, out = folder / f"{number}.yaml", folder / f"{number}.wav"
        script.write_text(f"answers: ['{answer}']\n")
        command = [
            sys.executable,
            "-m",
            "parley_emulators.candidate",
            "mic",
            "--script",
            str(script),
            "--out",
            str(out),
        ]
        subprocess.run(command, check=True, timeout=60, capture_output=True)
        files.append(out)
    return files


def test_a_candidate_holds_the_interview_in_the_browser(
    hiring: Hiring, spoken_answers: list[Path], tmp_path: Path
) -> None:
    hiring.cluster.apply(hiring.template(start="OnArrival"))
    recruiter = hiring.bearer("recruiter", "create:interviews", "get:interviews", "get:interviews/link")
    with httpx.Client(base_url=f"{API}/v1/namespaces/{hiring.namespace}", headers=recruiter) as api:
        spec = {"templateRef": {"name": "engineer"}, "candidate": {"name": "Ada"}}
        assert api.post("/interviews", json={"name": "ada", "spec": spec}).status_code == 201
        hiring.wait_phase("ada", "Open")
        link = api.get("/interviews/ada/link").json()["url"]
    uid = hiring.uid("ada")
    assert link.startswith(f"{WEB}/join#")
    assert hiring.bots(uid) == [], "OnArrival provisions nothing before the candidate's consent"

    with browser_context(viewport={"width": 1280, "height": 800}) as context:
        page = context.new_page()
        strangers: list[str] = []
        ours = (WEB, API, API.replace("http", "ws"), "blob:", "data:")
        page.on("request", lambda r: None if r.url.startswith(ours) else strangers.append(r.url))
        page.goto(link)
        enter_the_room(page)
        try:
            for number, wav in enumerate(spoken_answers):
                listen(page, turn=number)
                speak(page, wav)
            expect(page.get_by_test_id("end-page")).to_be_visible(timeout=60_000)
        finally:
            page.screenshot(path=tmp_path / "last.png")
        assert strangers == []

    hiring.wait_phase("ada", "Completed")
    transcript = hiring.transcript(uid)
    assert all(q["asked"] for q in transcript["questions"])
    assert word_error_rate(" ".join(ANSWERS), said_by(transcript, "candidate")) < 0.15


def enter_the_room(page: Page) -> None:
    """Consent, the device check, and into the room."""
    page.get_by_test_id("consent-accept").click()
    expect(page.get_by_test_id("self-view")).to_be_visible(timeout=20_000)
    join = page.get_by_test_id("join")
    expect(join).to_be_enabled(timeout=60_000)
    join.click()
    expect(page.get_by_test_id("room")).to_be_visible(timeout=60_000)
    expect(page.get_by_test_id("self-view")).to_be_visible()


def listen(page: Page, turn: int) -> None:
    """Wait until the interviewer has said something new and is silent again."""
    captions = page.locator("[data-testid=captions] [data-speaker=interviewer]")
    until(f"caption {turn + 1} of the interviewer", lambda: captions.count() > turn, 60)
    expect(page.get_by_test_id("room")).to_have_attribute("data-speaking", "nobody", timeout=60_000)
    if turn:
        expect(page.locator("[data-testid=captions] [data-speaker=candidate]").first).to_be_visible()
