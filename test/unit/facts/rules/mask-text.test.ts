import { performance } from 'node:perf_hooks';
import { expect, test } from 'vitest';
import { maskText, maskTexts } from '../../../../src/facts/rules/mask-text.ts';
import { Secret } from '../../../../src/facts/secret.ts';

const PLANTED = 'pl4nted-s3cret';
const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl';

test.each([
  `Authorization: Bearer ${PLANTED}`,
  `"authorization":"Basic ${PLANTED}"`,
  `Proxy-Authorization: ${PLANTED}`,
  `sent bearer ${PLANTED} to it`,
  `mysql -u root -p ${PLANTED} -h db`,
  `--token=${PLANTED} --other=x`,
  `--api-key ${PLANTED}`,
  `--client-secret '${PLANTED}'`,
  `SEARCH_API_KEY=${PLANTED}`,
  `https://host/path?a=b&access_token=${PLANTED}&c=d`,
  `{"password": "${PLANTED}"}`,
  `{\\"password\\": \\"${PLANTED}\\"}`,
  `{'dbPassword': '${PLANTED}'}`,
  `access token: ${PLANTED}`,
  `postgres://admin:${PLANTED}@db.example/x`,
  `Cookie: sid=${PLANTED}`,
  `-----BEGIN RSA PRIVATE KEY-----\n${PLANTED.replaceAll('-', '')}\n-----END RSA PRIVATE KEY-----`,
])('what looks like a credential is masked though nobody configured it: %s', (text) => {
  const masked = maskText(text, []);
  expect(masked).not.toContain(PLANTED);
  expect(masked).not.toContain(PLANTED.replaceAll('-', ''));
  expect(masked).toContain('***');
});

test.each([
  JWT,
  'ghp_0123456789abcdefghijABCDEFGHIJ',
  'sk-proj-0123456789abcdefghij',
  'AKIAIOSFODNN7EXAMPLE',
  'xoxb-1234567890-abcdef',
  'glpat-0123456789abcdefghij',
])('a token is masked by its form: %s', (token) => {
  expect(maskText(`got ${token}.`, [])).toMatch(/^got \*\*\*\.?$/);
});

test.each([
  'Bearer realm="mcp", error="invalid_token"',
  'Bearer resource_metadata="https://a.example/.well-known/x"',
  'Bearer authentication is required',
  'invalid token: it has expired',
  'max_tokens=100, tokens: 12345',
  'listening on port 8080, -p 8080',
  'mkdir -p /var/lib/x',
  'The server asks for a token (401).',
  'https://example.com:8080/a@b',
])('what is no credential stays as it is: %s', (text) => {
  expect(maskText(text, [])).toBe(text);
});

test('a configured secret is masked wherever it stands, encoded, and where the text was cut in it', () => {
  const secrets = [new Secret('a b/c-configured')];
  expect(maskText('xa b/c-configuredx', secrets)).toBe('x***x');
  expect(maskText('?q=a%20b%2Fc-configured', secrets)).toBe('?q=***');
  expect(maskText('it ends in a b/c-conf', secrets)).toBe('it ends in ***');
  expect(maskText('it ends in a b/c-conf…', secrets)).toBe('it ends in ***…');
});

test.each([
  '-'.repeat(60_000),
  '-----BEGIN PRIVATE KEY-----'.repeat(2_000),
  'bearer '.repeat(9_000),
  'token:'.repeat(10_000),
  'token '.repeat(10_000),
  '--token --token='.repeat(4_000),
  'a.'.repeat(30_000),
  'http://'.repeat(9_000),
  `"token": "${'\\'.repeat(60_000)}`,
  ' '.repeat(60_000),
])('no text takes long to mask', (text) => {
  const startedMs = performance.now();
  maskText(text, []);
  expect(performance.now() - startedMs).toBeLessThan(1_000);
});

test('every text of plain data is masked, and what is no plain data stays', () => {
  const secret = new Secret('planted');
  const mask = (text: string): string => text.replaceAll('planted', '***');
  expect(maskTexts({ a: ['planted', { b: 'x planted' }], c: 1, secret }, mask)).toEqual({
    a: ['***', { b: 'x ***' }],
    c: 1,
    secret,
  });
});
