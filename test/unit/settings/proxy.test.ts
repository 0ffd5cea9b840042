import { expect, test } from 'vitest';
import { chooseProxy } from '../../../src/settings/proxy.ts';
import { httpTarget, loadFiles, mistakesOf } from './load-text.ts';

const ENV = { HTTPS_PROXY: 'http://secure:3128', http_proxy: 'plain:3128' };

test.each([
  ['https://mcp.example.com/mcp', undefined, {}, 'secure:3128'],
  ['http://mcp.example.com/mcp', undefined, {}, 'plain:3128'],
  ['http://localhost:3000/mcp', undefined, {}, undefined],
  ['http://127.0.0.1:3000/mcp', 'http://own:1', {}, 'own:1'],
  ['https://mcp.example.com/mcp', 'off', {}, undefined],
  ['https://mcp.example.com/mcp', undefined, { NO_PROXY: 'example.com' }, undefined],
  ['https://example.com/mcp', undefined, { NO_PROXY: '.example.com' }, 'secure:3128'],
  ['https://notexample.com/mcp', undefined, { no_proxy: 'example.com' }, 'secure:3128'],
  ['https://a.example.com:8443/mcp', undefined, { NO_PROXY: 'a.example.com:443' }, 'secure:3128'],
  ['https://a.example.com/mcp', undefined, { NO_PROXY: 'x, a.example.com:443' }, undefined],
  ['https://10.1.2.3/mcp', undefined, { NO_PROXY: '10.0.0.0/8' }, undefined],
  ['https://11.1.2.3/mcp', undefined, { NO_PROXY: '10.0.0.0/8' }, 'secure:3128'],
  ['https://[fd00::1]/mcp', undefined, { NO_PROXY: 'fd00::/8' }, undefined],
  ['https://[fd00::1]/mcp', undefined, { NO_PROXY: '[fd00::1]:443' }, undefined],
  ['https://h/mcp', undefined, { NO_PROXY: '*' }, undefined],
])('%s with proxy %s and %j goes through %s', (url, configured, env, expected) => {
  expect(chooseProxy(new URL(url), configured, { ...ENV, ...env })?.host).toBe(expected);
});

test('proxy of a server wins over defaults and the environment, and its credentials are secrets', async () => {
  const loaded = await loadFiles(
    {
      'mcp-exporter.yml': `
defaults: { proxy: "http://everybody:3128" }
mcpServers:
  a: { url: "https://h/a", proxy: "http://user:planted-pass@own:3128" }
  b: { url: "https://h/b" }
  c: { url: "https://h/c", proxy: off }
`,
    },
    ENV,
  );
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const [a, b, c] = loaded.config.servers.map(httpTarget);
  expect(a?.proxy?.reveal()).toBe('http://user:planted-pass@own:3128/');
  expect(loaded.config.servers[0]?.secrets.map((each) => each.reveal())).toContain('planted-pass');
  expect(JSON.stringify(loaded.config)).not.toContain('@own');
  expect(b?.proxy?.reveal()).toBe('http://everybody:3128/');
  expect(c?.proxy).toBeUndefined();
});

test('a proxy that is no URL is a mistake that does not quote it', async () => {
  const text = await mistakesOf('mcpServers: { a: { url: "https://h", proxy: "planted:pass" } }');
  expect(text).toContain('mcpServers.a.proxy  must be a URL');
  expect(text).not.toContain('planted');
});
