import { createHash } from 'node:crypto';
import {
  type CapabilityList,
  type Definition,
  DEFINITION_TEXT_CHARS_MAX,
} from '../../../facts/capability-snapshot.ts';
import { inputShapeOf, promptShapeOf } from '../../../facts/rules/input-shape.ts';
import { excerpt } from '../../../protocol/classify-failure.ts';
import { isJsonObject, type JsonObject } from '../../../facts/json-object.ts';

const DEFINITIONS_MAX = 10_000;
const LIST_BYTES_MAX = 16 * 1024 * 1024;

export interface ListBuilder {
  /** `result` is the whole answer, for its size and `ttlMs`. False when the list has grown past what is read. */
  addPage(result: JsonObject, items: readonly JsonObject[]): boolean;
  build(): CapabilityList;
}

/** Gathers the pages of one list into definitions with hashes. `nameKey` is the property that is unique within the kind. */
export function createListBuilder(nameKey: string): ListBuilder {
  const definitions = new Map<string, Definition>();
  let bytes = 0;
  let ttlMs: number | undefined;
  return {
    addPage(result, items) {
      bytes += Buffer.byteLength(JSON.stringify(result));
      const ttl = result['ttlMs'];
      if (typeof ttl === 'number') ttlMs ??= ttl;
      for (const item of items) {
        const name = item[nameKey];
        if (typeof name === 'string' && !definitions.has(name))
          definitions.set(name, toDefinition(name, item));
      }
      return definitions.size <= DEFINITIONS_MAX && bytes <= LIST_BYTES_MAX;
    },
    build: () => ({
      definitions: [...definitions.values()],
      bytes,
      ...(ttlMs !== undefined && { ttlMs }),
    }),
  };
}

function toDefinition(name: string, item: JsonObject): Definition {
  const text = item['description'] ?? item['title'];
  const json = canonicalJson(withoutVolatile(item));
  const input = inputShapeOf(item['inputSchema']) ?? promptShapeOf(item['arguments']);
  return {
    name,
    hash: createHash('sha256').update(json).digest('hex'),
    description: typeof text === 'string' ? excerpt(text) : '',
    ...(input && { input }),
    text: JSON.stringify(JSON.parse(json), null, 2).slice(0, DEFINITION_TEXT_CHARS_MAX),
  };
}

/** Size and date of a resource change with its content, which is no change of its definition. */
function withoutVolatile(item: JsonObject): JsonObject {
  if (!('uri' in item)) return item;
  const { size: _size, annotations, ...rest } = item;
  if (!isJsonObject(annotations)) return rest;
  const { lastModified: _lastModified, ...lasting } = annotations;
  return Object.keys(lasting).length === 0 ? rest : { ...rest, annotations: lasting };
}

/** JSON text that does not depend on the order of properties. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value)
    .filter(([, each]) => each !== undefined)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, each]) => `${JSON.stringify(key)}:${canonicalJson(each)}`);
  return `{${entries.join(',')}}`;
}
