import { z } from 'zod';
import { Secret } from '../facts/secret.ts';
import { ConfigSchema } from './config-schema.ts';
import type { Config } from './config.ts';
import { metaOf, unwrap } from './schema-types.ts';

/** A key that holds a value, not a section. */
export interface LeafKey {
  /** `gateway.listen`, `mcpServers.NAME.command`, `alerts[].name`. */
  readonly path: string;
  /** Whether a reload applies a change; undefined if neither the key nor a section around it says so. */
  readonly isReloadable: boolean | undefined;
}

/** Every key of a schema, maps and lists of sections included. */
export function leafKeys(
  schema: z.core.$ZodType,
  path = '',
  inherited?: boolean,
): readonly LeafKey[] {
  const isReloadable = metaOf(schema).reloadable ?? inherited;
  const plain = unwrap(schema);
  if (plain instanceof z.ZodObject) {
    return Object.entries(plain.shape).flatMap(([key, part]) =>
      leafKeys(part, path === '' ? key : `${path}.${key}`, isReloadable),
    );
  }
  const item =
    plain instanceof z.ZodRecord
      ? unwrap(plain.valueType)
      : plain instanceof z.ZodArray
        ? unwrap(plain.element)
        : undefined;
  if (!(item instanceof z.ZodObject)) return [{ path, isReloadable }];
  return leafKeys(item, `${path}${plain instanceof z.ZodArray ? '[]' : '.NAME'}`, isReloadable);
}

export const RESTART_KEYS = leafKeys(ConfigSchema)
  .filter(({ isReloadable }) => isReloadable === false)
  .map(({ path }) => path);

/**
 * The values of the keys that take effect at the next start only.
 * @param contents what the files hold that some of these keys name
 */
export function restartValues(
  input: z.output<typeof ConfigSchema>,
  contents: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    RESTART_KEYS.map((key) => [key, key in contents ? contents[key] : valueAt(input, key)]),
  );
}

function valueAt(value: unknown, key: string): unknown {
  return key
    .split('.')
    .reduce<unknown>(
      (section, part) =>
        typeof section === 'object' && section !== null ? Reflect.get(section, part) : undefined,
      value,
    );
}

/** The keys of which a reload does not apply the change: it waits for the next start. */
export function findRestartChanges(
  before: Pick<Config, 'atStart'>,
  now: Pick<Config, 'atStart'>,
): readonly string[] {
  return RESTART_KEYS.filter(
    (key) => printRevealed(before.atStart[key]) !== printRevealed(now.atStart[key]),
  );
}

/** For a comparison only: a `Secret` prints as a mask, so that a changed one would go unnoticed. */
function printRevealed(value: unknown): string | undefined {
  return JSON.stringify(value, function (this: Record<string, unknown>, key, printed: unknown) {
    const own = this[key];
    return own instanceof Secret ? own.reveal() : printed;
  });
}
