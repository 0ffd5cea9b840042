/** Time that Prometheus needs to receive the answer; blackbox_exporter uses the same. */
const OFFSET_MS = 500;

/**
 * How long a `/probe` may take: the scrape timeout less an offset, never more than the server's own timeout.
 *
 * @param header value of `X-Prometheus-Scrape-Timeout-Seconds`; without a usable one the server's own timeout applies.
 */
export function probeDeadlineMs(header: string | undefined, ownTimeoutMs: number): number {
  const scrapeMs = Number(header ?? Number.NaN) * 1_000;
  if (!Number.isFinite(scrapeMs) || scrapeMs <= 0) return ownTimeoutMs;
  const allowedMs = scrapeMs > 2 * OFFSET_MS ? scrapeMs - OFFSET_MS : scrapeMs / 2;
  return Math.min(allowedMs, ownTimeoutMs);
}
