/**
 * Runs `work` with a signal that aborts with the caller's, or after `ms`.
 *
 * @throws the caller's reason when it aborted, or what `work` throws. (AbortSignal.any is missing before iOS 17.4.)
 */
export async function within<T>(ms: number, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const both = new AbortController();
  const abort = (): void => both.abort(signal.reason);
  const timer = setTimeout(() => both.abort(new DOMException(`Nothing for ${ms} ms`, "TimeoutError")), ms);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort);
  try {
    return await work(both.signal);
  } catch (error) {
    if (signal.aborted) throw signal.reason as Error;
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}
