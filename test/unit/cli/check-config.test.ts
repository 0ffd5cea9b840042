import { expect, test } from 'vitest';
import { checkConfig } from '../../../src/cli/check-config.ts';

async function run(path: string, env = {}, json = false) {
  const printed = { stdout: '', stderr: '' };
  const code = await checkConfig({
    path,
    json,
    env,
    stdout: { write: (text) => (printed.stdout += text) },
    stderr: { write: (text) => (printed.stderr += text) },
  });
  return { code, ...printed };
}

test('a good configuration prints what would be watched, with secrets masked, and exits with 0', async () => {
  const { code, stdout, stderr } = await run('test/fixtures/config/valid.yml', {
    TOKEN: 'planted-secret',
  });
  expect(stdout).toBe(`test/fixtures/config/valid.yml is valid: 5 servers, listening on [::1]:19110

SERVER    TRANSPORT  ENDPOINT                     INTERVAL                                                      DEFINED IN
files     stdio      npx                          30s                                                           test/fixtures/config/valid.yml:4
search    auto       https://example.com/***/mcp  1m30s                                                         test/fixtures/config/valid.yml:5
off       sse        http://127.0.0.1:3001/sse    disabled                                                      test/fixtures/config/valid.yml:8
imported  stdio      python                       30s                                                           test/fixtures/config/valid-client.json:4
asked     http       https://example.com/mcp      never: needs \${input:key}, which only the client can ask for  test/fixtures/config/valid-client.json:5
`);
  expect(stderr).toBe(
    'warning: test/fixtures/config/valid-client.json:6:5  mcpServers.self  leads back to this exporter and is left out\n',
  );
  expect(code).toBe(0);
});

test('a bad configuration prints every mistake and how many, and exits with 1', async () => {
  const { code, stdout, stderr } = await run('test/fixtures/config/invalid-ten-mistakes.yml');
  expect(code).toBe(1);
  expect(stdout).toBe('');
  expect(stderr.split('\n')).toHaveLength(12);
  expect(stderr).toMatch(/\n10 mistakes\n$/);
});

test('a file that is not there is a mistake', async () => {
  expect(await run('does-not-exist.yml')).toEqual({
    code: 1,
    stdout: '',
    stderr: 'does-not-exist.yml  the file does not exist\n1 mistake\n',
  });
});

test('--json prints the servers, or the mistakes with their places, as one document', async () => {
  const valid = await run('test/fixtures/config/valid.yml', { TOKEN: 'planted-secret' }, true);
  expect(valid).toMatchObject({ code: 0, stderr: '' });
  expect(valid.stdout).not.toContain('planted-secret');
  expect(JSON.parse(valid.stdout)).toMatchObject({
    valid: true,
    listen: '[::1]:19110',
    servers: [
      { name: 'files', transport: 'stdio', enabled: true, intervalMs: 30_000 },
      { name: 'search' },
      { name: 'off', enabled: false },
      { name: 'imported', definedIn: 'test/fixtures/config/valid-client.json:4' },
      { name: 'asked', unresolved: expect.stringContaining('input:key') },
    ],
    mistakes: [],
    warnings: [{ line: 6, path: 'mcpServers.self' }],
  });

  const invalid = await run('test/fixtures/config/invalid-ten-mistakes.yml', {}, true);
  expect(invalid).toMatchObject({ code: 1, stderr: '' });
  const { valid: isValid, mistakes } = JSON.parse(invalid.stdout);
  expect(isValid).toBe(false);
  expect(mistakes).toHaveLength(10);
  expect(mistakes[0]).toMatchObject({
    file: 'test/fixtures/config/invalid-ten-mistakes.yml',
    line: expect.any(Number),
    message: expect.any(String),
  });
});
