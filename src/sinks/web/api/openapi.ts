import { z } from 'zod';
import type { JsonObject } from '../../../facts/json-object.ts';
import type { Route } from '../routes/route.ts';
import type { Operation, OperationAccess } from './operation.ts';
import { type SchemaName, SCHEMAS } from './schemas.ts';

const JSON_TYPE = 'application/json';
const PROBLEM_TYPE = 'application/problem+json';

const SECURITY: Readonly<Record<OperationAccess, readonly JsonObject[]>> = {
  read: [{}, { basic: [] }],
  change: [{}, { adminToken: [] }, { basic: [] }],
  alerts: [{}, { alertToken: [] }, { basic: [] }],
  markers: [{}, { markerToken: [] }, { adminToken: [] }, { basic: [] }],
};

/**
 * The OpenAPI document (3.1) of all routes that have an operation.
 * @see https://spec.openapis.org/oas/v3.1.1.html
 */
export function describeApi(routes: readonly Route[], version: string): JsonObject {
  const paths = new Map<string, Record<string, JsonObject>>();
  for (const { method, path, operation } of routes) {
    if (operation === undefined) continue;
    const template = path.replace(/:(\w+)/g, '{$1}');
    const ofPath = paths.get(template) ?? {};
    ofPath[method] = describeOperation(operation, path);
    paths.set(template, ofPath);
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'mcp-exporter',
      version,
      summary: 'Monitoring of MCP servers',
      license: { name: 'Apache 2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths: Object.fromEntries(paths),
    components: {
      schemas: describeSchemas(),
      securitySchemes: {
        adminToken: { type: 'http', scheme: 'bearer', description: 'admin.tokenFile' },
        alertToken: { type: 'http', scheme: 'bearer', description: 'alertWebhook.tokenFile' },
        markerToken: { type: 'http', scheme: 'bearer', description: 'markers.tokenFile' },
        basic: { type: 'http', scheme: 'basic', description: 'A user of the web configuration' },
      },
    },
  };
}

function describeOperation(operation: Operation, path: string): JsonObject {
  const { summary, description, access, query = {}, headers = {}, body, answer } = operation;
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const inQuery = Object.entries(query).map(([name, { description, schema, isRequired }]) => ({
    name,
    in: 'query',
    ...(isRequired === true && { required: true }),
    description,
    schema,
  }));
  const inHeader = Object.entries(headers).map(([name, meaning]) => ({
    name,
    in: 'header',
    description: meaning,
    schema: { type: 'string' },
  }));
  const ok = hasContent(answer) ? { content: contentOf(answer) } : {};
  return {
    summary,
    description,
    security: SECURITY[access],
    parameters: [...inPath, ...inQuery, ...inHeader],
    ...(body && {
      requestBody: {
        required: body.isOptional !== true,
        content: { [JSON_TYPE]: { schema: referTo(body.schema) } },
      },
    }),
    responses: {
      [answer.status ?? 200]: { description: 'As requested', ...ok },
      ...(answer.alsoStatus !== undefined && {
        [answer.alsoStatus]: { description: 'It lasts and goes on', ...ok },
      }),
      default: {
        description: 'Refused or failed, and why (RFC 9457)',
        content: { [PROBLEM_TYPE]: { schema: referTo('Problem') } },
      },
    },
  };
}

function hasContent({ schema, types = [] }: Operation['answer']): boolean {
  return schema !== undefined || types.length > 0;
}

function contentOf({ schema, types = [] }: Operation['answer']): JsonObject {
  const texts = types.map((type) => [type, { schema: { type: 'string' } }]);
  return {
    ...(schema && { [JSON_TYPE]: { schema: referTo(schema) } }),
    ...Object.fromEntries(texts),
  };
}

function referTo(name: SchemaName): JsonObject {
  return { $ref: `#/components/schemas/${name}` };
}

function describeSchemas(): JsonObject {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(SCHEMAS)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, {
    uri: (id) => `#/components/schemas/${id}`,
    io: 'input',
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => {
      const { $id: _, $schema: __, ...described } = schema;
      return [name, described];
    }),
  );
}
