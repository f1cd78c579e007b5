import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keepRunning, SoundGate } from "../src/media/gate";
import { Player } from "../src/media/player";
import { Recorder } from "../src/media/recorder";
import { FakeContext, stubAudio } from "./fakeAudio";

beforeEach(stubAudio);
afterEach(() => vi.unstubAllGlobals());

const FRAME = new Int16Array(24_000);

describe("Player", () => {
  it("plays frames one after the other", () => {
    const player = new Player(24_000);
    player.push(FRAME);
    player.push(FRAME);
    expect(FakeContext.made[0]?.started).toEqual([0, 1]);
    expect(player.pendingMs).toBe(2000);
  });

  it("lets the first frame sound at once, and holds back what follows one that came too late", () => {
    const player = new Player(24_000);
    const [context] = FakeContext.made;
    if (!context) throw new Error("no context was made");
    const frame = new Int16Array(960);
    context.currentTime = 10;
    player.push(frame);
    context.currentTime = 10.1;
    player.push(frame);
    context.currentTime = 15;
    player.push(frame);
    context.currentTime = 15.01;
    player.flush();
    player.push(frame);
    expect(context.started.map((start) => start.toFixed(2))).toEqual(["10.02", "10.22", "15.02", "15.03"]);
  });

  it("keeps nothing to be heard minutes later: not while the browser is silent, nor beyond a few seconds", () => {
    const player = new Player(24_000);
    FakeContext.made[0]?.become("suspended");
    player.push(FRAME);
    expect(player.pendingMs).toBe(0);
    FakeContext.made[0]?.become("running");
    for (let second = 0; second < 60; second += 1) player.push(FRAME);
    expect(player.pendingMs).toBeLessThanOrEqual(6000);
  });
});

describe("Recorder", () => {
  it("leaves no audio context behind when its worklet can't be loaded", async () => {
    FakeContext.worklet = () => Promise.reject(new DOMException("", "AbortError"));
    await expect(Recorder.prepare(16_000, () => undefined)).rejects.toThrow();
    expect(FakeContext.made.map((context) => context.closed)).toEqual([true]);
  });
});

describe("SoundGate", () => {
  it("says that the sound is held back, and lets it go on at a touch", async () => {
    const gate = new SoundGate();
    const context = new FakeContext();
    const told = vi.fn();
    gate.subscribe(told);
    keepRunning(context as unknown as AudioContext, gate);
    expect(gate.snapshot()).toBe(false);

    context.allowed = false;
    context.become("interrupted");
    expect(gate.snapshot(), "a phone call").toBe(true);
    window.dispatchEvent(new Event("pointerdown"));
    await Promise.resolve();
    expect(gate.snapshot(), "it is still going on").toBe(true);

    context.allowed = true;
    window.dispatchEvent(new Event("pointerdown"));
    expect(gate.snapshot()).toBe(false);
    expect(told).toHaveBeenCalled();
  });

  it("tries again when the page is seen again, and forgets a context that is closed", () => {
    const gate = new SoundGate();
    const context = new FakeContext();
    keepRunning(context as unknown as AudioContext, gate);
    context.become("suspended");
    document.dispatchEvent(new Event("visibilitychange"));
    expect(gate.snapshot()).toBe(false);
    context.become("suspended");
    context.become("closed");
    expect(gate.snapshot()).toBe(false);
  });
});
