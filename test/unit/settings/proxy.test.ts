import { expect, test } from 'vitest';
import { chooseProxy, proxyWarning } from '../../../src/settings/proxy.ts';
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
  ['https://h/mcp', undefined, { NO_PROXY: '', no_proxy: 'h' }, undefined],
  ['https://h/mcp', undefined, { HTTPS_PROXY: '', https_proxy: 'https://lower:1' }, 'lower:1'],
  ['https://h/mcp', undefined, { HTTPS_PROXY: 'socks5://tor:9050' }, undefined],
  ['https://h/mcp', undefined, { HTTPS_PROXY: '', ALL_PROXY: 'http://all:1' }, undefined],
])('%s with proxy %s and %j goes through %s', (url, configured, env, expected) => {
  expect(chooseProxy(new URL(url), configured, { ...ENV, ...env })?.host).toBe(expected);
});

const NOT_A_PROXY =
  'the variable HTTPS_PROXY is not the URL of an HTTP proxy (http:// or https://), so that requests to https servers use no proxy';
const NOT_USED =
  'the variable all_proxy is not used: requests to http servers use a proxy only if HTTP_PROXY is set';

test.each([
  ['https://h/mcp', undefined, { HTTPS_PROXY: 'socks5://user:planted@tor:9050' }, NOT_A_PROXY],
  ['https://h/mcp', undefined, { HTTPS_PROXY: 'http://' }, NOT_A_PROXY],
  ['https://h/mcp', undefined, { HTTPS_PROXY: 'http://user:planted@pro xy' }, NOT_A_PROXY],
  ['http://h/mcp', undefined, { HTTPS_PROXY: 'socks5://tor:9050' }, undefined],
  ['https://h/mcp', 'off', { HTTPS_PROXY: 'socks5://tor:9050' }, undefined],
  ['https://localhost/mcp', undefined, { HTTPS_PROXY: 'socks5://tor:9050' }, undefined],
  ['https://h/mcp', undefined, { HTTPS_PROXY: 'socks5://tor:9050', NO_PROXY: 'h' }, undefined],
  ['http://h/mcp', undefined, { all_proxy: 'http://all:1' }, NOT_USED],
  ['http://h/mcp', undefined, { all_proxy: 'http://all:1', http_proxy: 'plain' }, undefined],
  ['http://h/mcp', undefined, {}, undefined],
])('%s with proxy %s and %j: warning %s', (url, configured, env, expected) => {
  expect(proxyWarning(new URL(url), configured, env)).toBe(expected);
});

test('a variable that is no proxy is one warning, however many servers it applies to', async () => {
  const loaded = await loadFiles(
    {
      'mcp-exporter.yml': `
mcpServers:
  a: { url: "https://h/a" }
  b: { url: "https://h/b" }
  c: { url: "https://localhost/c" }
`,
    },
    { HTTPS_PROXY: 'socks5://user:planted@tor:9050' },
  );
  expect(loaded.ok).toBe(true);
  expect(loaded.warnings).toEqual([
    { file: 'environment', line: 0, column: 0, path: '', message: NOT_A_PROXY },
  ]);
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
