"""Headless Chromium with a microphone that speaks on cue, and Chromium's own fake camera."""

import base64
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from support.cluster import ROOT
from support.wait import until

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
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
    await context.resume();
    const source = context.createBufferSource();
    source.buffer = await context.decodeAudioData(bytes.buffer);
    source.connect(out);
    await new Promise((done) => { source.onended = done; source.start(); });
  };
})();
"""


AXE = ROOT / "web/node_modules/axe-core/axe.min.js"
AXE_RULES = """
async () => {
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const { violations } = await axe.run({ runOnly: tags });
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}
"""


@contextmanager
def browser_context(*, allowed: bool = True, **options: object) -> Iterator[BrowserContext]:
    """A browser context in which microphone and camera are allowed, and the microphone is ours; or both are refused."""
    with sync_playwright() as playwright:
        # This flag says yes to every question, whatever a context's own permissions are.
        flags = [*FLAGS, "--use-fake-ui-for-media-stream"] if allowed else FLAGS
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        permissions = ["microphone", "camera"] if allowed else []
        context = browser.new_context(permissions=permissions, **options)  # type: ignore[arg-type] # passed on
        if allowed:
            context.add_init_script(MICROPHONE)
        try:
            yield context
        finally:
            browser.close()


def speak(page: Page, wav: Path) -> None:
    """Say a WAV file into the page's microphone; returns when it has been said."""
    page.evaluate("wav => window.__speak(wav)", base64.b64encode(wav.read_bytes()).decode())


def violations(page: Page) -> list[str]:
    """The rules of WCAG 2.2 AA that the page breaks as it stands, contrast in light and dark among them."""
    page.evaluate(AXE.read_text())
    found: list[str] = []
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type] # its literals
        found += [f"{scheme}: {rule}" for rule in page.evaluate(AXE_RULES)]
    return found


def tab_to(page: Page, test_id: str) -> None:
    """Press Tab until this control has the focus.

    Raises:
        AssertionError: a turn through the page did not reach it.
    """
    target = page.get_by_test_id(test_id)
    for _ in range(40):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{test_id} can't be reached by keyboard")


def enter_the_room(page: Page) -> None:
    """Consent, the device check, and into the room."""
    page.get_by_test_id("consent-accept").click()
    pass_the_check(page)


def pass_the_check(page: Page) -> None:
    """The device check, and into the room: all that is left to do with a link whose consent was given before."""
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
