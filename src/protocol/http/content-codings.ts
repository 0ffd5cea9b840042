import { Transform, type TransformCallback } from 'node:stream';
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
  type Inflate,
  type InflateRaw,
} from 'node:zlib';

/** A body that was cut off is decoded as far as it goes, as the official clients do. */
const AS_FAR_AS_POSSIBLE = {
  flush: constants.Z_SYNC_FLUSH,
  finishFlush: constants.Z_SYNC_FLUSH,
} as const;
/** As many as `fetch` of Node.js decodes. */
const CODINGS_MAX = 5;

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: () => createGunzip(AS_FAR_AS_POSSIBLE),
  'x-gzip': () => createGunzip(AS_FAR_AS_POSSIBLE),
  deflate: () => new DeflateDecoder(),
  br: () =>
    createBrotliDecompress({
      flush: constants.BROTLI_OPERATION_FLUSH,
      finishFlush: constants.BROTLI_OPERATION_FLUSH,
    }),
  zstd: () =>
    createZstdDecompress({
      flush: constants.ZSTD_e_continue,
      finishFlush: constants.ZSTD_e_end,
    }),
};

/**
 * Reads `Content-Encoding` (RFC 9110 §8.4).
 *
 * @returns the codings in the order in which they are undone; undefined if one of them is not known
 */
export function codingsOf(contentEncoding: string | undefined): readonly string[] | undefined {
  const codings = (contentEncoding ?? '')
    .split(',')
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity')
    .toReversed();
  const isKnown = codings.every((coding) => Object.hasOwn(DECODERS, coding));
  return isKnown && codings.length <= CODINGS_MAX ? codings : undefined;
}

/** @param coding one of {@link codingsOf} */
export function createDecoder(coding: string): Transform {
  const create = DECODERS[coding];
  if (create === undefined) throw new TypeError(`no decoder for ${coding}`);
  return create();
}

/** "deflate" is the zlib format (RFC 9110 §8.4.1.2), but some servers leave out its header. */
class DeflateDecoder extends Transform {
  #inner: Inflate | InflateRaw | undefined;

  override _transform(chunk: Buffer, encoding: BufferEncoding, callback: TransformCallback): void {
    if (chunk.length === 0) callback();
    else (this.#inner ??= this.#begin(chunk)).write(chunk, encoding, callback);
  }

  override _flush(callback: TransformCallback): void {
    if (this.#inner === undefined) callback();
    else this.#inner.once('end', () => callback()).end();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#inner?.destroy();
    callback(error);
  }

  #begin(chunk: Buffer): Inflate | InflateRaw {
    const hasHeader = ((chunk[0] ?? 0) & 0x0f) === 0x08;
    const inner = (hasHeader ? createInflate : createInflateRaw)(AS_FAR_AS_POSSIBLE);
    inner.on('data', (piece: Buffer) => this.push(piece));
    inner.on('error', (error) => this.destroy(error));
    return inner;
  }
}
