import { expect, test } from 'vitest';
import { serverOfCommand, serverOfUrl } from '../../../src/settings/server-spec.ts';
import { configOf, httpTarget, reveal } from './load-text.ts';

test('a URL outside the configuration gives the same server as one inside it', async () => {
  const url = 'http://user:planted-password@h/sse?key=planted-query';
  const server = serverOfUrl(url, {
    source: 'probe',
    env: {},
    headers: { 'X-Api-Key': 'planted-header' },
  });
  const [configured] = (
    await configOf(`mcpServers: { h: { url: "${url}", headers: { X-Api-Key: planted-header } } }`)
  ).servers;
  expect(server && httpTarget(server).url).toBe('http://h/sse?key=planted-query');
  expect(server && reveal(httpTarget(server).headers)).toEqual(
    configured && reveal(httpTarget(configured).headers),
  );
  expect(server).toEqual({ ...configured, source: 'probe' });
  expect(JSON.stringify(server)).not.toContain('planted');
});

test.each(['', 'ftp://h/', 'file:///etc/passwd', '/mcp', 'h:1'])(
  '%j is no address of a server',
  (url) => {
    expect(serverOfUrl(url, { source: 'probe', env: {} })).toBeUndefined();
  },
);

test('a command line outside the configuration gives a stdio server with the default settings', () => {
  const server = serverOfCommand('npx', ['-y', 'server'], { source: 'probe' });
  expect(server.target).toMatchObject({ kind: 'stdio', command: 'npx', args: ['-y', 'server'] });
  expect(server.monitor.timeoutMs).toBe(5_000);
  expect(
    JSON.stringify(serverOfCommand('x', ['--token', 'planted'], { source: 'probe' })),
  ).not.toContain('planted');
});
