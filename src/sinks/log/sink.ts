import type { Writable } from 'node:stream';

export interface SinkOptions {
  /** As the operator knows it: a path, or "standard output". */
  readonly name: string;
  /** Called for the first line, and again some time after a failure. May return the same stream. */
  readonly open: () => Writable;
  /** Whether `close` ends the stream. */
  readonly isOwned: boolean;
  /** Says in one line that writing fails or works again; must reach the operator by another way. */
  readonly report: (line: string) => void;
  readonly monotonicMs: () => number;
  readonly bufferBytesMax?: number;
  readonly reopenAfterMs?: number;
}

/** Takes lines and never throws, blocks or grows: what cannot be written in time is dropped and counted. */
export interface Sink {
  /** @param lineCount lines in `text`, which are written or dropped as one */
  write(text: string, lineCount?: number): void;
  /** Lines that were lost so far. */
  dropped(): number;
  /** Waits for what is buffered, but no longer than `timeoutMs`. */
  close(timeoutMs: number): Promise<void>;
}

const BUFFER_BYTES_MAX = 1024 * 1024;
const REOPEN_AFTER_MS = 5_000;

/**
 * A full disk, a reader that went away or one that reads too slowly must not touch the service. So a failed stream is
 * given up and opened again later, with the next line: no timer runs, and a service that has nothing to say does nothing.
 */
export function createSink(options: SinkOptions): Sink {
  const { name, report, bufferBytesMax = BUFFER_BYTES_MAX } = options;
  const guarded = new WeakSet<Writable>();
  let stream: Writable | undefined;
  let reopenAtMs = -Infinity;
  let isTroubled = false;
  let isClosed = false;
  let droppedCount = 0;

  function complain(reason: string): void {
    if (!isTroubled) report(`The log cannot be written to ${name}: ${reason}. Lines are dropped.`);
    isTroubled = true;
  }

  function giveUp(error: unknown): void {
    stream = undefined;
    reopenAtMs = options.monotonicMs() + (options.reopenAfterMs ?? REOPEN_AFTER_MS);
    complain(error instanceof Error ? error.message : String(error));
  }

  function openAgain(): Writable | undefined {
    if (options.monotonicMs() < reopenAtMs) return undefined;
    try {
      const opened = options.open();
      if (opened.destroyed) throw new Error('it is closed');
      // Once per stream: a second error of a stream that was given up must not be an uncaught one.
      if (!guarded.has(opened)) opened.on('error', (error) => opened === stream && giveUp(error));
      guarded.add(opened);
      stream = opened;
    } catch (error) {
      giveUp(error);
    }
    return stream;
  }

  function onWritten(target: Writable, error: Error | null | undefined, lineCount: number): void {
    if (error) {
      droppedCount += lineCount;
      if (target === stream) giveUp(error);
    } else if (isTroubled && target === stream && target.writableLength === 0) {
      isTroubled = false;
      report(`The log is written to ${name} again. Lines lost so far: ${droppedCount}.`);
    }
  }

  return {
    write(text, lineCount = 1) {
      const target = isClosed ? undefined : (stream ?? openAgain());
      if (target === undefined) {
        droppedCount += lineCount;
      } else if (target.writableLength + text.length > bufferBytesMax) {
        droppedCount += lineCount;
        complain('it takes them too slowly');
      } else {
        target.write(text, (error) => onWritten(target, error, lineCount));
      }
    },
    dropped: () => droppedCount,
    async close(timeoutMs) {
      isClosed = true;
      const target = stream;
      if (target === undefined) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, timeoutMs);
      if (options.isOwned) target.once('close', resolve).end();
      else target.write('', () => resolve());
      await promise;
      clearTimeout(timer);
      if (options.isOwned) target.destroy();
    },
  };
}
