"""(b) An interview created through the API with `OnArrival`, held in headless Chromium."""

from pathlib import Path

import httpx
from playwright.sync_api import expect
from support.browser import browser_context, enter_the_room, listen, speak
from support.cluster import API, WEB, Hiring
from support.speech import ANSWERS, said_by, word_error_rate


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
