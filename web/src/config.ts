import { TIMEOUT_MS, unreachable } from "./api/client";
import { within } from "./api/deadline";

/** What nginx serves as /config.json, made at the container's start from its environment. */
export interface Config {
  /** Origin of the API, without a slash at the end. */
  readonly apiUrl: string;
}

/**
 * Reads the configuration.
 *
 * @throws ApiError when it can't be had; Error when it is no configuration, without which nothing works
 */
export function loadConfig(signal: AbortSignal): Promise<Config> {
  return within(TIMEOUT_MS, signal, async (both) => {
    const body = await read(both);
    if (typeof body !== "object" || body === null || !("apiUrl" in body) || typeof body.apiUrl !== "string") {
      throw new Error("/config.json holds no apiUrl");
    }
    return { apiUrl: body.apiUrl.replace(/\/+$/, "") };
  });
}

async function read(signal: AbortSignal): Promise<unknown> {
  try {
    const response = await fetch("/config.json", { cache: "no-store", signal });
    if (!response.ok) throw new Error(`/config.json answered ${response.status}`);
    return await response.json();
  } catch (error) {
    throw unreachable(error);
  }
}
