import { InvalidArgumentError } from 'commander';
import { LOG_LEVELS, type LogLevel } from '../settings/config.ts';
import { parseDuration } from '../settings/units.ts';

const HOST_AND_PORT = /^(?:\[(?<ipv6>[0-9a-fA-F:.%\w]+)\]|(?<host>[^\s:[\]/]+)):(?<port>\d{1,5})$/;
const TIMEOUT_MS_MAX = 3_600_000;

/** `127.0.0.1:19110`, `[::1]:19110`, `localhost:0`. */
export function parseListenOption(text: string): { host: string; port: number } {
  const { ipv6, host, port } = HOST_AND_PORT.exec(text)?.groups ?? {};
  const address = ipv6 ?? host;
  if (address === undefined || Number(port) > 65_535)
    throw new InvalidArgumentError('It must be HOST:PORT, for example 127.0.0.1:19110.');
  return { host: address, port: Number(port) };
}

export function parseLogLevelOption(text: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === text);
  if (level === undefined) throw new InvalidArgumentError(`It must be ${LOG_LEVELS.join(', ')}.`);
  return level;
}

/** Milliseconds of `500ms`, `5s` or `1m30s`. */
export function parseTimeoutOption(text: string): number {
  const timeoutMs = parseDuration(text);
  if (timeoutMs === undefined || timeoutMs < 1 || timeoutMs > TIMEOUT_MS_MAX)
    throw new InvalidArgumentError('It must be a duration from 1ms to 1h, for example 5s.');
  return timeoutMs;
}

/** Adds one `Name: value` to the previous ones; the last value of a repeated name wins. */
export function parseHeaderOption(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const colon = text.indexOf(':');
  const name = text.slice(0, Math.max(colon, 0)).trim();
  const value = text.slice(colon + 1).trim();
  try {
    return { ...before, [name]: new Headers([[name, value]]).get(name) ?? value };
  } catch {
    // The text is not quoted because it may contain a token.
    throw new InvalidArgumentError("It must be 'Name: value', on one line.");
  }
}

export function parsePortOption(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535)
    throw new InvalidArgumentError('It must be a port from 1 to 65535.');
  return port;
}

export function parseUrlOption(text: string): URL {
  const url = URL.parse(text);
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new InvalidArgumentError('It must be a URL that starts with http:// or https://.');
  return url;
}

/** `30m`, `1h30m`: as given, for the API. */
export function parseDurationOption(text: string): string {
  const durationMs = parseDuration(text);
  if (durationMs === undefined || durationMs < 1_000)
    throw new InvalidArgumentError(
      'It must be a duration with its unit, for example 30m or 1h30m.',
    );
  return text;
}

const INSTANT = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)?$/;

/** ISO 8601 in UTC, for the API. Without a zone the time is that of this machine. */
export function parseInstantOption(text: string): string {
  const atMs = INSTANT.test(text) ? Date.parse(text.replace(' ', 'T')) : Number.NaN;
  if (Number.isNaN(atMs))
    throw new InvalidArgumentError(
      'It must be a time, for example 2026-11-28T18:00 or 2026-11-28T18:00Z.',
    );
  return new Date(atMs).toISOString();
}
