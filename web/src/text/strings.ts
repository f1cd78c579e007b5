/** Every word that the candidate reads or hears from the page, in each language that an interview can be held in. */
import { de } from "./languages/de";
import { en } from "./languages/en";
import { es } from "./languages/es";
import { fr } from "./languages/fr";
import { hi } from "./languages/hi";
import { it } from "./languages/it";
import { pt } from "./languages/pt";

export interface Message {
  readonly title: string;
  readonly body: string;
  readonly hint?: string;
}

/** The words of one language: another one is an object of the English one's shape. */
export type Text = typeof en;

/** By the primary part of a BCP 47 tag. A file each, and no other than those of `parley_crds.voices`. */
export const TEXTS: Readonly<Record<string, Text>> = { de, en, es, fr, hi, it, pt };

/** What the page is written in: words, and the BCP 47 tag that a voice or a screen reader needs to say them. */
export interface PageLanguage {
  readonly tag: string;
  readonly text: Text;
}

export const ENGLISH: PageLanguage = { tag: "en", text: en };

/**
 * The first of these that there are words for, else English. The interview's own comes first; before it is known, what
 * the browser prefers.
 */
export function pageLanguage(tags: readonly string[]): PageLanguage {
  for (const tag of tags) {
    const text = own(TEXTS, primary(tag));
    if (text !== undefined) return { tag: unscripted(tag), text };
  }
  return ENGLISH;
}

/** What to say at an end of the interview; the reasons are the API's. */
export function endOf(text: Text, reason: string | null): string {
  return own<string>(text.ends, reason ?? "") ?? text.over.body;
}

export function primary(tag: string): string {
  return (tag.split("-")[0] ?? "").toLowerCase();
}

/** Without its script: each language is written here in its usual one, Hindi for a `hi-Latn-IN`, too. */
function unscripted(tag: string): string {
  return tag
    .split("-")
    .filter((part) => part.length !== 4)
    .join("-");
}

/** By keys that come from outside: `constructor` is none of ours. */
function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
