import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { pipeline, type Readable } from 'node:stream';
import { codingsOf, createDecoder } from './content-codings.ts';

export type BodyReading =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly problem: ReadProblem };

/** Why a body ended early. `aborted`: by our own signal. */
export type ReadProblem =
  | { readonly kind: 'aborted' }
  | { readonly kind: 'lost'; readonly error: Error }
  | { readonly kind: 'unusable'; readonly reason: string };

/** How much text is read, and what bytes that are not UTF-8 mean: the end, or a replacement character. */
export interface TextLimits {
  readonly bytesMax: number;
  readonly isStrict: boolean;
}

/** Answers past this size are no answers to what a check asks. */
export const CHECK_LIMITS: TextLimits = { bytesMax: 4 * 1024 * 1024, isStrict: true };
/** Results of 10 MB and more do pass through real bridges, and their clients judge the text. */
export const BRIDGE_LIMITS: TextLimits = { bytesMax: 64 * 1024 * 1024, isStrict: false };
/** Enough for a JSON-RPC error; more of an error page is not read. */
export const ERROR_LIMITS: TextLimits = { bytesMax: 64 * 1024, isStrict: true };

/** Calls for the pieces of a body; `onChunk` returns false when it has seen enough. One of `onEnd` and `onProblem` comes, once. */
export interface BodyHandlers {
  onChunk(chunk: Buffer): boolean;
  onEnd(): void;
  onProblem(problem: ReadProblem): void;
}

export const UNKNOWN_CODING = 'it is compressed in a way that this client does not read';
const CORRUPT = 'it cannot be decompressed as its content encoding says';

/** Time that a server has to end a body whose interesting part was read, so that its connection can be kept. */
const LINGER_MS = 250;

/**
 * Streams a body, decompressed, with all ways to end it in one place. Stops listening to `signal` when it is over. The reader
 * bounds what is decompressed: at most some chunks are ahead of it.
 */
export function streamBody(
  response: IncomingMessage,
  signal: AbortSignal,
  handlers: BodyHandlers,
): void {
  const body = decode(response);
  if (body === undefined) {
    response.destroy();
    handlers.onProblem({ kind: 'unusable', reason: UNKNOWN_CODING });
    return;
  }
  let isOver = false;
  const end = (): boolean => {
    if (isOver) return false;
    isOver = true;
    signal.removeEventListener('abort', onAbort);
    return true;
  };
  const onAbort = (): void => {
    if (!end()) return;
    response.destroy();
    handlers.onProblem({ kind: 'aborted' });
  };
  body.on('data', (chunk: Buffer) => {
    if (isOver || handlers.onChunk(chunk) || !end()) return;
    if (body === response) letFinish(response);
    else stopDecoding(response, body);
  });
  body.on('end', () => {
    if (end()) handlers.onEnd();
  });
  body.on('error', (error: NodeJS.ErrnoException) => {
    if (!end()) return;
    if (isCorrupt(error)) handlers.onProblem({ kind: 'unusable', reason: CORRUPT });
    else handlers.onProblem({ kind: 'lost', error });
  });
  body.on('close', () => {
    if (end()) handlers.onProblem({ kind: 'lost', error: new Error('the connection was closed') });
  });
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
}

/** @returns undefined where the compression is not known */
function decode(response: IncomingMessage): Readable | undefined {
  const codings = codingsOf(response.headers['content-encoding']);
  if (codings === undefined || codings.length === 0) return codings && response;
  let body: Readable = response;
  for (const coding of codings) {
    const decoder = createDecoder(coding);
    // Unlike `pipe`, this also passes on errors; each is seen at the end of the chain.
    body = pipeline(body, decoder, () => undefined);
  }
  return body;
}

function stopDecoding(response: IncomingMessage, body: Readable): void {
  response.unpipe();
  body.destroy();
  discardBody(response);
}

/** Codes of zlib, Brotli and Zstandard. */
function isCorrupt({ code = '' }: NodeJS.ErrnoException): boolean {
  return /^(?:Z_|ZSTD_|ERR__ERROR)/.test(code);
}

/** For an answer whose head says everything. */
export function discardBody(response: IncomingMessage): void {
  response.resume();
  letFinish(response);
}

/** The usual server ends right after its answer; one that does not loses the connection, not our patience. */
function letFinish(response: IncomingMessage): void {
  if (response.complete) return;
  const timer = setTimeout(() => response.destroy(), LINGER_MS);
  timer.unref();
  response.once('close', () => clearTimeout(timer));
}

/** Reads a whole body as UTF-8 text. Never rejects. */
export function readBody(
  response: IncomingMessage,
  signal: AbortSignal,
  { bytesMax, isStrict } = CHECK_LIMITS,
): Promise<BodyReading> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const refuse = (reason: string): void =>
      resolve({ ok: false, problem: { kind: 'unusable', reason } });
    streamBody(response, signal, {
      onChunk(chunk) {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes <= bytesMax) return true;
        refuse(tooLargeReason(bytesMax));
        response.destroy();
        return false;
      },
      onEnd() {
        const [first] = chunks;
        const body = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
        if (!isStrict || isUtf8(body)) resolve({ ok: true, text: toText(body) });
        else refuse('it is not UTF-8 text');
      },
      onProblem: (problem) => resolve({ ok: false, problem }),
    });
  });
}

/** Without a byte order mark, which JSON must not have and clients ignore (RFC 8259 section 8.1). */
function toText(body: Buffer): string {
  const text = body.toString('utf8');
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

/** Of an answer, and of an event, that exceeds its limit. */
export function tooLargeReason(bytesMax: number): string {
  return `it is larger than ${describeBytes(bytesMax)}`;
}

export function describeBytes(bytes: number): string {
  return bytes >= 1024 * 1024
    ? `${Math.round(bytes / 1024 / 1024)} MiB`
    : `${Math.round(bytes / 1024)} KiB`;
}
