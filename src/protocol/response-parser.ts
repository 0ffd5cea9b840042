import type { Dispatcher } from 'undici';

/** What is used here of undici's parser of responses (`lib/dispatcher/client-h1.js`). */
export interface ResponseParser {
  /** Value of `Content-Length`; empty without one. */
  contentLength: string;
  /** Names and values in turn. */
  readonly headers: readonly Buffer[];
  onHeadersComplete(status: number, isUpgrade: boolean, keepsAlive: boolean): number;
}

/** Processing: an informational status that undici skips. */
const SKIPPED_STATUS = 102;

/**
 * Has a dispatcher of undici accept responses that are valid and that it answers by closing the connection:
 *
 * - `100 Continue`, however often, although nothing waits for it (RFC 9110 §15.2). It is skipped as 102 and 103 are.
 * - a `Content-Length` in 304, which says how long the representation would be (RFC 9110 §8.6), or in 204.
 *   Neither status has a body (RFC 9112 §6.3).
 *
 * What follows a 204 or 304 that announces a body may be that body. A later request must not take it for its response, so that
 * such a connection is not used again.
 *
 * Design: undici has no option for it. Dropping a 100 from the bytes of the socket would need a second parser that knows where
 * a response begins; the parser that there is calls this method once per response. It is reached through symbols, which the
 * pinned version has; `test/unit/protocol/response-parser.test.ts` fails if another one does not.
 */
export function acceptValidResponses(dispatcher: Dispatcher): void {
  dispatcher.on('connect', (_origin, targets) => {
    const parser = findResponseParser(targets.at(-1));
    if (parser) relax(parser);
  });
}

/** @returns `undefined` with HTTP/2, and with a version of undici that has it elsewhere */
export function findResponseParser(client: unknown): ResponseParser | undefined {
  return memberOf(memberOf(client, 'socket'), 'parser') as ResponseParser | undefined;
}

function relax(parser: ResponseParser): void {
  const { onHeadersComplete } = parser;
  parser.onHeadersComplete = (status, isUpgrade, keepsAlive) => {
    const known = status === 100 ? SKIPPED_STATUS : status;
    const isUnexpected = (status === 204 || status === 304) && announcesBody(parser);
    // llhttp knows that none follows; undici would miss it.
    if (isUnexpected) parser.contentLength = '';
    return onHeadersComplete.call(parser, known, isUpgrade, keepsAlive && !isUnexpected);
  };
}

function announcesBody({ contentLength, headers }: ResponseParser): boolean {
  if (contentLength !== '' && contentLength !== '0') return true;
  return headers.some(
    (name, at) => at % 2 === 0 && name.toString('latin1').toLowerCase() === 'transfer-encoding',
  );
}

function memberOf(owner: unknown, description: string): unknown {
  if (typeof owner !== 'object' || owner === null) return undefined;
  const symbol = Object.getOwnPropertySymbols(owner).find(
    (each) => each.description === description,
  );
  return symbol && (owner as Record<symbol, unknown>)[symbol];
}
