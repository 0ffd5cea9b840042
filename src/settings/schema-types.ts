import { z } from 'zod';
import { Secret } from '../facts/secret.ts';
import {
  DURATION_PATTERN,
  parseDuration,
  parsePercent,
  parseSize,
  PERCENT_PATTERN,
  SIZE_PATTERN,
} from './units.ts';

/** What the reference page says of a key; `default` is text as in the file. */
export interface KeyMeta {
  readonly description: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  /** Whether a reload applies a change. Of a section it holds for every key in it that does not say otherwise. */
  readonly reloadable?: boolean;
}

// Each message continues a sentence that begins with the key: "interval must be …".

export function text(meta: KeyMeta, rule: { pattern?: RegExp; message?: string } = {}) {
  const message = rule.message ?? 'must be text';
  const schema = z.string({ error: message }).min(1, { error: 'must not be empty' });
  return (rule.pattern ? schema.regex(rule.pattern, { error: message }) : schema).meta(
    jsonMeta(meta),
  );
}

/** A text that prints as a mask from here on. */
export function secret(meta: KeyMeta) {
  return z
    .string({ error: 'must be text' })
    .transform((value) => new Secret(value))
    .meta(jsonMeta(meta));
}

export function flag(meta: KeyMeta) {
  const read = (value: unknown) => (value === 'true' ? true : value === 'false' ? false : value);
  return z.preprocess(read, z.boolean({ error: 'must be true or false' })).meta(jsonMeta(meta));
}

export function count(min: number, max: number, meta: KeyMeta) {
  const error = `must be a whole number from ${min} to ${max}`;
  // A variable is text: `${CHECKS}` must do where a number is wanted.
  const read = (value: unknown) =>
    typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
  return z.preprocess(read, z.int({ error }).min(min).max(max)).meta(jsonMeta(meta));
}

export function choice<const T extends readonly [string, ...string[]]>(values: T, meta: KeyMeta) {
  return z.enum(values, { error: `must be one of ${values.join(', ')}` }).meta(jsonMeta(meta));
}

/** A duration with its unit, as milliseconds. */
export function duration(min: string, max: string, meta: KeyMeta) {
  const error = `must be a duration with its unit (ms, s, m, h, d), such as 30s or 1m30s, from ${min} to ${max}`;
  const isInside = (ms: number) =>
    ms >= (parseDuration(min) ?? 0) && ms <= (parseDuration(max) ?? Infinity);
  return quantity(error, parseDuration, isInside).meta({
    ...jsonMeta(meta),
    pattern: DURATION_PATTERN,
  });
}

/** A size with its unit, as bytes. */
export function size(min: string, max: string, meta: KeyMeta) {
  const error = `must be a size with its unit (B, KB, MB, GB, KiB, MiB, GiB), such as 10MB, from ${min} to ${max}`;
  const isInside = (bytes: number) =>
    bytes >= (parseSize(min) ?? 0) && bytes <= (parseSize(max) ?? Infinity);
  return quantity(error, parseSize, isInside).meta({ ...jsonMeta(meta), pattern: SIZE_PATTERN });
}

/** A share with its unit, as a number from 0 to 1. */
export function percent(meta: KeyMeta) {
  const error = 'must be a share with its unit, such as 1% or 0.5%, more than 0% and up to 100%';
  return quantity(error, parsePercent, (ratio) => ratio > 0).meta({
    ...jsonMeta(meta),
    pattern: PERCENT_PATTERN,
  });
}

/** A number that need not be whole. */
export function amount(min: number, max: number, meta: KeyMeta) {
  const error = `must be a number from ${min} to ${max}`;
  const read = (value: unknown) =>
    typeof value === 'string' && /^\d{1,15}(\.\d{1,15})?$/.test(value) ? Number(value) : value;
  return z
    .preprocess(read, z.number({ error }).min(min, { error }).max(max, { error }))
    .meta(jsonMeta(meta));
}

function quantity(
  error: string,
  parse: (value: string) => number | undefined,
  isInside: (value: number) => boolean,
) {
  return z.string({ error }).transform((value, context) => {
    const parsed = parse(value);
    if (parsed !== undefined && isInside(parsed)) return parsed;
    context.addIssue({ code: 'custom', message: error });
    return z.NEVER;
  });
}

export function list<T extends z.ZodType>(item: T, meta: KeyMeta) {
  return z.array(item, { error: 'must be a list' }).meta(jsonMeta(meta));
}

export function map<T extends z.ZodType>(value: T, meta: KeyMeta) {
  return z.record(z.string(), value, { error: 'must be a map' }).meta(jsonMeta(meta));
}

/** A map with known keys only; all of them may be left out unless they say otherwise. */
export function section<T extends z.core.$ZodLooseShape>(shape: T, meta: KeyMeta) {
  return z.strictObject(shape, { error: 'must be a map' }).meta(jsonMeta(meta));
}

/** The schema that holds at `path`, with wrappers taken off. */
export function schemaAt(
  root: z.core.$ZodType,
  path: readonly PropertyKey[],
): z.core.$ZodType | undefined {
  let schema: z.core.$ZodType | undefined = unwrap(root);
  for (const part of path) {
    if (schema instanceof z.ZodObject) schema = unwrap(schema.shape[String(part)]);
    else if (schema instanceof z.ZodRecord) schema = unwrap(schema.valueType);
    else if (schema instanceof z.ZodArray) schema = unwrap(schema.element);
    else return undefined;
  }
  return schema;
}

/** A schema without its wrappers. */
export function unwrap(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodOptional) return unwrap(schema.unwrap());
  return schema;
}

function jsonMeta({ description, default: fallback, examples, reloadable }: KeyMeta) {
  return {
    description,
    ...(reloadable === undefined ? {} : { reloadable }),
    ...(fallback === undefined ? {} : { default: fallback }),
    ...(examples === undefined ? {} : { examples: [...examples] }),
  };
}
