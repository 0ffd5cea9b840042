import type { AlertUnit } from '../facts/user-alert.ts';
import { parseDuration, parsePercent, parseSize } from './units.ts';

const NUMBER = /^-?\d{1,15}(?:\.\d{1,15})?$/;
const RATE = /^(\d{1,15}(?:\.\d{1,15})?)\s?\/\s?([smhd])$/;
const RATE_UNIT_SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** What a threshold in this unit looks like; continues a sentence that begins with the key. */
export const THRESHOLD_RULES: Readonly<Record<AlertUnit, string>> = {
  seconds: 'must be a duration with its unit, such as 500ms or 2s',
  ratio: 'must be a share with its unit, such as 5% or 99.9%',
  bytes: 'must be a size with its unit, such as 512MiB',
  'per-second': 'must be a number per second, or a rate with its unit, such as 10/s or 3/h',
  'per-minute': 'must be a number per minute, or a rate with its unit, such as 1000/m or 10/s',
  dollars: 'must be an amount of US dollars, such as $20 or 20',
  number: 'must be a number without a unit',
};

/** The base unit is that of {@link AlertUnit}. @returns nothing for what is no such quantity */
export function parseThreshold(text: string, unit: AlertUnit): number | undefined {
  const written = text.trim();
  switch (unit) {
    case 'seconds': {
      const ms = parseDuration(written);
      return ms === undefined ? undefined : ms / 1_000;
    }
    case 'ratio':
      return parsePercent(written);
    case 'bytes':
      return parseSize(written);
    case 'per-second':
      return parseNumber(written) ?? parseRate(written, 1);
    case 'per-minute':
      return parseNumber(written) ?? parseRate(written, 60);
    case 'dollars':
      return parseNumber(written.replace(/^\$\s?/, ''));
    case 'number':
      return parseNumber(written);
  }
}

function parseNumber(text: string): number | undefined {
  return NUMBER.test(text) ? Number(text) : undefined;
}

function parseRate(text: string, perSeconds: number): number | undefined {
  const [, amount, unit] = RATE.exec(text) ?? [];
  if (amount === undefined) return undefined;
  return (Number(amount) * perSeconds) / RATE_UNIT_SECONDS[unit as keyof typeof RATE_UNIT_SECONDS];
}
