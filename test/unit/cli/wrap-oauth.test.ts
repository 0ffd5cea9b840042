import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { run } from '../../../src/cli/run.ts';
import type { AuthorizationAnswer } from '../../../src/protocol/oauth/ask-for-authorization.ts';
import { createFakeContext } from '../../fakes/fake-context.ts';

const CLIENT = JSON.stringify({
  mcpServers: {
    local: { command: 'node' },
    first: { url: 'http://127.0.0.1:9/first' },
    second: { url: 'http://127.0.0.1:9/second' },
  },
});

/** @param answers by path; without one a server wants nothing */
async function wrap(
  answers: Readonly<Record<string, AuthorizationAnswer>>,
  { own, options = [] }: { readonly own?: string; readonly options?: readonly string[] } = {},
) {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'mcp-exporter-wrap-')));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const [file, ownFile] = [join(folder, '.mcp.json'), join(folder, 'mcp-exporter.yml')];
  await writeFile(file, CLIENT);
  if (own !== undefined) await writeFile(ownFile, own);
  const asked: string[] = [];
  const context = createFakeContext({
    async askForAuthorization({ url }) {
      const path = new URL(url).pathname;
      asked.push(path);
      return answers[path] ?? { kind: 'none_wanted' };
    },
  });
  const code = await run(['wrap', file, '--config', ownFile, ...options], context);
  const text = await readFile(file, 'utf8');
  return { code, asked, text, folder, out: context.out(), err: context.err() };
}

test('only a server that wants OAuth stays as it is, with the reason and what to do', async () => {
  const { code, asked, out, err, text, folder } = await wrap({ '/first': { kind: 'oauth' } });
  expect([code, err, asked]).toEqual([0, '', ['/first', '/second']]);
  expect(out).toContain(`moved to ${join(folder, 'mcp-exporter.yml')}: local, second\n`);
  expect(out).toContain(
    'left as it is: first: it wants OAuth, and clients refuse it at the gateway’s own address: put the gateway at the server’s public address (gateway.publicUrl), or use --include-oauth to wrap it anyway\n',
  );
  expect(text).toContain('http://127.0.0.1:9/first');
  expect(text).toContain('http://127.0.0.1:19100/second/mcp');
});

test('--dry-run asks too, and shows what would be left', async () => {
  const { asked, out, text } = await wrap(
    { '/first': { kind: 'oauth' } },
    { options: ['--dry-run'] },
  );
  expect(asked).toEqual(['/first', '/second']);
  expect(out).toContain('left as it is: first');
  expect(out).not.toContain('19100/first');
  expect(text).toBe(CLIENT);
});

test('--include-oauth wraps it, and asks nobody', async () => {
  const { asked, out, text } = await wrap(
    { '/first': { kind: 'oauth' } },
    { options: ['--include-oauth'] },
  );
  expect(asked).toEqual([]);
  expect(out).not.toContain('left as it is');
  expect(text).toContain('http://127.0.0.1:19100/first/mcp');
});

test('if the gateway stands at its public address, that is the one to use', async () => {
  const own =
    'import: [.mcp.json]\nmcpServers: { first: { gateway: { publicUrl: "https://mcp.example.com/mcp" } } }\n';
  const { out } = await wrap({ '/first': { kind: 'oauth' } }, { own });
  expect(out).toContain('let the client use its public address, https://mcp.example.com/mcp');
});

test.each<[AuthorizationAnswer, string]>([
  [{ kind: 'other_credentials' }, 'note: first answers 401, and its entry has no credentials\n'],
  [
    { kind: 'no_answer', detail: 'connection refused' },
    'note: first cannot be asked whether it wants OAuth: connection refused\n',
  ],
])('a server that answers %j is wrapped, with a note', async (answer, note) => {
  const { code, err, text } = await wrap({ '/first': answer });
  expect([code, err]).toEqual([0, note]);
  expect(text).toContain('http://127.0.0.1:19100/first/mcp');
});
