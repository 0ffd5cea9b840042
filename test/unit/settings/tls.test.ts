import { expect, test } from 'vitest';
import { makeCertificate } from '../sources/probe/connection/make-certificate.ts';
import { httpTarget, loadFiles } from './load-text.ts';

test('a client certificate, its key and a server name are read, and watched for changes', async () => {
  const { key, cert } = makeCertificate();
  const files = {
    'etc/main.yml': `
mcpServers:
  a: { url: "https://h/mcp", tls: { certFile: c.pem, keyFile: k.pem, serverName: mcp.internal } }
  b: { url: "https://h/mcp", monitor: { tls: { serverName: earlier.place } } }
`,
    'etc/c.pem': cert,
    'etc/k.pem': key,
  };
  const loaded = await loadFiles(files);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const [a, b] = loaded.config.servers.map(httpTarget);
  expect(a).toMatchObject({ tlsCert: cert, tlsServerName: 'mcp.internal', tlsSkipVerify: false });
  expect(a?.tlsKey?.reveal()).toBe(key);
  expect(JSON.stringify(a)).not.toContain('PRIVATE KEY');
  expect(b?.tlsServerName).toBe('earlier.place');
  expect(loaded.files).toEqual(expect.arrayContaining(['etc/c.pem', 'etc/k.pem']));
});

test.each([
  ['{ certFile: c.pem }', 'certFile', 'needs keyFile'],
  ['{ keyFile: k.pem }', 'keyFile', 'needs certFile'],
  ['{ certFile: c.pem, keyFile: other.pem }', 'certFile', 'KEY_VALUES_MISMATCH'],
  ['{ certFile: c.pem, keyFile: none.pem }', 'keyFile', 'the file does not exist'],
  ['{ serverName: 127.0.0.1 }', 'serverName', 'must be a name'],
])('tls: %s is a mistake at %s', async (tls, key, message) => {
  const { key: ownKey, cert } = makeCertificate();
  const loaded = await loadFiles({
    'main.yml': `mcpServers: { a: { url: "https://h/mcp", tls: ${tls} } }`,
    'c.pem': cert,
    'k.pem': ownKey,
    'other.pem': makeCertificate().key,
  });
  expect(loaded).toMatchObject({ ok: false });
  expect(loaded.ok ? [] : loaded.problems).toEqual([
    expect.objectContaining({
      path: `mcpServers.a.tls.${key}`,
      message: expect.stringContaining(message),
      line: 1,
    }),
  ]);
});

test('a server whose certificate is not verified is a warning, once for defaults', async () => {
  const loaded = await loadFiles({
    'main.yml': `
defaults: { tls: { insecureSkipVerify: true } }
mcpServers: { a: { url: "https://h/a" }, b: { url: "https://h/b" } }
`,
  });
  expect(loaded.ok && loaded.warnings).toEqual([
    expect.objectContaining({ path: 'defaults.tls.insecureSkipVerify', line: 2 }),
  ]);
});
