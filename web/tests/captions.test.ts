import { describe, expect, it } from "vitest";
import { addCaption, closeLines, exchanges, NO_CAPTIONS, type CaptionEvent, type Captions } from "../src/state/captions";

const all = (...events: CaptionEvent[]): Captions => events.reduce(addCaption, NO_CAPTIONS);
const said = (text: string, segment: number | null, done: boolean): CaptionEvent => ({ type: "said", text, segment, done });
const heard = (text: string, final: boolean): CaptionEvent => ({ type: "heard", text, final });
const texts = (captions: Captions): string[] => captions.lines.map((line) => `${line.speaker}: ${line.text}${line.open ? " …" : ""}`);

describe("captions", () => {
  it("shows a sentence when it is about to be spoken, and closes it when it was", () => {
    expect(texts(all(said("Hello.", 1, false)))).toEqual(["interviewer: Hello. …"]);
    expect(texts(all(said("Hello.", 1, false), said("Hello.", 1, true)))).toEqual(["interviewer: Hello."]);
  });

  it("knows a spoken sentence by its words where the segment has another number", () => {
    expect(texts(all(said("Hello  you.", 1, false), said("Hello you.", 9, true)))).toEqual(["interviewer: Hello you."]);
  });

  it("says the same sentence twice when it was said twice", () => {
    const once = [said("Go on.", 1, false), said("Go on.", 1, true)];
    expect(all(...once, said("Go on.", 2, false)).lines).toHaveLength(2);
  });

  it("says a question that is put again at the end, whatever became of the former one", () => {
    const question = "What did you build?";
    const cut = all(said(question, 1, false), { type: "interrupted" }, heard("Sorry?", true));
    const lost = all(said(question, 1, false), heard("Sorry?", true));
    for (const former of [cut, lost]) {
      const again = [said(question, 7, false), said(question, 8, true)].reduce(addCaption, former);
      expect(texts(again)).toEqual([`interviewer: ${question}`, "candidate: Sorry?", `interviewer: ${question}`]);
    }
  });

  it("takes words for those of the last sentence, and of no earlier one", () => {
    const captions = all(said("Go on.", 1, false), said("And then?", 2, false), said("Go on.", 9, true));
    expect(captions.lines).toHaveLength(3);
  });

  it("closes what was announced and never said to its end once a later sentence was", () => {
    const captions = all(said("Tell me", 1, false), said("As I said:", 5, false), said("As I said:", 6, true));
    expect(texts(captions)).toEqual(["interviewer: Tell me", "interviewer: As I said:"]);
  });

  it("corrects what it heard until it is final", () => {
    const captions = all(heard("I bill", false), heard("I build", false), heard("I build platforms.", true), heard("Yes.", true));
    expect(texts(captions)).toEqual(["candidate: I build platforms.", "candidate: Yes."]);
  });

  it("keeps correcting the candidate's line when the interviewer speaks meanwhile", () => {
    const captions = all(heard("I", false), said("Mhm.", 1, true), heard("I agree.", true));
    expect(texts(captions)).toEqual(["candidate: I agree.", "interviewer: Mhm."]);
  });

  it("begins a new line where the former was cut off by a lost connection", () => {
    const cut = closeLines(all(said("What did you build?", 1, false), heard("I built", false)));
    const again = [said("What did you build?", 1, false), heard("As I said", false)].reduce(addCaption, cut);
    expect(texts(again)).toEqual([
      "interviewer: What did you build?",
      "candidate: I built",
      "interviewer: What did you build? …",
      "candidate: As I said …",
    ]);
  });

  it("closes what the interviewer was saying when the candidate interrupts it, also when it is reported late", () => {
    const cut = all(said("Tell me more about", 1, false), heard("Wait", false), { type: "interrupted" });
    expect(texts(cut)).toEqual(["interviewer: Tell me more about", "candidate: Wait …"]);
    expect(addCaption(cut, said("Tell me more about", 1, true))).toBe(cut);
    expect(addCaption(cut, said("Tell me more about", 9, true)), "its second message has a number of its own").toBe(cut);
  });

  it("drops empty text", () => {
    expect(all(heard("  ", true), said("", 1, true))).toBe(NO_CAPTIONS);
  });

  it("groups what one speaker says, and keeps the newest lines", () => {
    const runs = exchanges(all(said("One.", 1, true), said("Two.", 2, true), heard("Three.", true)));
    expect(runs.map((run) => [run.speaker, run.lines.length])).toEqual([["interviewer", 2], ["candidate", 1]]);
    const many = Array.from({ length: 450 }, (_, index) => heard(`line ${index}`, true));
    const captions = all(...many);
    expect(captions.lines).toHaveLength(400);
    expect(captions.lines.at(-1)?.text).toBe("line 449");
  });
});
