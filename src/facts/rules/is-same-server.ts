import type { Secret } from '../secret.ts';
import type { ServerSpec } from '../server.ts';

/**
 * Whether two specifications mean the same server monitored in the same way, secrets included. Where they are defined does
 * not matter. Comparing them as JSON would miss a changed token: a `Secret` prints as a mask.
 */
export function isSameServer(a: ServerSpec, b: ServerSpec): boolean {
  return a === b || (a.name === b.name && fingerprint(a) === fingerprint(b));
}

/** Whether the gateway treats both in the same way, too. */
export function isSameEntry(a: ServerSpec, b: ServerSpec): boolean {
  return (
    isSameServer(a, b) &&
    JSON.stringify(sortKeys(a.gateway)) === JSON.stringify(sortKeys(b.gateway))
  );
}

function sortKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return sorted(value as Readonly<Record<string, unknown>>).map(([key, item]) => [
    key,
    sortKeys(item),
  ]);
}

/** Holds secrets in clear: never leaves this file. */
function fingerprint({ target, monitor, hasCredentials, unresolved }: ServerSpec): string {
  const connection =
    target.kind === 'http'
      ? {
          url: target.url,
          transport: target.transport,
          headers: reveal(target.headers),
          ca: target.tlsCa,
          skip: target.tlsSkipVerify,
        }
      : { command: target.command, args: target.args, env: reveal(target.env), cwd: target.cwd };
  const { call, ...settings } = monitor;
  const synthetic = call && {
    tool: call.tool,
    arguments: sorted(call.arguments),
    expect: sorted(call.expect),
  };
  return JSON.stringify([
    target.kind,
    connection,
    sorted(settings),
    synthetic,
    hasCredentials,
    unresolved,
  ]);
}

function reveal(values: Readonly<Record<string, Secret>>): readonly (readonly [string, string])[] {
  return sorted(values).map(([key, value]) => [key, value.reveal()] as const);
}

function sorted<T>(values: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
}
