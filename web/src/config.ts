/** What nginx serves as /config.json, made at the container's start from its environment. */
export interface Config {
  /** Origin of the API, without a slash at the end. */
  readonly apiUrl: string;
}

/** Reads the configuration. Throws when it is absent or malformed: nothing works without it. */
export async function loadConfig(signal: AbortSignal): Promise<Config> {
  const response = await fetch("/config.json", { cache: "no-store", signal });
  if (!response.ok) throw new Error(`/config.json answered ${response.status}`);
  const body: unknown = await response.json();
  if (typeof body !== "object" || body === null || !("apiUrl" in body) || typeof body.apiUrl !== "string") {
    throw new Error("/config.json holds no apiUrl");
  }
  return { apiUrl: body.apiUrl.replace(/\/+$/, "") };
}
