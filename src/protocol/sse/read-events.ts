import type { IncomingMessage } from 'node:http';
import { describeBytes, type ReadProblem, streamBody } from '../http/read-body.ts';
import type { SseDecoder, SseEvent } from './sse-decoder.ts';

/** How reading a stream of events ended; `stopped` means by the reader. */
export type EventsEnd =
  | { readonly kind: 'ended' }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'problem'; readonly problem: ReadProblem };

/** Reads events until the stream ends, or until `onEvent` returns false. Never rejects. */
export function readEvents(
  response: IncomingMessage,
  signal: AbortSignal,
  decoder: SseDecoder,
  onEvent: (event: SseEvent) => boolean,
  streamBytesMax = Number.POSITIVE_INFINITY,
): Promise<EventsEnd> {
  return new Promise((resolve) => {
    let bytes = 0;
    const refuse = (reason: string): false => {
      resolve({ kind: 'problem', problem: { kind: 'unusable', reason } });
      response.destroy();
      return false;
    };
    streamBody(response, signal, {
      onChunk(chunk) {
        bytes += chunk.length;
        if (bytes > streamBytesMax)
          return refuse(`${describeBytes(streamBytesMax)} of events held no answer`);
        const decoded = decoder.push(chunk);
        if (!decoded.ok) return refuse(decoded.reason);
        if (decoded.events.every(onEvent)) return true;
        resolve({ kind: 'stopped' });
        return false;
      },
      onEnd: () => resolve({ kind: 'ended' }),
      onProblem: (problem) => resolve({ kind: 'problem', problem }),
    });
  });
}
