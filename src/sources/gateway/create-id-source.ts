import { randomBytes } from 'node:crypto';

const POOL_BYTES = 8_192;

/** Random ids of traces, as hexadecimal digits. Drawn in bulk: asking the system for each costs more than a call's record. */
export function createIdSource(): (bytes: number) => string {
  let pool = randomBytes(POOL_BYTES);
  let used = 0;
  return (bytes) => {
    if (used + bytes > pool.length) {
      pool = randomBytes(POOL_BYTES);
      used = 0;
    }
    used += bytes;
    return pool.toString('hex', used - bytes, used);
  };
}
