import { describe, expect, it } from "vitest";
import { habits, languageName } from "../src/text/format";
import { pageLanguage, TEXTS } from "../src/text/strings";

/** Every sentence by its path; one that is made of something, with marks in its place and in both numbers. */
function sentences(part: unknown, path = ""): [string, string][] {
  if (typeof part === "string") return [[path, part]];
  if (typeof part === "function") {
    const make = part as (...args: unknown[]) => unknown;
    // The flag that some take is any value that is true.
    return [1, 7].flatMap((number) => sentences(make(number, 9), `${path}(${number})`));
  }
  return Object.entries(part as object).flatMap(([key, value]) => sentences(value, `${path}.${key}`));
}

const english = new Map(sentences(TEXTS.en));
/** What is the same word in two languages: the product, and words that one took from the other. */
const ALIKE = /^\.product$|^\.welcome\.(facts\.questions|count\()|^\.room\.(question|warmUp)\(/;
const OTHERS = Object.entries(TEXTS).filter(([language]) => language !== "en");

describe("the words of the pages", () => {
  it("are a file for each language", () => {
    const files = Object.keys(import.meta.glob("../src/text/languages/*.ts"));
    expect(files.map((file) => file.replace(/^.*\/|\.ts$/g, "")).sort()).toEqual(Object.keys(TEXTS).sort());
  });

  it.each(OTHERS)("say all that English does: %s", (_language, text) => {
    const own = sentences(text);
    expect(own.map(([path]) => path)).toEqual([...english.keys()]);
    for (const [path, words] of own) {
      expect(words.trim(), path).not.toBe("");
      if (!ALIKE.test(path)) expect(words, path).not.toBe(english.get(path));
      for (const [number] of path.includes("(7)") ? (english.get(path) ?? "").matchAll(/\d/g) : []) {
        expect(words, path).toContain(number);
      }
    }
  });

  it("are the first language's that there are words for, whatever its region", () => {
    expect(pageLanguage(["pt-BR", "de"])).toEqual({ tag: "pt-BR", text: TEXTS.pt });
    expect(pageLanguage(["nl-NL", "DE-at", "fr"])).toEqual({ tag: "DE-at", text: TEXTS.de });
    expect(pageLanguage(["hi-Latn-IN"]), "written in its own script").toEqual({ tag: "hi-IN", text: TEXTS.hi });
    expect(pageLanguage(["nl"])).toEqual({ tag: "en", text: TEXTS.en });
    expect(pageLanguage(["constructor"])).toEqual({ tag: "en", text: TEXTS.en });
  });

  it("name a language in the page's own", () => {
    expect(languageName("de-DE", "de-DE")).toBe("Deutsch (Deutschland)");
    expect(languageName("en-US", "fr")).toBe("anglais américain");
  });

  it("write dates by the candidate's habits where the browser speaks the page's language", () => {
    expect(habits("en-US", ["de-DE", "en-GB"])).toBe("en-GB");
    expect(habits("hi-IN", ["de-DE", "en-GB"])).toBe("hi-IN");
  });
});
