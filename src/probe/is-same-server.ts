import { Secret } from '../domain/secret.ts';
import type { ServerSpec } from '../domain/server.ts';

/** Whether two readings of the configuration mean the same server, credentials included. Where it is written does not matter. */
export function isSameServer(left: ServerSpec, right: ServerSpec): boolean {
  return isSame({ ...left, source: '' }, { ...right, source: '' });
}

function isSame(left: unknown, right: unknown): boolean {
  if (Object.is(left, right)) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null)
    return false;
  if (left instanceof Secret || right instanceof Secret) {
    return left instanceof Secret && right instanceof Secret && left.reveal() === right.reveal();
  }
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const entries = Object.entries(left);
  const others = new Map<string, unknown>(Object.entries(right));
  return (
    entries.length === others.size &&
    entries.every(([key, value]) => others.has(key) && isSame(value, others.get(key)))
  );
}
