import { expect } from 'vitest';
import { type SchemaName, SCHEMAS } from '../../../../src/sinks/web/api/schemas.ts';
import { API_ROUTES } from './api-routes.ts';
import type { Answer } from './serve-app.ts';

/** Holds an answer of the API against what the OpenAPI document says of it. */
export function expectDescribed(
  request: { readonly method: string; readonly path: string },
  { status, headers, body }: Answer,
): void {
  const type = headers['content-type'] ?? '';
  if (body === '') return;
  if (type.startsWith('application/problem+json')) expectSchema('Problem', body);
  if (status >= 300 || !type.startsWith('application/json')) return;
  const [path = ''] = request.path.split('?');
  const route = API_ROUTES.find(
    (each) => each.method === request.method.toLowerCase() && each.pattern.test(path),
  );
  const answer = route?.operation.answer;
  expect(
    answer?.schema,
    `${request.method} ${path} answers JSON that is not described`,
  ).toBeDefined();
  expect([answer?.status ?? 200, answer?.alsoStatus]).toContain(status);
  if (answer?.schema) expectSchema(answer.schema, body);
}

function expectSchema(name: SchemaName, body: string): void {
  const { error } = SCHEMAS[name].safeParse(JSON.parse(body));
  expect(error?.issues, `not a ${name}: ${body.slice(0, 500)}`).toBeUndefined();
}
