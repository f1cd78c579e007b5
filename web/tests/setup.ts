import "@testing-library/jest-dom/vitest";
import { cleanup } from "@testing-library/react";
import { afterEach } from "vitest";

afterEach(cleanup);

// Tests of the network run without a DOM.
if (typeof window !== "undefined") {
  // jsdom has the element but not its modal methods.
  HTMLDialogElement.prototype.showModal = function showModal() {
    this.open = true;
  };
  HTMLDialogElement.prototype.close = function close() {
    if (!this.open) return;
    this.open = false;
    this.dispatchEvent(new Event("close"));
  };
  // jsdom has no layout, so no media queries: a candidate who asks for less motion.
  window.matchMedia = (query: string) => ({ matches: query.includes("reduce"), media: query }) as MediaQueryList;
}
