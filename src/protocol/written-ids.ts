import { createJsonSkimmer } from './json-skimmer.ts';
import type { MessageFacts } from './message-facts.ts';
import type { ReadMessages } from './message-reader.ts';

/** What was read of a body, and the body if that was read whole. */
type WrittenMessages = Pick<ReadMessages, 'messages' | 'body'>;

/** The ids of one body as its sender wrote them. */
export interface WrittenIds {
  /**
   * @param id as in `MessageFacts`, where `1`, `1.0` and `1e0` are one id, and `1e400` is `Infinity`
   * @returns JSON text; `undefined` if there is none
   */
  of(id: string | undefined): string | undefined;
}

/**
 * An answer in the server's place must have the id as it was sent, for clients that compare its text (JSON-RPC 2.0 §5). A parser
 * forgets it. Refusals are rare, so the body is read again when the first one needs an id, instead of keeping each.
 */
export function createWrittenIds(read: WrittenMessages): WrittenIds {
  let known: ReadonlyMap<string, string> | undefined;
  return {
    of(id) {
      if (id === undefined) return undefined;
      known ??= findWrittenIds(read);
      return known.get(id) ?? jsonId(id);
    },
  };
}

/** The same for one id. */
export function writtenIdIn(read: WrittenMessages, id: string | undefined): string | undefined {
  return id === undefined ? undefined : createWrittenIds(read).of(id);
}

/**
 * An id whose text is gone.
 * @param id as in `MessageFacts`
 * @returns JSON text; `undefined` for a number past JavaScript's largest, which has none any more
 */
export function jsonId(id: string): string | undefined {
  return NOT_JSON.has(id) ? undefined : id;
}

/** What JavaScript makes of numbers past its largest. */
const NOT_JSON: ReadonlySet<string> = new Set(['Infinity', '-Infinity']);

function findWrittenIds({ messages, body }: WrittenMessages): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const note = ({ id, writtenId }: MessageFacts): void => {
    if (id !== undefined && writtenId !== undefined) found.set(id, writtenId);
  };
  if (body) createJsonSkimmer(note).write(body);
  else for (const facts of messages) note(facts);
  return found;
}
