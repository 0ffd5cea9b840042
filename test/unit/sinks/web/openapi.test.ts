import { expect, test } from 'vitest';
import { readBody } from '../../../../src/sinks/web/api/operation.ts';
import { allRoutes, createContext } from '../../../../src/sinks/web/create-http-app.ts';
import { fakeHttpDeps } from './fake-http-deps.ts';
import { serveApp } from './serve-app.ts';

const PAGES = /^\/(?:$|servers|alerts|assets|docs|favicon|errors|audit|maintenance|check)/;

test('every route is a page or is described', () => {
  const routes = allRoutes(createContext(fakeHttpDeps().deps, undefined));
  const wrong = routes.filter(
    ({ path, operation }) => PAGES.test(path) === (operation !== undefined),
  );
  expect(wrong.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
});

test('/openapi.json describes parameters, bodies, answers and refusals', async () => {
  const app = await serveApp(fakeHttpDeps().deps);
  const document = JSON.parse((await app.call('/openapi.json')).body);
  expect(document.openapi).toBe('3.1.1');
  const listed = document.paths['/api/v1/mcp/servers'].get;
  expect(listed.parameters.map(({ name }: { name: string }) => name)).toEqual([
    'status',
    'search',
    'label',
    'cursor',
    'limit',
  ]);
  expect(listed.responses['200'].content['application/json'].schema).toEqual({
    $ref: '#/components/schemas/ServerList',
  });
  const checked = document.paths['/api/v1/mcp/servers/{name}/check'].post;
  expect(checked.parameters).toEqual([
    { name: 'name', in: 'path', required: true, schema: { type: 'string' } },
  ]);
  expect(checked.responses.default.content).toHaveProperty(['application/problem+json']);
  const note = document.paths['/api/v1/alerts/{id}/notes'].post;
  expect(note.requestBody).toMatchObject({ required: true });
  expect(document.components.schemas.Note).toMatchObject({
    required: ['text'],
    additionalProperties: false,
  });
});

test('a body with an unknown key is refused by name', () => {
  expect(() => readBody({ text: 'seen', txet: 'seen' }, 'Note')).toThrow(/"txet"/);
  expect(() => readBody({ text: ' ' }, 'Note')).toThrow(
    'text must be a note of 1 to 2000 characters.',
  );
  expect(() => readBody(undefined, 'Note')).toThrow('Content-Type: application/json');
  expect(readBody({ text: ' seen ' }, 'Note')).toEqual({ text: 'seen', by: '' });
});
