import { createRoot } from "react-dom/client";
import { App } from "./App";
import { takeToken } from "./link";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/pages.css";
import "./styles/room.css";
import "./styles/room-small.css";

const token = takeToken(window.location, window.history, () => window.sessionStorage);
// Another invitation opened in this tab changes only the fragment: begin again with it.
window.addEventListener("hashchange", () => {
  if (window.location.hash.length > 1) window.location.reload();
});

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(<App token={token} />);
