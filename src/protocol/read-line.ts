import { createMessageReader, type ReadMessages } from './message-reader.ts';

/** Reads one line of a stdio conversation; beyond a certain size it is skimmed instead of parsed. */
export function readLine(text: string): ReadMessages {
  const reader = createMessageReader();
  reader.write(Buffer.from(text));
  return reader.end();
}
