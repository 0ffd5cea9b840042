import { expect, test } from 'vitest';
import { followRedirect, type RedirectAnswer } from '../../../../src/protocol/http/redirects.ts';

const FROM = 'https://example.com/a/mcp';

test.each([
  ['POST', 307, '/mcp/', 'https://example.com/mcp/'],
  ['POST', 308, 'mcp/', 'https://example.com/a/mcp/'],
  ['POST', 308, 'https://example.com/other?key=1', 'https://example.com/other?key=1'],
  ['POST', 307, 'https://EXAMPLE.com:443/other', 'https://example.com/other'],
  ['POST', 307, '?key=1', 'https://example.com/a/mcp?key=1'],
  ['POST', 301, '/mcp/', undefined],
  ['POST', 302, '/mcp/', undefined],
  ['POST', 303, '/mcp/', undefined],
  ['DELETE', 307, '/mcp/', 'https://example.com/mcp/'],
  ['DELETE', 302, '/mcp/', undefined],
  ['GET', 301, '/mcp/', 'https://example.com/mcp/'],
  ['GET', 302, '/mcp/', 'https://example.com/mcp/'],
  ['GET', 303, '/mcp/', 'https://example.com/mcp/'],
  ['GET', 308, '/mcp/', 'https://example.com/mcp/'],
  ['GET', 300, '/mcp/', undefined],
  ['GET', 304, '/mcp/', undefined],
  ['POST', 200, '/mcp/', undefined],
  ['POST', 307, undefined, undefined],
  ['POST', 307, '//other.example/mcp', undefined],
  ['POST', 307, 'http://example.com/a/mcp', undefined],
  ['POST', 307, 'https://example.com:8443/mcp', undefined],
  ['POST', 307, 'https://user:secret@example.com/other', 'https://user:secret@example.com/other'],
  ['POST', 307, 'http://[', undefined],
  ['POST', 307, 'javascript:alert(1)', undefined],
  ['POST', 307, FROM, undefined],
  ['POST', 307, `${FROM}#part`, undefined],
] as const)('%s answered %i to %s', (method, status, location, expected) => {
  expect(followRedirect({ method, asked: [new URL(FROM)], status, location })?.href).toBe(expected);
});

test('at most five redirects in a row are followed, and none leads back', () => {
  const asked: [URL, ...URL[]] = [new URL(FROM)];
  const answer = (location: string): RedirectAnswer => ({
    method: 'POST',
    asked,
    status: 307,
    location,
  });
  for (let hop = 1; hop <= 5; hop += 1) {
    const target = followRedirect(answer(`/hop-${hop}`));
    expect(target?.pathname).toBe(`/hop-${hop}`);
    if (target) asked.push(target);
    expect(followRedirect(answer('/a/mcp'))).toBeUndefined();
  }
  expect(followRedirect(answer('/hop-6'))).toBeUndefined();
});
