import { isJsonObject } from '../json-object.ts';

/**
 * What the input schema of a tool demands of the top level of its arguments: enough to recognize most invalid arguments
 * without keeping whole schemas.
 */
export interface InputShape {
  readonly required: readonly string[];
  /** JSON Schema types that a property may have; without those whose schema names none. */
  readonly types: Readonly<Record<string, readonly string[]>>;
  /** Whether properties that are not in `known` are forbidden. */
  readonly isClosed: boolean;
  readonly known: readonly string[];
}

/** A schema with more properties, or longer names, is not kept. */
const PROPERTIES_MAX = 100;
const NAME_CHARS_MAX = 200;

/**
 * @param schema `inputSchema` of a listed tool
 * @returns `undefined` if it demands nothing, or too much to be kept
 */
export function inputShapeOf(schema: unknown): InputShape | undefined {
  if (!isJsonObject(schema)) return undefined;
  const properties = isJsonObject(schema['properties']) ? schema['properties'] : {};
  const known = Object.keys(properties);
  const required = stringsOf(schema['required']);
  const isClosed = schema['additionalProperties'] === false && !('patternProperties' in schema);
  const names = [...known, ...required];
  if (names.length > 2 * PROPERTIES_MAX || names.some((name) => name.length > NAME_CHARS_MAX))
    return undefined;
  const types = Object.fromEntries(
    Object.entries(properties).flatMap(([name, property]) => {
      const allowed = typesOf(property);
      return allowed.length > 0 ? [[name, allowed]] : [];
    }),
  );
  if (required.length === 0 && Object.keys(types).length === 0 && !isClosed) return undefined;
  return { required, types, isClosed, known: isClosed ? known : [] };
}

/** Arguments of a prompt, which are strings. */
export function promptShapeOf(args: unknown): InputShape | undefined {
  if (!Array.isArray(args)) return undefined;
  const named = args.filter(isJsonObject).filter(({ name }) => typeof name === 'string');
  const properties = Object.fromEntries(named.map(({ name }) => [name, { type: 'string' }]));
  const required = named.filter((arg) => arg['required'] === true).map(({ name }) => name);
  return inputShapeOf({ properties, required });
}

/**
 * Whether arguments contradict what the server lists: a required property is missing, one has another type, or one is not
 * allowed.
 * @param args of the call as sent; `undefined` if there were none
 */
export function contradictsShape({ required, types, isClosed, known }: InputShape, args: unknown) {
  const given = args ?? {};
  if (!isJsonObject(given)) return true;
  if (required.some((name) => !Object.hasOwn(given, name))) return true;
  return Object.entries(given).some(([name, value]) => {
    const allowed = Object.hasOwn(types, name) ? types[name] : undefined;
    if (allowed !== undefined) return !allowed.some((type) => hasType(value, type));
    return isClosed && !known.includes(name);
  });
}

function typesOf(property: unknown): readonly string[] {
  if (!isJsonObject(property)) return [];
  const { type } = property;
  const types = typeof type === 'string' ? [type] : stringsOf(type);
  return types.length > 0 && property['nullable'] === true ? [...types, 'null'] : types;
}

function hasType(value: unknown, type: string): boolean {
  switch (type) {
    case 'string':
    case 'boolean':
    case 'number':
      return typeof value === type;
    case 'integer':
      return Number.isInteger(value);
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isJsonObject(value);
    case 'null':
      return value === null;
    default:
      return true;
  }
}

function stringsOf(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return [];
  return value.filter((each): each is string => typeof each === 'string');
}
