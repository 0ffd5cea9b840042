import { z } from 'zod';
import { Secret } from '../facts/secret.ts';
import type { ListenAddress } from '../facts/service-settings.ts';
import { formatListen, parseListen } from './gateway-address.ts';
import {
  DURATION_PATTERN,
  formatDuration,
  formatPercent,
  formatSize,
  parseDuration,
  parsePercent,
  parseSize,
  PERCENT_PATTERN,
  SIZE_PATTERN,
} from './units.ts';

/** How the configuration spells a value that settings hold as a number or an object. */
export type Unit = 'duration' | 'size' | 'share' | 'address';

/** What the schema says of a key besides its rule. */
export interface KeyMeta {
  readonly description: string;
  /**
   * The value that applies if the key is not set, for the reference only: where several sections are merged, each leaves
   * it open. Everywhere else `.default()` of the schema says it.
   */
  readonly default?: unknown;
  /** As written in the file. */
  readonly examples?: readonly unknown[];
  /** Whether a reload applies a change. Of a section it holds for every key in it that does not say otherwise. */
  readonly reloadable?: boolean;
  /** No message quotes the value of this key or of a key inside it. */
  readonly secret?: boolean;
  readonly unit?: Unit;
}

const FORMATS: Readonly<Record<Unit, (value: never) => string>> = {
  duration: (value: number) => formatDuration(value),
  size: (value: number) => formatSize(value),
  share: (value: number) => formatPercent(value),
  address: (value: ListenAddress) => formatListen(value),
};

/** A default as somebody would write it in the file. */
export function formatValue(value: unknown, unit: Unit | undefined): unknown {
  return unit === undefined ? value : FORMATS[unit](value as never);
}

// Each message continues a sentence that begins with the key: "interval must be …".

export function text(meta: KeyMeta, rule: { pattern?: RegExp; message?: string } = {}) {
  const message = rule.message ?? 'must be text';
  const schema = z.string({ error: message }).min(1, { error: 'must not be empty' });
  return (rule.pattern ? schema.regex(rule.pattern, { error: message }) : schema).meta({ ...meta });
}

/** A text that prints as a mask from here on. */
export function secret(meta: KeyMeta, rule = z.string({ error: 'must be text' })) {
  return rule.transform((value) => new Secret(value)).meta({ ...meta, secret: true });
}

export function flag(meta: KeyMeta) {
  const read = (value: unknown) => (value === 'true' ? true : value === 'false' ? false : value);
  return z.preprocess(read, z.boolean({ error: 'must be true or false' })).meta({ ...meta });
}

export function count(min: number, max: number, meta: KeyMeta) {
  const error = `must be a whole number from ${min} to ${max}`;
  // A variable is text: `${CHECKS}` must do where a number is wanted.
  const read = (value: unknown) =>
    typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
  return z.preprocess(read, z.int({ error }).min(min).max(max)).meta({ ...meta });
}

/** A number that need not be whole. */
export function amount(min: number, max: number, meta: KeyMeta) {
  const error = `must be a number from ${min} to ${max}`;
  const read = (value: unknown) =>
    typeof value === 'string' && /^\d{1,15}(\.\d{1,15})?$/.test(value) ? Number(value) : value;
  return z
    .preprocess(read, z.number({ error }).min(min, { error }).max(max, { error }))
    .meta({ ...meta });
}

export function choice<const T extends readonly [string, ...string[]]>(values: T, meta: KeyMeta) {
  return z.enum(values, { error: `must be one of ${values.join(', ')}` }).meta({ ...meta });
}

/** A duration with its unit, as milliseconds. */
export function duration(minMs: number, maxMs: number, meta: KeyMeta) {
  const range = `from ${formatDuration(minMs)} to ${formatDuration(maxMs)}`;
  const error = `must be a duration with its unit (ms, s, m, h, d), such as 30s or 1m30s, ${range}`;
  return quantity(error, parseDuration, (ms) => ms >= minMs && ms <= maxMs).meta({
    ...meta,
    unit: 'duration',
    pattern: DURATION_PATTERN,
  });
}

/** A size with its unit, as bytes. */
export function size(min: number, max: number, meta: KeyMeta) {
  const range = `from ${formatSize(min)} to ${formatSize(max)}`;
  const error = `must be a size with its unit (B, KB, MB, GB, KiB, MiB, GiB), such as 10MB, ${range}`;
  return quantity(error, parseSize, (bytes) => bytes >= min && bytes <= max).meta({
    ...meta,
    unit: 'size',
    pattern: SIZE_PATTERN,
  });
}

/** A share with its unit, as a number from 0 to 1. */
export function percent(meta: KeyMeta) {
  const error = 'must be a share with its unit, such as 1% or 0.5%, more than 0% and up to 100%';
  return quantity(error, parsePercent, (ratio) => ratio > 0).meta({
    ...meta,
    unit: 'share',
    pattern: PERCENT_PATTERN,
  });
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

const HOST_AND_PORT = String.raw`(?:\[[0-9a-fA-F:.%\w]+\]|[^\s:[\]/]+):\d{1,5}`;

/** `host:port` of a listener. */
export function address(meta: KeyMeta) {
  const error = 'must be host:port, such as 127.0.0.1:19110 or 0.0.0.0:19110';
  return hostAndPort(`^${HOST_AND_PORT}$`, error)
    .transform(parseListen)
    .meta({ ...meta, unit: 'address' });
}

/** `host:port` of a listener, or `off`. */
export function addressOrOff(meta: KeyMeta) {
  const error = 'must be host:port, such as 127.0.0.1:19100 or 0.0.0.0:19100, or off';
  const written = hostAndPort(`^(?:${HOST_AND_PORT}|off)$`, error);
  // YAML 1.1 editors and people write `off` and `false` alike.
  return z
    .preprocess((value) => (value === false ? 'off' : value), written)
    .transform((value) => (value === 'off' ? value : parseListen(value)))
    .meta({ ...meta, unit: 'address' });
}

function hostAndPort(pattern: string, error: string) {
  return z
    .string({ error })
    .regex(new RegExp(pattern), { error })
    .refine((value) => value === 'off' || parseListen(value).port <= 65_535, {
      error: 'must have a port from 0 to 65535',
    });
}

export function list<T extends z.ZodType>(item: T, meta: KeyMeta) {
  return z.array(item, { error: 'must be a list' }).meta({ ...meta });
}

export function map<T extends z.ZodType>(value: T, meta: KeyMeta) {
  return z.record(z.string(), value, { error: 'must be a map' }).meta({ ...meta });
}

/** A map that has known keys only. */
export function section<T extends z.core.$ZodLooseShape>(shape: T, meta: KeyMeta) {
  return z.strictObject(shape, { error: 'must be a map' }).meta({ ...meta });
}

/** What a schema or a wrapper around it says of its key; the outermost statement counts. */
export function metaOf(schema: z.core.$ZodType): Partial<KeyMeta> {
  const inner = innerOf(schema);
  return { ...(inner && metaOf(inner)), ...(z.globalRegistry.get(schema) as Partial<KeyMeta>) };
}

/** A schema without its wrappers: what a map, a list or a value must look like. */
export function unwrap(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  const inner = schema && innerOf(schema);
  return inner === undefined ? schema : unwrap(inner);
}

function innerOf(schema: z.core.$ZodType): z.core.$ZodType | undefined {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodExactOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault
  )
    return schema.unwrap();
  if (!(schema instanceof z.ZodPipe)) return undefined;
  return schema.in instanceof z.ZodTransform ? schema.out : schema.in;
}

/** The schemas from the root to `path`, as far as they are known. */
export function schemasAlong(
  root: z.core.$ZodType,
  path: readonly PropertyKey[],
): z.core.$ZodType[] {
  const found = [root];
  for (const part of path) {
    const around = unwrap(found.at(-1));
    const next =
      around instanceof z.ZodObject
        ? (around.shape[String(part)] as z.core.$ZodType | undefined)
        : around instanceof z.ZodRecord
          ? around.valueType
          : around instanceof z.ZodArray
            ? around.element
            : undefined;
    if (next === undefined) break;
    found.push(next);
  }
  return found;
}
