import { readFileSync } from 'node:fs';
import { check } from 'prettier';
import { expect, test } from 'vitest';
import { configJsonSchema, type JsonSchema } from '../../../src/settings/config-schema.ts';
import { loadConfig } from '../../../src/settings/load-config.ts';
import { renderConfigDocs, renderConfigSchema } from '../../../tools/docs/config-docs.ts';
import { createFakeFiles } from '../../fakes/fake-files.ts';

const FORMAT = { printWidth: 100, singleQuote: true };

test.each([
  ['docs/configuration.md', renderConfigDocs, 'markdown'],
  ['docs/config.schema.json', renderConfigSchema, 'json'],
])(
  '%s is what the schema says, in the form that prettier leaves alone',
  async (file, render, parser) => {
    expect(readFileSync(file, 'utf8')).toBe(render());
    expect(await check(render(), { ...FORMAT, parser })).toBe(true);
  },
);

/** Every key with its path, through maps of maps. */
function keysOf(schema: JsonSchema, path = ''): [string, JsonSchema][] {
  const own = Object.entries(schema.properties ?? {}).flatMap(
    ([key, part]): [string, JsonSchema][] => [
      [`${path}${key}`, part],
      ...keysOf(part, `${path}${key}.`),
    ],
  );
  const item = schema.additionalProperties;
  return [
    ...own,
    ...(typeof item === 'object' && item.properties ? keysOf(item, `${path}NAME.`) : []),
    ...(schema.items?.properties ? keysOf(schema.items, `${path}[].`) : []),
  ];
}

const keys = keysOf(configJsonSchema());

test.each(keys)('%s has a description', (_, { description }) => {
  expect(description).toMatch(/\.$/);
});

test('the page has a row for every key, and the check saw them', () => {
  const page = renderConfigDocs();
  expect(keys.length).toBeGreaterThan(150);
  for (const [path] of keys) {
    const key = path.split('.').at(-1) ?? '';
    expect(page).toMatch(new RegExp(`\`(?:[\\w.[\\]]+\\.)?${key}\``));
  }
});

test('the example of the page is a valid configuration', async () => {
  const example = /```yaml\n(.*?)```/s.exec(renderConfigDocs())?.[1] ?? '';
  const result = await loadConfig({
    path: 'mcp-exporter.yml',
    env: { SEARCH_TOKEN: 'abcdef' },
    readText: createFakeFiles({
      'mcp-exporter.yml': example,
      '.mcp.json': '{ "mcpServers": { "from-mcp-json": { "command": "x" } } }',
    }),
  });
  expect(result).toMatchObject({ ok: true, config: { servers: { length: 4 } } });
});
