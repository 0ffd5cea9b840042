import { expect, test } from 'vitest';
import {
  assessRedirect,
  type RelayedRedirect,
  RedirectedPaths,
  type RedirectRules,
} from '../../../../src/sources/gateway/redirects.ts';

const rules: RedirectRules = {
  origin: 'http://files:3000',
  isFollowed: true,
  toClient: (target) => `/files${target.pathname}${target.search}`,
};

function assess(changes: Partial<RelayedRedirect>, given = rules) {
  const answer = { status: 307, location: '/mcp/', path: '/mcp?a=1', followedCount: 0 };
  return assessRedirect({ ...answer, isBodyHeld: true, ...changes }, given);
}

test.each<[string, Partial<RelayedRedirect>, string]>([
  ['307 to a path', {}, '/mcp/'],
  ['308 to a relative path with a query', { status: 308, location: 'mcp/?b=2' }, '/mcp/?b=2'],
  ['307 to its own address in full', { location: 'http://files:3000/v1/mcp' }, '/v1/mcp'],
  ['a query alone', { location: '?b=2' }, '/mcp?b=2'],
])('%s is followed', (_case, changes, path) => {
  expect(assess(changes)).toEqual({ kind: 'follow', path });
});

test.each<[string, Partial<RelayedRedirect>, string]>([
  ['another host', { location: 'http://other:3000/mcp/' }, 'http://other:3000/mcp/'],
  ['another port', { location: 'http://files:3001/mcp/' }, 'http://files:3001/mcp/'],
  ['another scheme', { location: 'https://files:3000/mcp/' }, 'https://files:3000/mcp/'],
  ['another host without a scheme', { location: '//other/mcp' }, '//other/mcp'],
  ['no address', { location: 'http://' }, 'http://'],
  ['302', { status: 302 }, '/files/mcp/'],
  ['301 in full', { status: 301, location: 'http://files:3000/mcp/' }, '/files/mcp/'],
  ['303 to a relative path', { status: 303, location: 'done?b=2' }, '/files/done?b=2'],
  ['307 whose body has passed', { isBodyHeld: false }, '/files/mcp/'],
  ['307 in a circle', { followedCount: 5 }, '/files/mcp/'],
])('%s is returned to the client', (_case, changes, location) => {
  expect(assess(changes)).toEqual({ kind: 'return', location });
});

test('nothing is followed where that is for the client to do', () => {
  const verdict = assess({}, { ...rules, isFollowed: false });
  expect(verdict).toEqual({ kind: 'return', location: '/files/mcp/' });
});

test('a client reaches the paths that redirects named, and no others', () => {
  const paths = new RedirectedPaths('my files', new URL('http://files:3000/v1?key=1'));
  const told = (path: string) => paths.toClient(new URL(path, 'http://files:3000'));
  expect(told('/v1/?b=2#c')).toBe('/my%20files/v1/?b=2#c');
  expect(paths.find('/v1/')).toBe('/v1/');
  expect(paths.find('/v2')).toBeUndefined();
});

test('a redirect to the configured path leads to /NAME/mcp, and one to /mcp does not', () => {
  const paths = new RedirectedPaths('files', new URL('http://files:3000/v1?key=1'));
  const told = (path: string) => paths.toClient(new URL(path, 'http://files:3000'));
  expect(told('/v1?key=1')).toBe('/files/mcp');
  expect(told('/v1?key=2')).toBe('/files/mcp?key=2');
  expect(told('/mcp')).toBe('/files/redirected/mcp');
  expect(paths.find('/redirected/mcp')).toBe('/mcp');
});

test('of an HTTP+SSE server /NAME/sse is the configured path', () => {
  const paths = new RedirectedPaths('files', new URL('http://files:3000/v1'), '/sse');
  const told = (path: string) => paths.toClient(new URL(path, 'http://files:3000'));
  expect(told('/v1')).toBe('/files/sse');
  expect(told('/mcp')).toBe('/files/mcp');
  expect(told('/sse')).toBe('/files/redirected/sse');
  expect(paths.find('/redirected/sse')).toBe('/sse');
});

test('the paths are bounded, and the oldest is forgotten', () => {
  const paths = new RedirectedPaths('files', new URL('http://files:3000/mcp'));
  for (let index = 0; index <= 100; index += 1)
    paths.toClient(new URL(`http://files:3000/${index}`));
  expect(paths.find('/0')).toBeUndefined();
  expect(paths.find('/1')).toBe('/1');
});
