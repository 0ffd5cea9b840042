import type { PlainDifference } from './compare.ts';
import type { Lane } from './lanes.ts';
import type { Message } from './peer.ts';
import type { Observation } from './run-side.ts';
import { isMethod, type Scenario } from './scenario.ts';

type IsListed = (difference: PlainDifference, scenario: Scenario, lane: Lane) => boolean;

/** Except for what a client does afterwards, everything in these scenarios is about the failure. */
const isAboutFailure = ({ path }: PlainDifference): boolean => !path.startsWith('outcome.1');

/** The names in docs/transparency.md, with the places that each is about. */
const EXCEPTIONS: Readonly<Record<string, IsListed>> = {
  'accept-encoding': ({ path }, _, { route }) =>
    route.client === 'sse' && /^streams\.\d+\.headers\.accept-encoding$/.test(path),
  'lost-session': (difference, { name }, { route }) =>
    route.server === 'sse' && name === 'the server restarts' && isAboutFailure(difference),
  'kept-session': (difference, { name }, { route }) =>
    route.client === 'stdio' &&
    route.server === 'http' &&
    name === 'the server restarts' &&
    isAboutFailure(difference),
  'child-exit': (difference, { name }) =>
    name === 'the server exits during a call' && isAboutFailure(difference),
  'closed-stream': ({ path }, { name }, { era, route }) =>
    era === 'modern' &&
    route.server === 'stdio' &&
    ['cancelled by the client', 'timeout of the client', 'subscriptions/listen'].includes(name) &&
    /^seen\.\d+\.message\.params\.(reason|_meta)$/.test(path),
};

/** Is about messages that do not arrive, wherever they would have been. */
const SHARED_LOG = 'shared-log';

export const EXCEPTION_NAMES: readonly string[] = [...Object.keys(EXCEPTIONS), SHARED_LOG];

/** @returns the exception that the difference is listed under */
export function exceptionOf(...given: Parameters<IsListed>): string | undefined {
  return Object.keys(EXCEPTIONS).find((name) => EXCEPTIONS[name]?.(...given));
}

interface Pair {
  readonly direct: Observation;
  readonly through: Observation;
}

/**
 * Sets aside the log messages of parallel calls to a shared process, some of which are dropped.
 * @returns what is left to compare, and the name of the exception if a message was dropped. Log messages that the client
 *   received through the gateway only are left.
 */
export function setAsideSharedLog(
  { direct, through }: Pair,
  { name }: Scenario,
  { era, route }: Lane,
): Pair & { readonly exception?: string } {
  const isShared = era === 'modern' && route.server === 'stdio';
  if (!isShared || name !== 'log messages of parallel calls') return { direct, through };
  const sent = direct.received.filter(isLog).map(textOf);
  const arrived = through.received.filter(isLog).map(textOf);
  const isKnown = (message: Message): boolean => isLog(message) && sent.includes(textOf(message));
  const rest = (one: Observation): Observation => ({
    ...one,
    received: one.received.filter((message) => !isKnown(message)),
  });
  const isOnce = new Set(arrived).size === arrived.length;
  if (!isOnce || arrived.length >= sent.length) return { direct, through };
  return { direct: rest(direct), through: rest(through), exception: SHARED_LOG };
}

const isLog = isMethod('notifications/message');
/** What the gateway adds to a message would be a difference, too. */
const textOf = (message: Message): string => JSON.stringify(message);
