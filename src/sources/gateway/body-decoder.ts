import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createZstdDecompress,
} from 'node:zlib';
import type { Transform } from 'node:stream';

/** Compressed bytes that may wait for the decoder; past it the body is passed on unread. */
const WAITING_BYTES_MAX = 16 * 1024 * 1024;

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
};

/** How reading a compressed body ended: whole, not at all (too much at once), or on bytes that are not what they claim. */
export type DecodingEnd = 'whole' | 'given_up' | 'corrupt';

/** Reads a compressed body beside its way to the client, which gets it as it is. */
export interface BodyDecoder {
  write(chunk: Buffer): void;
  /** `onEnd` is called once, after the last of `onData`. */
  end(): void;
  /** Nothing is called any more. */
  stop(): void;
}

/**
 * @param encoding value of `Content-Encoding`
 * @returns nothing for one that is not known, or for several at once
 */
export function createBodyDecoder(
  encoding: string,
  onData: (chunk: Buffer) => void,
  onEnd: (end: DecodingEnd) => void,
): BodyDecoder | undefined {
  const create = DECODERS[encoding.trim().toLowerCase()];
  if (!create) return undefined;
  const decoder = create();
  let end: DecodingEnd | undefined;
  let isAsked = false;

  /** Whatever comes first; told once the body is over as well. */
  function settle(reached: DecodingEnd): void {
    end ??= reached;
    decoder.destroy();
    if (isAsked) tell();
  }

  function tell(): void {
    const reached = end;
    isAsked = false;
    if (reached) onEnd(reached);
  }

  decoder.on('data', onData);
  decoder.on('end', () => settle('whole'));
  decoder.on('error', () => settle('corrupt'));
  return {
    write(chunk) {
      if (end) return;
      if (decoder.writableLength > WAITING_BYTES_MAX) settle('given_up');
      else decoder.write(chunk);
    },
    end() {
      isAsked = true;
      if (end) tell();
      else decoder.end();
    },
    stop() {
      isAsked = false;
      end = 'given_up';
      decoder.destroy();
    },
  };
}
