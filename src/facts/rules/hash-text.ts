/** Longer texts are distinguished by this many characters of their beginning and by their length. */
const UNITS_MAX = 1024;

/**
 * A well-mixed 32-bit hash (FNV-1a over UTF-16 units, then MurmurHash3's finalizer). Not cryptographic: it distributes and shortens,
 * and at best turns a name into a pseudonym.
 */
export function hashText(text: string, seed = 0): number {
  let hash = 0x811c9dc5 ^ seed ^ text.length;
  const units = Math.min(text.length, UNITS_MAX);
  for (let at = 0; at < units; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
