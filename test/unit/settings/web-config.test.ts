import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadConfig, type LoadConfigResult } from '../../../src/settings/load-config.ts';
import { formatProblems } from '../../../src/settings/source-file.ts';
import { makeCertificate } from '../sources/probe/connection/make-certificate.ts';

const folder = mkdtempSync(join(tmpdir(), 'web-config-'));
const [first, second] = [makeCertificate(), makeCertificate()];
const HASH = '$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG';
for (const [name, text] of [
  ['mcp-exporter.yml', 'webConfigFile: web.yml\nmcpServers: {}'],
  ['cert.pem', first.cert],
  ['key.pem', first.key],
  ['other.key', second.key],
  ['text.pem', 'no PEM'],
] as const)
  writeFileSync(join(folder, name), text);
mkdirSync(join(folder, 'directory'));

afterAll(() => rmSync(folder, { recursive: true }));

async function load(web: string): Promise<LoadConfigResult> {
  writeFileSync(join(folder, 'web.yml'), web);
  return loadConfig({ path: join(folder, 'mcp-exporter.yml'), env: {} });
}

const TLS = 'cert_file: cert.pem, key_file: key.pem';
const inline = (text: string): string => JSON.stringify(text);

const GOOD = [
  '',
  '{}',
  `tls_server_config: { ${TLS} }`,
  'tls_server_config: {}',
  'tls_server_config: { cert_file: "", key_file: "" }',
  'tls_server_config: { min_version: TLS13 }',
  `tls_server_config: { cert: ${inline(first.cert)}, key: ${inline(first.key)} }`,
  `tls_server_config: { cert_file: ${join(folder, 'cert.pem')}, key_file: ${join(folder, 'key.pem')} }`,
  `tls_server_config: { ${TLS}, client_auth_type: RequireAndVerifyClientCert, client_ca_file: cert.pem }`,
  `tls_server_config: { ${TLS}, client_auth_type: VerifyClientCertIfGiven, client_ca: ${inline(first.cert)} }`,
  `tls_server_config: { ${TLS}, client_auth_type: RequireClientCert }`,
  `tls_server_config: { ${TLS}, client_auth_type: RequireAnyClientCert, client_allowed_sans: [a.example.com] }`,
  `tls_server_config: { ${TLS}, min_version: TLS10, max_version: TLS12 }`,
  `tls_server_config: { ${TLS}, cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA] }`,
  `tls_server_config: { ${TLS}, curve_preferences: [CurveP256, CurveP384, CurveP521, X25519], prefer_server_cipher_suites: false }`,
  `basic_auth_users: { alice: "${HASH}", bob: "${HASH}" }`,
  'basic_auth_users: {}',
  'http_server_config: { http2: false, headers: { X-Frame-Options: deny, X-XSS-Protection: 1, Content-Security-Policy: "default-src \'self\'" } }',
  'rate_limit: { interval: 1s, burst: 20 }',
  'rate_limit: { interval: 0 }',
];

const BAD = [
  'tls_server_config: { cert_file: cert.pem }',
  'tls_server_config: { key_file: key.pem }',
  'tls_server_config: { client_auth_type: NoClientCert }',
  'tls_server_config: { cert_file: nowhere.pem, key_file: key.pem }',
  'tls_server_config: { cert_file: directory, key_file: key.pem }',
  'tls_server_config: { cert_file: text.pem, key_file: key.pem }',
  'tls_server_config: { cert_file: cert.pem, key_file: other.key }',
  'tls_server_config: { cert: x, key: y }',
  `tls_server_config: { ${TLS}, client_ca_file: cert.pem }`,
  `tls_server_config: { ${TLS}, client_auth_type: Sometimes }`,
  `tls_server_config: { ${TLS}, client_auth_type: VerifyClientCertIfGiven, client_ca_file: nowhere.pem }`,
  `tls_server_config: { ${TLS}, min_version: "1.2" }`,
  `tls_server_config: { ${TLS}, cipher_suites: [TLS_NULL] }`,
  `tls_server_config: { ${TLS}, curve_preferences: [CurveP1] }`,
  `tls_server_config: { ${TLS}, cert_fil: x }`,
  'basic_auth_users: { alice: secret }',
  'basic_auth_users: [alice]',
  'http_server_config: { headers: { X-Other: a } }',
  'http_server_config: { headers: { X-Frame-Options: never } }',
  'http_server_config: { headers: { X-Content-Type-Options: sniff } }',
  'rate_limit: { interval: often }',
  'tls_server_confg: {}',
  'just text',
];

test.each(GOOD)('%s is a web configuration', async (web) => {
  const result = await load(web);
  expect(result.ok ? '' : formatProblems(result.problems)).toBe('');
});

test.each(BAD)('%s is none, and the message names the place', async (web) => {
  const result = await load(web);
  expect(result.ok ? '' : formatProblems(result.problems)).toMatch(/^\S+web\.yml:1:\d+ {2}/);
});

const isPromtoolThere = spawnSync('promtool', ['--version']).status === 0;
const isSkipped = !isPromtoolThere && !process.env['CI'];
if (isSkipped)
  console.warn('SKIPPED: promtool is not in PATH, web configurations were not compared');

test
  .skipIf(isSkipped)
  .each([...GOOD.map((web) => [web, 0] as const), ...BAD.map((web) => [web, 1] as const)])(
  'promtool is of the same mind about %s',
  (web, status) => {
    const path = join(folder, 'promtool.yml');
    writeFileSync(path, web);
    const promtool = spawnSync('promtool', ['check', 'web-config', path], { encoding: 'utf8' });
    expect([promtool.stdout + promtool.stderr, promtool.status]).toEqual([
      expect.anything(),
      status,
    ]);
  },
);

test('what it says is taken over, and prints with its secrets masked', async () => {
  const result = await load(`
tls_server_config: { ${TLS}, client_auth_type: RequireClientCert, min_version: TLS13, cipher_suites: [TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA] }
basic_auth_users: { alice: "${HASH}" }
http_server_config: { headers: { X-XSS-Protection: 1, X-Frame-Options: deny } }
rate_limit: { interval: 500ms, burst: 3 }
`);
  if (!result.ok) throw new Error(formatProblems(result.problems));
  const { web } = result.config;
  expect(web).toMatchObject({
    tls: {
      cert: first.cert,
      minVersion: 'TLSv1.3',
      maxVersion: 'TLSv1.3',
      ciphers: 'ECDHE-RSA-AES256-SHA',
      clientAuth: 'RequireAnyClientCert',
    },
    headers: { 'X-XSS-Protection': '1', 'X-Frame-Options': 'deny' },
    rateLimit: { requests: 1, perMs: 500, burst: 3 },
  });
  expect(web?.users['alice']?.reveal()).toBe(HASH);
  expect(JSON.stringify(web)).not.toContain('PRIVATE KEY');
  expect(JSON.stringify(web)).not.toContain(HASH);
});

test('the files it names are watched, so that a renewed certificate is read', async () => {
  const { files } = await load(`tls_server_config: { ${TLS} }`);
  expect(files).toEqual(
    expect.arrayContaining(
      ['web.yml', 'cert.pem', 'key.pem'].map((name) => expect.stringContaining(name)),
    ),
  );
});

test('a web configuration that cannot be read is reported where it is named', async () => {
  rmSync(join(folder, 'web.yml'), { force: true });
  const result = await loadConfig({ path: join(folder, 'mcp-exporter.yml'), env: {} });
  expect(result.ok ? '' : formatProblems(result.problems)).toMatch(
    /mcp-exporter\.yml:1:16 {2}webConfigFile {2}the file does not exist/,
  );
});
