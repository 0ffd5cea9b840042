const UNITS_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export const DURATION_PATTERN = '^(\\d+(\\.\\d+)?(ms|s|m|h|d))+$';

/** `30s`, `500ms`, `1m30s`, `1.5h` → milliseconds; undefined for anything else. Whole milliseconds only. */
export function parseDuration(text: string): number | undefined {
  if (text.length > 64 || !new RegExp(DURATION_PATTERN).test(text)) return undefined;
  let sumMs = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    sumMs += Number(amount) * UNITS_MS[unit as keyof typeof UNITS_MS];
  }
  // 1.005s is 1004.9999999999999: rounded to a thousandth first, so that only real fractions of a millisecond are refused.
  const roundedMs = Math.round(sumMs * 1e3) / 1e3;
  return Number.isSafeInteger(roundedMs) ? roundedMs : undefined;
}

/** The shortest text that `parseDuration` reads back: `1m30s`. */
export function formatDuration(durationMs: number): string {
  let restMs = durationMs;
  let text = '';
  for (const unit of ['d', 'h', 'm', 's', 'ms'] as const) {
    const amount = Math.floor(restMs / UNITS_MS[unit]);
    restMs -= amount * UNITS_MS[unit];
    if (amount > 0) text += `${amount}${unit}`;
  }
  return text || '0s';
}
