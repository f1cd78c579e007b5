import { afterEach, describe, expect, it, vi } from "vitest";
import { loudness } from "../src/media/audio";
import { Device, problemOf } from "../src/media/device";
import { Resampler } from "../src/media/resample";

function resample(from: number, to: number, input: Float32Array): number[] {
  const output: number[] = [];
  new Resampler(from, to, 1, (frame) => output.push(...frame)).push(input);
  return output;
}

describe("Resampler", () => {
  it.each([
    [48_000, 16_000],
    [44_100, 16_000],
    [16_000, 16_000],
    [8000, 16_000],
  ])("brings %d Hz to %d Hz without losing time", (from, to) => {
    expect(Math.abs(resample(from, to, new Float32Array(from)).length - to)).toBeLessThanOrEqual(1);
  });

  it("keeps a tone of speech at its loudness", () => {
    const tone = Float32Array.from({ length: 44_100 }, (_, n) => 0.5 * Math.sin((2 * Math.PI * 300 * n) / 44_100));
    const output = resample(44_100, 16_000, tone);
    const rms = Math.sqrt(output.reduce((sum, sample) => sum + sample * sample, 0) / output.length) / 0x8000;
    expect(rms).toBeCloseTo(0.5 / Math.SQRT2, 2);
  });

  it("clips instead of wrapping round", () => {
    expect(resample(16_000, 16_000, Float32Array.of(2, -2))).toEqual([0x7fff, -0x8000]);
  });

  it("hands out whole frames", () => {
    const lengths: number[] = [];
    const resampler = new Resampler(16_000, 16_000, 320, (frame) => lengths.push(frame.length));
    resampler.push(new Float32Array(500));
    resampler.push(new Float32Array(500));
    expect(lengths).toEqual([320, 320, 320]);
  });
});

describe("loudness", () => {
  it("goes from silence to loud speech", () => {
    expect([loudness(0), loudness(0.0001), loudness(0.9)]).toEqual([0, 0, 1]);
    expect(loudness(0.05)).toBeGreaterThan(loudness(0.01));
  });
});

describe("problemOf", () => {
  it.each([
    ["NotAllowedError", "denied"],
    ["NotFoundError", "none"],
    ["NotReadableError", "busy"],
    ["TypeError", "unknown"],
  ])("%s is %s", (name, problem) => {
    expect(problemOf(new DOMException("", name))).toBe(problem);
  });
});

describe("Device", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("explains a page that is not on a secure connection", async () => {
    vi.stubGlobal("isSecureContext", false);
    const device = new Device("microphone");
    await device.open();
    expect(device.snapshot().state).toEqual({ status: "failed", problem: "insecure" });
  });

  it("explains a browser without devices", async () => {
    vi.stubGlobal("isSecureContext", true);
    const device = new Device("camera");
    await device.open();
    expect(device.snapshot().state).toEqual({ status: "failed", problem: "unsupported" });
  });
});
