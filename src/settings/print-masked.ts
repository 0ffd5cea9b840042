import { redact, type Secret } from '../facts/secret.ts';

/**
 * Makes an object print (JSON, console, log) with every secret masked in all its texts. The two methods are not
 * enumerable: copies, comparisons and loops see plain data.
 */
export function printMasked<T extends object>(object: T, secrets: readonly Secret[]): T {
  const show = { value: () => mask({ ...object }, secrets), enumerable: false };
  return Object.defineProperties(object, {
    toJSON: show,
    [Symbol.for('nodejs.util.inspect.custom')]: show,
  });
}

function mask(value: unknown, secrets: readonly Secret[]): unknown {
  if (typeof value === 'string') return redact(value, secrets);
  if (Array.isArray(value)) return value.map((item) => mask(item, secrets));
  if (
    typeof value !== 'object' ||
    value === null ||
    Object.getPrototypeOf(value) !== Object.prototype
  )
    return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mask(item, secrets)]));
}
