import type { Clock, Timer } from '../../facts/ports/clock.ts';

/**
 * Lines that are made and written together: a write to a pipe costs several times as much as making a line, and the code that
 * makes lines takes a third of the time when it runs for many of them in a row, since it is in the caches of the processor.
 */
export interface LineBatch {
  /** @param print called once, when the batch is written: makes a whole line */
  add(print: () => string): void;
  /** Writes what is waiting, now. */
  flush(): void;
}

const DELAY_MS = 10;
const LINES_MAX = 128;

/** @param write gets whole lines, at most `DELAY_MS` after the first of them, and at most `LINES_MAX` at a time */
export function createLineBatch(
  clock: Clock,
  write: (text: string, lineCount: number) => void,
): LineBatch {
  let waiting: (() => string)[] = [];
  let timer: Timer | undefined;

  function flush(): void {
    if (waiting.length === 0) return;
    timer?.cancel();
    const prints = waiting;
    waiting = [];
    let text = '';
    for (const print of prints) text += print();
    write(text, prints.length);
  }

  return {
    add(print) {
      if (waiting.length === 0) timer = clock.after(DELAY_MS, flush);
      waiting.push(print);
      if (waiting.length >= LINES_MAX) flush();
    },
    flush,
  };
}
