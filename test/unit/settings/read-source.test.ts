import { expect, test } from 'vitest';
import { ConfigSchema } from '../../../src/settings/config-schema.ts';
import { isClientFile, readSource } from '../../../src/settings/read-source.ts';

function isClient(file: string, keys: readonly string[]): boolean {
  const text = JSON.stringify(Object.fromEntries(keys.map((key) => [key, {}])));
  return isClientFile(file, text, readSource(file, text).root);
}

test("JSON with only servers is a client's file, whatever else a client writes into it", () => {
  expect(isClient('a.json', ['mcpServers'])).toBe(true);
  expect(isClient('a.json', ['servers', 'inputs'])).toBe(true);
  expect(isClient('a.json', ['mcpServers', 'globalShortcut'])).toBe(true);
});

test.each(Object.keys(ConfigSchema.shape).filter((key) => key !== 'mcpServers'))(
  'JSON with the key %s is our own file',
  (key) => {
    expect(isClient('a.json', ['mcpServers', key])).toBe(false);
  },
);

test("YAML is never a client's file", () => {
  expect(isClient('a.yml', ['mcpServers'])).toBe(false);
});
