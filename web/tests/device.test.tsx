import { act, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { useWakeLock } from "../src/components/useWakeLock";
import { Device } from "../src/media/device";
import { Check } from "../src/pages/Check";
import { FakeStream, FakeTrack, stubAudio, stubDevices } from "./fakeAudio";
import { agreed } from "./interview";

beforeEach(stubAudio);
afterEach(() => vi.unstubAllGlobals());

describe("a device that is open", () => {
  it("stays muted when another one is opened, until it is closed", async () => {
    const [first, second, third] = [new FakeStream(), new FakeStream(), new FakeStream()];
    stubDevices(first, second, third);
    const device = new Device("microphone");
    await device.open();
    device.setMuted(true);
    expect(first.track.enabled).toBe(false);
    await device.open("mic-2");
    expect(first.track.stopped).toBe(true);
    expect(second.track.enabled).toBe(false);
    device.close();
    await device.open();
    expect(third.track.enabled).toBe(true);
  });

  it("tells a permission that was taken back from a device that was pulled out", async () => {
    const streams = [new FakeStream(), new FakeStream()];
    stubDevices(...streams);
    const device = new Device("microphone");
    await device.open();
    streams[0]?.track.dispatchEvent(new Event("ended"));
    await waitFor(() => expect(device.snapshot().state).toEqual({ status: "failed", problem: "none" }));
    await device.open();
    vi.spyOn(navigator.permissions, "query").mockResolvedValue({ state: "denied" } as PermissionStatus);
    streams[1]?.track.dispatchEvent(new Event("ended"));
    await waitFor(() => expect(device.snapshot().state).toEqual({ status: "failed", problem: "denied" }));
  });

  it("knows when the system takes its sound away for a while", async () => {
    const stream = new FakeStream();
    stubDevices(stream);
    const device = new Device("microphone");
    await device.open();
    stream.track.dispatchEvent(new Event("mute"));
    expect(device.snapshot().state).toMatchObject({ status: "on", silenced: true });
    stream.track.dispatchEvent(new Event("unmute"));
    expect(device.snapshot().state).toMatchObject({ status: "on", silenced: false });
  });

  it("opens also where the browser won't list devices", async () => {
    stubDevices(new FakeStream());
    vi.spyOn(navigator.mediaDevices, "enumerateDevices").mockRejectedValue(new DOMException("", "NotAllowedError"));
    const device = new Device("microphone");
    await device.open();
    expect(device.snapshot()).toMatchObject({ state: { status: "on" }, devices: [] });
  });
});

describe("choosing a device by keyboard", () => {
  const info = (deviceId: string) => ({ deviceId, kind: "audioinput", label: deviceId }) as MediaDeviceInfo;

  it("keeps the focus while another one is opened, and the choice when that fails", async () => {
    const stub = stubDevices(new FakeStream(), new FakeStream(new FakeTrack("mic-2")));
    stub.devices = [info("mic-1"), info("mic-2"), info("mic-3")];
    const microphone = new Device("microphone");
    render(<Check interview={agreed()} microphone={microphone} camera={new Device("camera")} onJoin={vi.fn()} />);
    await act(() => microphone.open());
    const choice = await screen.findByRole("combobox");
    choice.focus();
    await userEvent.setup().selectOptions(choice, "mic-2");
    expect(choice).toHaveFocus();
    await waitFor(() => expect(choice).toHaveValue("mic-2"));
    await userEvent.setup().selectOptions(choice, "mic-3");
    await screen.findByRole("alert");
    expect(screen.getByRole("combobox")).toBe(choice);
    expect(choice).toHaveValue("mic-3");
  });

  it("hands the focus to the heading when the button has done its work", async () => {
    stubDevices();
    vi.spyOn(navigator.permissions, "query").mockResolvedValue({ state: "prompt" } as PermissionStatus);
    const microphone = new Device("microphone");
    render(<Check interview={agreed()} microphone={microphone} camera={new Device("camera")} onJoin={vi.fn()} />);
    screen.getByTestId("allow-microphone").focus();
    await userEvent.setup().keyboard("{Enter}");
    await screen.findByRole("alert");
    expect(screen.getByRole("heading", { name: "Microphone" })).toHaveFocus();
  });
});

describe("useWakeLock", () => {
  function Room() {
    useWakeLock();
    return null;
  }

  it("keeps the screen on in the room, again after it was out of sight, and no longer", async () => {
    const release = vi.fn(() => Promise.resolve());
    const request = vi.fn(() => Promise.resolve({ release }));
    vi.stubGlobal("navigator", { wakeLock: { request } });
    const { unmount } = render(<Room />);
    await waitFor(() => expect(request).toHaveBeenCalledOnce());
    document.dispatchEvent(new Event("visibilitychange"));
    await waitFor(() => expect(request).toHaveBeenCalledTimes(2));
    unmount();
    await waitFor(() => expect(release).toHaveBeenCalled());
  });

  it("does without where the browser can't or won't", () => {
    vi.stubGlobal("navigator", {});
    expect(() => render(<Room />).unmount()).not.toThrow();
  });
});
