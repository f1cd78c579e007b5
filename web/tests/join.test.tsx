import { act, render, renderHook, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError, TIMEOUT_MS } from "../src/api/client";
import { within as withDeadline } from "../src/api/deadline";
import { Boundary } from "../src/components/Boundary";
import { loadConfig } from "../src/config";
import { Device } from "../src/media/device";
import { mayReload } from "../src/reload";
import { useJoin } from "../src/state/useJoin";
import { FakeStream, stubAudio, stubDevices } from "./fakeAudio";
import { agreed } from "./interview";

const TOKEN = "v1.uid.0.sig";
const never = new AbortController().signal;

/** The service as the browser's `fetch` sees it: what each path answers, by its last part. */
function serve(answers: Record<string, () => Response>): string[] {
  const asked: string[] = [];
  vi.stubGlobal("fetch", (url: string) => {
    const name = url.split("/").pop() ?? "";
    asked.push(name);
    const answer = answers[name];
    return answer ? Promise.resolve(answer()) : Promise.reject(new TypeError("Failed to fetch"));
  });
  return asked;
}

const config = (): Response => Response.json({ apiUrl: "http://api" });

beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("useJoin", () => {
  const join = (token: string | null = TOKEN, microphone = new Device("microphone")) =>
    renderHook(() => useJoin(token, microphone)).result;

  it("asks nobody about a link that can't be one", async () => {
    const asked = serve({});
    const [none, cut] = [join(null), join("v1.a")];
    await waitFor(() => expect(none.current.state).toEqual({ page: "refused", why: "missing" }));
    await waitFor(() => expect(cut.current.state).toEqual({ page: "refused", why: "invalid" }));
    expect(asked).toEqual([]);
  });

  it("tells the network's failures from its own, and logs these", async () => {
    serve({});
    const away = join();
    await waitFor(() => expect(away.current.state).toMatchObject({ page: "unreachable", fault: false }));
    expect(console.error).not.toHaveBeenCalled();
    serve({ "config.json": () => Response.json({}) });
    const broken = join();
    await waitFor(() => expect(broken.current.state).toMatchObject({ page: "unreachable", fault: true }));
    expect(console.error).toHaveBeenCalledWith(new Error("/config.json holds no apiUrl"));
  });

  it("asks for no connection without a microphone, and for one at a time with it", async () => {
    stubAudio();
    stubDevices(new FakeStream());
    const notReady = (): Response =>
      Response.json(
        { type: "https://parley.dev/problems/not-ready", status: 409, detail: "" },
        { status: 409, headers: { "Retry-After": "30" } },
      );
    const asked = serve({ "config.json": config, interview: () => Response.json(agreed()), connect: notReady });
    const microphone = new Device("microphone");
    const hook = join(TOKEN, microphone);
    await waitFor(() => expect(hook.current.state.page).toBe("check"));
    act(() => hook.current.dispatch({ type: "join" }));
    await waitFor(() => expect(hook.current.state).toMatchObject({ room: { block: "microphone" } }));
    expect(asked).not.toContain("connect");
    await act(() => microphone.open());
    act(() => hook.current.dispatch({ type: "room.retry" }));
    await waitFor(() => expect(hook.current.state).toMatchObject({ room: { phase: "preparing", waitMs: 30_000 } }));
    expect(asked.filter((name) => name === "connect")).toHaveLength(1);
    act(() => hook.current.leave());
    expect(hook.current.state.page).toBe("left");
  });

  it("takes a network that goes for a lost connection, and one that comes for a reason to try", async () => {
    serve({ "config.json": config, interview: () => Response.json(agreed()) });
    const hook = join();
    await waitFor(() => expect(hook.current.state.page).toBe("check"));
    act(() => hook.current.dispatch({ type: "join" }));
    act(() => hook.current.dispatch({ type: "room.live" }));
    act(() => void window.dispatchEvent(new Event("offline")));
    expect(hook.current.state).toMatchObject({ room: { phase: "reconnecting", cause: "dropped" } });
    const entry = hook.current.state.page === "room" ? hook.current.state.room.entry : 0;
    act(() => void window.dispatchEvent(new Event("online")));
    expect(hook.current.state).toMatchObject({ room: { entry: entry + 1, waitMs: 0 } });
  });
});

describe("within", () => {
  const hang = (signal: AbortSignal) =>
    new Promise<never>((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error));
    });

  it("ends what takes too long", async () => {
    await expect(withDeadline(1, never, hang)).rejects.toThrow("Nothing for 1 ms");
  });

  it("ends with the caller, before and meanwhile", async () => {
    const abort = new AbortController();
    const waiting = withDeadline(60_000, abort.signal, hang);
    abort.abort(new Error("the page moved on"));
    await expect(waiting).rejects.toThrow("the page moved on");
    const late = withDeadline(60_000, abort.signal, (signal) => Promise.reject(signal.reason as Error));
    await expect(late).rejects.toThrow("the page moved on");
  });

  it("lets a configuration that never comes be tried again", async () => {
    vi.useFakeTimers();
    vi.stubGlobal("fetch", (_url: string, { signal }: { signal: AbortSignal }) => hang(signal));
    const failed = expect(loadConfig(never)).rejects.toBeInstanceOf(ApiError);
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS);
    await failed;
  });
});

describe("a page that fails", () => {
  it("leaves the candidate with a way back", () => {
    const Broken = (): never => {
      throw new Error("a bug");
    };
    render(
      <Boundary>
        <Broken />
      </Boundary>,
    );
    expect(screen.getByRole("heading", { level: 1 })).toHaveTextContent("This page has stopped working");
    expect(screen.getByTestId("reload")).toBeEnabled();
  });

  it.each([
    [null, true],
    ["990000", false],
    ["100000", true],
  ])("is loaded anew, but not in a loop: last at %s", (last, may) => {
    expect(mayReload(last, 1_000_000)).toBe(may);
  });
});
