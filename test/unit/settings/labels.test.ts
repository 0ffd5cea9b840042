import { expect, test } from 'vitest';
import { configOf, mistakesOf, serverOf } from './load-text.ts';

test('labels of a server take precedence over those of defaults, and an empty value removes one', async () => {
  const config = await configOf(`
defaults: { labels: { team: platform, environment: production, tier: 1 } }
mcpServers:
  files: { command: npx }
  search: { url: http://127.0.0.1:1/mcp, labels: { team: search, tier: "", critical: true } }
`);
  expect(config.servers.map(({ name, labels }) => [name, labels])).toEqual([
    ['files', { environment: 'production', team: 'platform', tier: '1' }],
    ['search', { critical: 'true', environment: 'production', team: 'search' }],
  ]);
  expect(Object.keys(config.servers[1]?.labels ?? {})).toEqual(['critical', 'environment', 'team']);
});

test('an imported server gets labels in our file, and what its own file has under labels is ignored', async () => {
  const { labels } = await serverOf({
    'mcp-exporter.yml': `
import: [./.mcp.json]
defaults: { labels: { environment: production } }
mcpServers: { files: { labels: { team: search } } }
`,
    '.mcp.json': '{"mcpServers":{"files":{"command":"npx","labels":["a client\'s own"]}}}',
  });
  expect(labels).toEqual({ environment: 'production', team: 'search' });
});

test('the value of a variable in a label is no secret, one elsewhere is', async () => {
  const { labels, secrets } = await serverOf(
    'mcpServers: { files: { command: npx, env: { KEY: "${KEY}" }, labels: { team: "${TEAM}" } } }',
    { TEAM: 'search', KEY: 'abcdefgh' },
  );
  expect(labels).toEqual({ team: 'search' });
  expect(secrets.map((secret) => secret.reveal())).toEqual(['abcdefgh']);
});

test.each([
  ['sixteen names', 16, ''],
  ['seventeen names', 17, 'l16'],
])('%s', async (_case, count, tooMany) => {
  const labels = Array.from({ length: count }, (_, index) => `l${index}: x`).join(', ');
  const mistakes = await mistakesOf(
    `mcpServers: { files: { command: npx, labels: { ${labels} } } }`,
  );
  expect(mistakes.includes(`mcpServers.files.labels.${tooMany}`)).toBe(tooMany !== '');
  expect(mistakes === '').toBe(tooMany === '');
});

test('a value may have 128 bytes', async () => {
  const config = (value: string) =>
    `mcpServers: { a: { command: npx, labels: { team: ${value} } } }`;
  expect((await serverOf(config('é'.repeat(64)))).labels).toEqual({ team: 'é'.repeat(64) });
  expect(await mistakesOf(config('é'.repeat(65)))).toContain('must not be longer than 128 bytes');
});
