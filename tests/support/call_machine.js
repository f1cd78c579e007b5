// Stands in for Daily's call bundle: answers what daily-js asks of it, and keeps what it was told to join with in
// `window.__joins`. The first `window.__refusals` joins are refused; with `window.__eject` the one that is not is put out
// again, as by a second tab. daily-js and its bundle talk by window messages.
(() => {
  const KIND = "iframe-call-message";
  const joins = (window.__joins ??= []);
  const mine = new Set(window._daily.pendings.splice(0));
  const state = { local: { public: {}, streams: {} }, participants: {}, streams: {} };
  const tell = (callClientId, message) =>
    window.postMessage({ ...message, what: KIND, from: "embedded", callClientId }, window.location.origin);

  for (const id of mine) {
    window._daily.instances[id].callMachine = { reset() {}, store: { getState: () => state } };
    tell(id, { action: "call-machine-initialized" });
    tell(id, { action: "loaded" });
  }

  window.addEventListener("message", ({ data }) => {
    if (data?.what !== KIND || data.from !== "module" || !mine.has(data.callClientId)) return;
    const { action, callClientId, callbackStamp, properties } = data;
    if (callbackStamp) tell(callClientId, { action, callbackStamp, camera: {}, mic: {}, speaker: {} });
    if (action === "leave-meeting") tell(callClientId, { action: "left-meeting" });
    if (action !== "join-meeting") return;
    const { url, token, startVideoOff, startAudioOff } = properties;
    joins.push({ url, token, startVideoOff, startAudioOff });
    if (joins.length <= (window.__refusals ?? 0)) {
      const errorMsg = "Meeting token has expired";
      tell(callClientId, { action: "error", errorMsg, error: { type: "exp-token", msg: errorMsg } });
    } else if (window.__eject) {
      const errorMsg = "You have been ejected from this meeting";
      tell(callClientId, { action: "error", errorMsg, error: { type: "ejected", msg: errorMsg } });
    }
  });
})();
