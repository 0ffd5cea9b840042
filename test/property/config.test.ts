import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { findNameMistake } from '../../src/settings/server-entries.ts';
import { formatDuration, parseDuration } from '../../src/settings/units.ts';
import { formatProblems } from '../../src/settings/source-file.ts';
import { loadConfig } from '../../src/settings/load-config.ts';
import type { ServerSpec } from '../../src/facts/server.ts';
import { createFakeFiles } from '../fakes/fake-files.ts';

async function load(text: string, path = 'mcp-exporter.yml') {
  return loadConfig({ path, env: {}, readText: createFakeFiles({ [path]: text }) });
}

// What our file escapes or does itself is left out: `${` is a variable, KEY_file a file.
const plainText = fc
  .string({ unit: 'grapheme', minLength: 1 })
  .filter((text) => !text.includes('${') && !text.includes('\0') && text.isWellFormed());
const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .filter((text) => findNameMistake(text) === undefined && !text.endsWith('_file'));
const variable = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,10}$/);
const headerName = fc.stringMatching(/^X-[A-Za-z0-9]{1,10}$/);
const headerValue = fc.stringMatching(/^[!-#%-~]([ -#%-~]{0,20}[!-#%-~])?$/);

const monitor = fc
  .record({
    intervalMs: fc.integer({ min: 1_000, max: 86_400_000 }),
    timeoutShare: fc.double({ min: 0.05, max: 1, noNaN: true }),
    offlineAfter: fc.integer({ min: 1, max: 100 }),
    warningMs: fc.integer({ min: 1, max: 1_000 }),
    gapMs: fc.integer({ min: 1, max: 1_000 }),
    era: fc.constantFrom('auto', 'legacy', 'modern'),
    enabled: fc.boolean(),
  })
  .map(({ timeoutShare, gapMs, ...rest }) => ({
    ...rest,
    timeoutMs: Math.min(600_000, Math.ceil(rest.intervalMs * timeoutShare)),
    criticalMs: rest.warningMs + gapMs,
  }));

const stdio = fc.record({
  command: plainText,
  args: fc.array(plainText),
  env: fc.dictionary(variable, plainText),
});
const http = fc.record({
  url: fc
    .webUrl({ validSchemes: ['http', 'https'], withQueryParameters: true })
    .filter((url) => !url.includes('$')),
  headers: fc
    .dictionary(headerName, headerValue, { maxKeys: 3 })
    .filter(
      (headers) =>
        new Set(Object.keys(headers).map((key) => key.toLowerCase())).size ===
        Object.keys(headers).length,
    ),
});
const servers = fc.dictionary(name, fc.tuple(fc.oneof(stdio, http), monitor), { maxKeys: 6 });

test('an arbitrary valid configuration is read back with the same values, from YAML and from JSON', async () => {
  await fc.assert(
    fc.asyncProperty(servers, fc.integer({ min: 1, max: 10_000 }), async (entries, concurrency) => {
      const written = {
        probe: { concurrency },
        mcpServers: Object.fromEntries(
          Object.entries(entries).map(([key, [connection, m]]) => [
            key,
            {
              ...connection,
              monitor: {
                enabled: m.enabled,
                interval: formatDuration(m.intervalMs),
                timeout: formatDuration(m.timeoutMs),
                offlineAfter: m.offlineAfter,
                responseTime: {
                  warning: formatDuration(m.warningMs),
                  critical: formatDuration(m.criticalMs),
                },
                era: m.era,
              },
            },
          ]),
        ),
      };
      for (const [text, path] of [
        [stringify(written), 'mcp-exporter.yml'],
        [JSON.stringify(written), 'mcp-exporter.json'],
      ] as const) {
        const result = await load(text, path);
        if (!result.ok) throw new Error(formatProblems(result.problems));
        const { config } = result;
        expect(config.probe.concurrency).toBe(concurrency);
        expect(config.servers.map((server) => server.name).toSorted()).toEqual(
          Object.keys(entries).toSorted(),
        );
        for (const server of config.servers) {
          const [connection, m] = entries[server.name] ?? [];
          expect(server.monitor).toMatchObject({
            enabled: m?.enabled,
            intervalMs: m?.intervalMs,
            timeoutMs: m?.timeoutMs,
            offlineAfter: m?.offlineAfter,
            responseTime: { warningMs: m?.warningMs, criticalMs: m?.criticalMs },
            era: m?.era,
          });
          expect(readBack(server.target)).toEqual(connection && normalise(connection));
        }
      }
    }),
    { numRuns: 60 },
  );
});

type Target = ServerSpec['target'];
type Connection =
  | { command: string; args: string[]; env: Record<string, string> }
  | { url: string; headers: Record<string, string> };

function readBack(target: Target): unknown {
  const values = Object.entries(target.kind === 'http' ? target.headers : target.env).map(
    ([key, value]) => [key, value.reveal()],
  );
  const secrets: unknown = Object.fromEntries(values);
  return target.kind === 'http'
    ? { url: target.url, headers: secrets }
    : { command: target.command, args: target.args, env: secrets };
}

function normalise(connection: Connection): unknown {
  if ('url' in connection)
    return { url: new URL(connection.url).href, headers: { ...connection.headers } };
  return { ...connection, env: { ...connection.env } };
}

test('every whole number of milliseconds is written as a duration that is read back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10_000_000_000 }), (durationMs) => {
      expect(parseDuration(formatDuration(durationMs))).toBe(durationMs);
    }),
  );
});

test('a text is a duration only if every part of it has a unit', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const durationMs = parseDuration(text);
      if (durationMs === undefined) return;
      expect(text).toMatch(/^(\d+(\.\d+)?(ms|s|m|h|d))+$/);
      expect(durationMs).toBeGreaterThanOrEqual(0);
    }),
  );
});

test('whatever a file holds, loading it gives a configuration or places of mistakes, and never throws', async () => {
  const piece = fc.constantFrom(
    'mcpServers',
    'a',
    ':',
    ' ',
    '\n',
    '  ',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '&x',
    '*x',
    '<<',
    '- ',
    '${A}',
    '#',
    '!t',
    '|',
    '>',
    ',',
    '1',
    'null',
    '\t',
    'command',
    'url',
    'monitor',
    '---',
    '/*',
    '//',
    '\\',
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 40 }),
      fc.constantFrom('a.yml', 'a.json', 'a'),
      async (pieces, path) => {
        const result = await load(pieces.join(''), path);
        if (result.ok) return;
        expect(result.problems.length).toBeGreaterThan(0);
        for (const problem of result.problems) expect(problem.line).toBeGreaterThan(0);
      },
    ),
    { numRuns: 500 },
  );
});
