"""Headless Chromium with a microphone that speaks on cue, and Chromium's own fake camera."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from support.wait import until

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]

# The page asks for a microphone and gets one that plays what the test gives it, silence otherwise; the camera stays
# Chromium's. `--use-file-for-fake-audio-capture` would loop a file whatever the interviewer does.
MICROPHONE = """
(() => {
  const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  let context, out;
  const microphone = () => {
    context ??= new AudioContext();
    out ??= context.createMediaStreamDestination();
    return out.stream.getAudioTracks()[0].clone();
  };
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = wanted.video ? await real({ video: wanted.video }) : new MediaStream();
    if (wanted.audio) stream.addTrack(microphone());
    return stream;
  };
  window.__speak = async (wav) => {
    const bytes = Uint8Array.from(atob(wav), (c) => c.charCodeAt(0));
    microphone();
    const source = context.createBufferSource();
    source.buffer = await context.decodeAudioData(bytes.buffer);
    source.connect(out);
    await new Promise((done) => { source.onended = done; source.start(); });
  };
})();
"""


@contextmanager
def browser_context(**options: object) -> Iterator[BrowserContext]:
    """A browser context in which microphone and camera are allowed."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = browser.new_context(permissions=["microphone", "camera"], **options)  # type: ignore[arg-type] # passed on
        context.add_init_script(MICROPHONE)
        try:
            yield context
        finally:
            browser.close()


def speak(page: Page, wav: Path) -> None:
    """Say a WAV file into the page's microphone; returns when it has been said."""
    page.evaluate("wav => window.__speak(wav)", base64.b64encode(wav.read_bytes()).decode())


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
