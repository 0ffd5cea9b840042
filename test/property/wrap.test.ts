import fc from 'fast-check';
import { applyEdits, modify, parse } from 'jsonc-parser';
import { expect, test } from 'vitest';
import { planUnwrap } from '../../src/settings/wrap/plan-unwrap.ts';
import { planWrap } from '../../src/settings/wrap/plan-wrap.ts';
import { findNameMistake } from '../../src/settings/server-entries.ts';

/** Small counts for the usual run, whose tests have ten seconds each. */
const RUNS = process.env['MCP_EXPORTER_FULL'] === '1' ? 200 : 35;
const CLIENT = '/home/dev/project/config.json';
const OWN = '/home/dev/mcp-exporter.yml';
const LISTEN = { host: '127.0.0.1', port: 19_100 };

// Text that holds no variable: what a variable stands for is the business of other tests.
const text = fc
  .string({ unit: 'grapheme', maxLength: 12 })
  .filter((each) => !/[$\0]/.test(each) && each.isWellFormed());
const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
  .filter((each) => findNameMistake(each) === undefined);
const clientKeys = fc.record(
  { timeout: fc.nat(), autoApprove: fc.array(text, { maxLength: 2 }), description: text },
  { requiredKeys: [] },
);
const env = fc.dictionary(fc.stringMatching(/^[A-Z]{1,6}$/), text, { maxKeys: 3 });
const program = fc.record(
  { command: text.filter((each) => each !== ''), args: fc.array(text, { maxLength: 3 }), env },
  { requiredKeys: ['command'] },
);
const address = fc.record(
  {
    url: fc.webUrl({ validSchemes: ['http', 'https'] }),
    headers: fc.dictionary(
      fc.stringMatching(/^X-[A-Za-z]{1,6}$/),
      fc.constantFrom('a', 'Bearer b'),
      { maxKeys: 2 },
    ),
    type: fc.constantFrom('http', 'sse'),
  },
  { requiredKeys: ['url'] },
);
const server = fc
  .tuple(fc.oneof(program, address), clientKeys, fc.boolean())
  .map(([connection, rest, isFirst]) =>
    isFirst ? { ...connection, ...rest } : { ...rest, ...connection },
  );
const blank = fc.constantFrom(
  '',
  ' ',
  '\n',
  '\r\n\t',
  ' // a comment, with "quotes" {\n',
  '/* , } */',
  '\n\n  ',
);

/** Any layout that an editor leaves behind: blanks and comments between all tokens, and trailing commas. */
const clientFile = fc
  .tuple(
    fc.uniqueArray(fc.tuple(name, server), { selector: ([each]) => each, maxLength: 4 }),
    fc.constantFrom('mcpServers', 'servers'),
    fc.infiniteStream(blank),
    fc.boolean(),
  )
  .map(([servers, block, blanks, hasTrailingCommas]) => {
    const gap = (): string => blanks.next().value ?? '';
    const print = (value: unknown): string => {
      if (typeof value !== 'object' || value === null) return JSON.stringify(value);
      const [open, close] = Array.isArray(value) ? '[]' : '{}';
      const parts = Array.isArray(value)
        ? value.map((item) => gap() + print(item) + gap())
        : Object.entries(value).map(
            ([key, item]) =>
              `${gap()}${JSON.stringify(key)}${gap()}:${gap()}${print(item)}${gap()}`,
          );
      const last = hasTrailingCommas && parts.length > 0 ? ',' : '';
      return `${open ?? ''}${parts.join(',')}${last}${gap()}${close ?? ''}`;
    };
    return (
      gap() +
      print({ other: [1, { mcpServers: {} }], [block]: Object.fromEntries(servers) }) +
      gap()
    );
  });

async function wrapText(clientText: string, ownText?: string, names: readonly string[] = []) {
  const result = await planWrap({
    clientFile: CLIENT,
    clientText,
    ownFile: OWN,
    ownText,
    names,
    program: ['/usr/bin/node', '/opt/mcp-exporter/dist/main.js'],
    env: {},
  });
  if (!result.ok) throw new Error(result.message);
  return result.plan;
}

function unwrapText(clientText: string, backupText: string | undefined, ownText: string) {
  const result = planUnwrap({
    clientFile: CLIENT,
    clientText,
    backupText,
    ownText,
    ownBackupText: undefined,
    listen: LISTEN,
    env: {},
    home: undefined,
  });
  if (!result.ok) throw new Error(result.message);
  return result.plan;
}

test('whatever a client’s file looks like, it is valid after wrap and byte for byte the same after unwrap', async () => {
  await fc.assert(
    fc.asyncProperty(clientFile, async (original) => {
      const plan = await wrapText(original);
      const mistakes: never[] = [];
      parse(plan.clientText, mistakes, { allowTrailingComma: true });
      expect(mistakes).toEqual([]);
      const again = await wrapText(plan.clientText, plan.ownText);
      expect(again.clientText).toBe(plan.clientText);
      expect(again.moved).toEqual([]);
      const back = unwrapText(plan.clientText, original, plan.ownText);
      if (plan.moved.length === 0) return;
      expect(back.isBackup).toBe(true);
      expect(back.clientText).toBe(original);
      expect(back.removed).toEqual(plan.moved);
    }),
    { numRuns: 3 * RUNS },
  );
});

test('wrapped one by one in any order the file comes back the same', async () => {
  await fc.assert(
    fc.asyncProperty(clientFile, fc.infiniteStream(fc.nat(1_000)), async (original, order) => {
      const { moved } = await wrapText(original);
      let current = { clientText: original, ownText: undefined as string | undefined };
      const shuffled = moved
        .map((each) => [order.next().value ?? 0, each] as const)
        .toSorted(([a], [b]) => a - b);
      for (const [, each] of shuffled)
        current = await wrapText(current.clientText, current.ownText, [each]);
      const back = unwrapText(current.clientText, original, current.ownText ?? '');
      expect(back.clientText).toBe(original);
    }),
    { numRuns: RUNS },
  );
});

test('a file that was edited since keeps the edit, and every entry gets its connection back', async () => {
  await fc.assert(
    fc.asyncProperty(clientFile, async (original) => {
      const plan = await wrapText(original);
      fc.pre(plan.moved.length > 0);
      const edit = (before: string) => applyEdits(before, modify(before, ['added'], 'since', {}));
      const back = unwrapText(edit(plan.clientText), original, plan.ownText);
      expect(back.isBackup).toBe(false);
      expect(parse(back.clientText, [], { allowTrailingComma: true })).toEqual(
        parse(edit(original), [], { allowTrailingComma: true }),
      );
    }),
    { numRuns: RUNS },
  );
});
