import { render, screen } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { App } from "../src/App";
import { ARRIVAL, follow } from "../src/state/machine";
import { TEXTS } from "../src/text/strings";
import { interview } from "./interview";

/** The first page of many modules, on cores that may be shared with a cluster. */
const PATIENCE = { timeout: 20_000 };

function serve(answer: () => Response): void {
  vi.stubGlobal("fetch", (url: string) =>
    Promise.resolve(url.endsWith("config.json") ? Response.json({ apiUrl: "http://api" }) : answer()),
  );
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe("the language of the page", () => {
  it.each(Object.entries(TEXTS))("is the interview's: %s", async (primary, text) => {
    vi.spyOn(navigator, "languages", "get").mockReturnValue(["nl-NL"]);
    serve(() => Response.json(interview("open", { language: `${primary}-XX`, recording: true })));
    render(<App token="v1.uid.0.sig" />);
    expect(document.documentElement.lang).toBe("en");
    expect(await screen.findByTestId("consent-accept", {}, PATIENCE)).toHaveTextContent(text.welcome.accept);
    expect(document.documentElement.lang).toBe(`${primary}-XX`);
    expect(screen.getByText(text.footer)).toBeVisible();
  });

  it("is one of the browser's where the link opens no interview", async () => {
    vi.spyOn(navigator, "languages", "get").mockReturnValue(["nl-NL", "fr-CA", "de"]);
    render(<App token={null} />);
    expect(await screen.findByText(TEXTS.fr?.refusals.missing.title ?? "", {}, PATIENCE)).toBeVisible();
    expect(document.documentElement.lang).toBe("fr-CA");
  });

  it("stays the interview's on a page that the interview is gone from", () => {
    const read = follow(ARRIVAL, { type: "loaded", interview: interview("open", { language: "de-DE" }) });
    expect(read.language).toBe("de-DE");
    const over = follow(read, { type: "room.ended", reason: "TechnicalFault" });
    expect(over).toMatchObject({ state: { page: "over" }, language: "de-DE" });
  });
});
