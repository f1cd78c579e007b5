import { describe, expect, it } from "vitest";
import { looksLikeToken, takeToken } from "../src/link";

const TOKEN = "v1.0b5f8a7e-0000-4000-8000-000000000001.0.q-_A9";

function page(hash: string) {
  const replaced: string[] = [];
  const location = { hash, pathname: "/join", search: "" } as Location;
  const history = { state: null, replaceState: (_s: unknown, _t: string, url: string) => replaced.push(url) } as unknown as History;
  return { location, history, replaced };
}

describe("takeToken", () => {
  it("takes the token out of the address, and finds it again after a reload", () => {
    const first = page(`#${TOKEN}`);
    expect(takeToken(first.location, first.history, () => sessionStorage)).toBe(TOKEN);
    expect(first.replaced).toEqual(["/join"]);
    const reloaded = page("");
    expect(takeToken(reloaded.location, reloaded.history, () => sessionStorage)).toBe(TOKEN);
    sessionStorage.clear();
    expect(takeToken(reloaded.location, reloaded.history, () => sessionStorage)).toBeNull();
  });

  it("leaves the address alone where storage is refused, so that a reload works", () => {
    const { location, history, replaced } = page(`#${TOKEN}`);
    const refuse = (): Storage => {
      throw new DOMException("denied", "SecurityError");
    };
    expect(takeToken(location, history, refuse)).toBe(TOKEN);
    expect(replaced).toEqual([]);
    expect(takeToken(page("").location, history, refuse)).toBeNull();
  });
});

describe("a link that was cut or mangled", () => {
  it("is not taken for the end of the page, where it was cut within an escape", () => {
    const { location, history } = page("#v1.a%");
    expect(takeToken(location, history, () => sessionStorage)).toBe("v1.a%");
  });

  it("does not take the place of a good one", () => {
    sessionStorage.setItem("parley.link", TOKEN);
    const mangled = page("#v1.a");
    expect(takeToken(mangled.location, mangled.history, () => sessionStorage)).toBe("v1.a");
    expect(mangled.replaced, "a reload explains it again").toEqual([]);
    expect(takeToken(page("").location, mangled.history, () => sessionStorage)).toBe(TOKEN);
    sessionStorage.clear();
  });
});

describe("looksLikeToken", () => {
  it.each([
    [TOKEN, true],
    ["v1.uid.12.sig", true],
    ["v1.uid.12", false],
    ["v1.uid.x.sig", false],
    ["", false],
  ])("%s: %s", (token, expected) => {
    expect(looksLikeToken(token)).toBe(expected);
  });
});
