import { createJsonSkimmer, type JsonSkimmer } from '../domain/json-skimmer.ts';
import { factsOfMessage, type MessageFacts } from '../domain/message-facts.ts';

/** Up to here a body is kept and parsed whole (exact and fast); past it the skimmer reads on in constant memory. */
export const PARSE_BYTES_MAX = 256 * 1024;

export interface ReadMessages {
  /** One, or the elements of a batch; empty where the text is no JSON-RPC. */
  readonly messages: readonly MessageFacts[];
  readonly isBatch: boolean;
  /** Whether the text was JSON. */
  readonly isJson: boolean;
}

const NOTHING: ReadMessages = { messages: [], isBatch: false, isJson: false };
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/** Parses a complete JSON text. */
export function readMessages(bytes: Uint8Array): ReadMessages {
  let parsed: unknown;
  try {
    parsed = JSON.parse(utf8.decode(bytes));
  } catch {
    return NOTHING;
  }
  if (!Array.isArray(parsed)) {
    const facts = factsOfMessage(parsed);
    return { messages: facts ? [facts] : [], isBatch: false, isJson: true };
  }
  const messages = parsed.map(factsOfMessage).filter((facts) => facts !== undefined);
  return { messages, isBatch: true, isJson: true };
}

/** Reads one JSON text that arrives in pieces. The pieces are not copied until the text ends. */
export interface MessageReader {
  write(bytes: Uint8Array): void;
  /** Ends the text and makes ready for the next one. */
  end(): ReadMessages;
  readonly isEmpty: boolean;
}

export function createMessageReader(parseBytesMax = PARSE_BYTES_MAX): MessageReader {
  let pieces: Uint8Array[] = [];
  let sizeBytes = 0;
  let skimmer: JsonSkimmer | undefined;
  let skimmed: MessageFacts[] = [];
  return {
    get isEmpty() {
      return sizeBytes === 0;
    },
    write(bytes) {
      sizeBytes += bytes.length;
      if (!skimmer && sizeBytes > parseBytesMax) {
        skimmer = createJsonSkimmer((facts) => skimmed.push(facts));
        for (const piece of pieces) skimmer.write(piece);
        pieces = [];
      }
      if (skimmer) skimmer.write(bytes);
      else pieces.push(bytes);
    },
    end() {
      let read: ReadMessages;
      if (skimmer) {
        const isJson = skimmer.end();
        read = { messages: isJson ? skimmed : [], isBatch: skimmed.length > 1, isJson };
      } else {
        const [only] = pieces;
        read =
          only === undefined
            ? NOTHING
            : readMessages(pieces.length === 1 ? only : Buffer.concat(pieces));
      }
      pieces = [];
      sizeBytes = 0;
      skimmer = undefined;
      skimmed = [];
      return read;
    },
  };
}
