/** Cuts bytes into pieces of the sizes given, over and over; a size of 0 gives an empty piece. */
export function cutAnywhere(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  if (!sizes.some((size) => size > 0)) return [bytes];
  const pieces: Uint8Array[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}
