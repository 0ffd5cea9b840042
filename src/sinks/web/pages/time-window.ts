import type { Html } from '../html.ts';
import { chip } from './elements.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Those that a page offers. */
const WINDOWS = [
  [HOUR_MS, '1 hour'],
  [DAY_MS, '24 hours'],
  [7 * DAY_MS, '7 days'],
  [30 * DAY_MS, '30 days'],
] as const;

/** As the parameter `window` has it: `24h`, `7d`. */
export function windowText(windowMs: number): string {
  if (windowMs % DAY_MS === 0 && windowMs > DAY_MS) return `${windowMs / DAY_MS}d`;
  return windowMs % HOUR_MS === 0 ? `${windowMs / HOUR_MS}h` : `${windowMs / MINUTE_MS}m`;
}

/** For a sentence: `the last 24 h`. */
export function windowWords(windowMs: number): string {
  const [, count = '', unit = ''] = /^(\d+)([a-z])$/.exec(windowText(windowMs)) ?? [];
  return `the last ${count} ${unit === 'm' ? 'min' : unit}`;
}

/**
 * Links to the same page with another window.
 * @param currentMs undefined if it shows another time
 */
export function windowChips(
  currentMs: number | undefined,
  path: (windowMs: number) => string,
): readonly Html[] {
  return WINDOWS.map(([windowMs, words]) => chip(path(windowMs), windowMs === currentMs, words));
}
