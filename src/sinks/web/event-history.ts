import { formatEvent, type StreamEvent } from './event-of-fact.ts';

/** Numbers events, and keeps the newest for listeners that come back. */
export interface EventHistory {
  /** @returns the event as it is sent */
  add(event: StreamEvent): string;
  newestId(): string;
  /** What came after the event with this id. */
  since(id: string): MissedEvents;
  /** Forgets all events, because some of what follows was not seen. */
  forget(): void;
}

/** `restarted`: the id is of another process; `expired`: some of the events are no longer kept. */
export type MissedEvents =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly reason: 'restarted' | 'expired' };

export const EVENTS_KEPT_MAX = 1_000;
/** Less than a listener may be behind, so that all of them can be sent at once. */
const CHARS_KEPT_MAX = 256 * 1024;

/** @param process differs from that of every other process */
export function createEventHistory(process: string): EventHistory {
  let kept: { readonly number: number; readonly text: string }[] = [];
  let chars = 0;
  let newest = 1;
  /** Of the newest event that is lost. */
  let lost = newest;

  function keep(number: number, text: string): void {
    kept.push({ number, text });
    chars += text.length;
    while (kept.length > EVENTS_KEPT_MAX || chars > CHARS_KEPT_MAX) {
      const oldest = kept.shift();
      if (oldest === undefined) return;
      chars -= oldest.text.length;
      lost = oldest.number;
    }
  }

  return {
    add(event) {
      newest += 1;
      const text = formatEvent(event, `${process}-${newest}`);
      if (!event.isTransient) keep(newest, text);
      return text;
    },
    newestId: () => `${process}-${newest}`,
    since(id) {
      const [, of, digits] = /^([a-z0-9]+)-(\d{1,15})$/.exec(id) ?? [];
      const number = Number(digits);
      if (of !== process || number > newest) return { ok: false, reason: 'restarted' };
      if (number < lost) return { ok: false, reason: 'expired' };
      const missed = kept.filter((event) => event.number > number);
      return { ok: true, text: missed.map(({ text }) => text).join('') };
    },
    forget() {
      kept = [];
      chars = 0;
      newest += 1;
      lost = newest;
    },
  };
}
