import type { IncomingMessage } from 'node:http';
import { PARSE_BYTES_MAX } from '../../protocol/message-reader.ts';

const NO_BYTES = Buffer.alloc(0);

export interface BodyEvents {
  readonly onHead: (body: Buffer, isComplete: boolean) => void;
  /** The connection ended before. */
  readonly onGone: () => void;
}

/** Reads a body up to the size that is parsed as a whole; the rest of a larger one stays in `request`, which is paused. */
export function readHead(request: IncomingMessage, { onHead, onGone }: BodyEvents): void {
  if (!hasBody(request)) {
    onHead(NO_BYTES, true);
    return;
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  const stop = (): void => {
    request.off('data', onData);
    request.off('end', onEnd);
    request.off('close', onClose);
  };
  const joined = (): Buffer =>
    chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
  const onData = (chunk: Buffer): void => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes <= PARSE_BYTES_MAX) return;
    stop();
    request.pause();
    onHead(joined(), false);
  };
  const onEnd = (): void => {
    stop();
    onHead(joined(), true);
  };
  const onClose = (): void => {
    stop();
    onGone();
  };
  request.on('data', onData);
  request.on('end', onEnd);
  request.on('close', onClose);
}

function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

/** Watches the rest of a body of unknown length, which goes upstream as it comes. */
export function limitRest(
  request: IncomingMessage,
  bytesLeft: number,
  onTooLarge: () => void,
): void {
  let left = bytesLeft;
  const onData = (chunk: Buffer): void => {
    left -= chunk.length;
    if (left >= 0) return;
    request.off('data', onData);
    onTooLarge();
  };
  request.on('data', onData);
  request.pause();
}
