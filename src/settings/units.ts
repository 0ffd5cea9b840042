export { DURATION_PATTERN, formatDuration, parseDuration } from '../facts/rules/duration-text.ts';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const KB = 1e3;
export const MB = 1e6;
export const GB = 1e9;

const SIZE_UNITS_BYTES = {
  B: 1,
  KB,
  MB,
  GB,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
} as const;

export const SIZE_PATTERN = '^\\d+(\\.\\d+)?\\s?(B|[KMG]i?B)$';

export const PERCENT_PATTERN = '^\\d{1,3}(\\.\\d{1,6})?\\s?%$';

/** `1%`, `0.5 %` → 0.01, 0.005; undefined for anything else. */
export function parsePercent(text: string): number | undefined {
  if (text.length > 64 || !new RegExp(PERCENT_PATTERN).test(text)) return undefined;
  const percent = Number(text.replace('%', ''));
  return percent <= 100 ? percent / 100 : undefined;
}

/** The shortest text that `parsePercent` reads back. */
export function formatPercent(ratio: number): string {
  return `${Number((ratio * 100).toFixed(6))}%`;
}

/** `10MB`, `512KiB`, `1.5 GB` → bytes; undefined for anything else. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s?(B|[KMG]i?B)$/.exec(text);
  if (text.length > 64 || match === null) return undefined;
  const bytes = Math.round(
    Number(match[1]) * SIZE_UNITS_BYTES[match[2] as keyof typeof SIZE_UNITS_BYTES],
  );
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** The shortest text with a decimal unit that `parseSize` reads back: `10MB`. */
export function formatSize(bytes: number): string {
  const unit = (['GB', 'MB', 'KB'] as const).find((name) => bytes % SIZE_UNITS_BYTES[name] === 0);
  return bytes === 0 || unit === undefined
    ? `${bytes}B`
    : `${bytes / SIZE_UNITS_BYTES[unit]}${unit}`;
}
