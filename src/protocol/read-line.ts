import { createMessageReader, type ReadMessages } from './message-reader.ts';

/** What one line of a stdio conversation says; past a size it is skimmed instead of parsed. */
export function readLine(text: string): ReadMessages {
  const reader = createMessageReader();
  reader.write(Buffer.from(text));
  return reader.end();
}
