import type { EraVerdict } from './assess-discover.ts';
import type { FailureFacts } from './classify-failure.ts';

/** A request that may find out the era of a server. `discover_again`: where the server says that it is modern after all. */
export type EraQuestion = 'discover' | 'initialize' | 'discover_again';

/**
 * How far finding out the era of a server has come. Several questions may wait for their answers at the same time, since a
 * silence decides nothing: an answer to the first one counts whenever it comes.
 */
export interface EraNegotiation {
  /** `overdue`: its own limit has passed; it is still waited for. */
  readonly discover: 'unasked' | 'pending' | 'overdue' | EraVerdict;
  readonly initialize: 'unasked' | 'pending' | 'accepted' | FailureFacts;
  readonly discoverAgain: 'unasked' | 'pending' | EraVerdict;
  /** The server accepted `initialize` a while ago. */
  readonly isGraceOver: boolean;
}

export type EraStep =
  | { readonly kind: 'ask'; readonly question: EraQuestion }
  /** `grace`: only for a moment, in case the answer to `server/discover` comes right after that to `initialize`. */
  | { readonly kind: 'wait'; readonly limit: 'none' | 'grace' }
  /** The answer to this question is the result. `isAssumed`: `server/discover` was not answered, so it may be modern too. */
  | { readonly kind: 'conclude'; readonly by: EraQuestion; readonly isAssumed: boolean };

export const UNASKED: EraNegotiation = Object.freeze({
  discover: 'unasked',
  initialize: 'unasked',
  discoverAgain: 'unasked',
  isGraceOver: false,
});

const WAIT: EraStep = { kind: 'wait', limit: 'none' };

/**
 * What to do next to find out the era of a server.
 * @param canAsk whether another request can be sent: there is time, and the connection still exists
 */
export function nextEraStep(negotiation: EraNegotiation, canAsk: boolean): EraStep {
  const { discover, initialize, discoverAgain } = negotiation;
  if (discover === 'unasked') return ask('discover');
  if (isVerdict(discover, 'modern')) return conclude('discover');
  if (isVerdict(discoverAgain, 'modern')) return conclude('discover_again');
  if (initialize === 'unasked') {
    if (discover === 'pending') return WAIT;
    const mayHelp = discover === 'overdue' || discover.kind === 'try_initialize';
    return mayHelp && canAsk ? ask('initialize') : conclude('discover');
  }
  if (initialize === 'pending') return WAIT;
  if (initialize === 'accepted') {
    if (discover === 'overdue' && !negotiation.isGraceOver) return { kind: 'wait', limit: 'grace' };
    return conclude('initialize', isUnanswered(discover));
  }
  if (isVerdict(discover, 'modern_refusal')) return conclude('discover');
  if (!isUnanswered(discover) || !mayBeRefusalOfModern(initialize)) return conclude('initialize');
  if (discoverAgain === 'unasked' && canAsk) return ask('discover_again');
  return discover === 'overdue' || discoverAgain === 'pending' ? WAIT : conclude('initialize');
}

/** Whether nothing that came back for `server/discover` was an answer of the server. */
function isUnanswered(discover: EraNegotiation['discover']): boolean {
  if (typeof discover === 'string') return true;
  return discover.kind === 'try_initialize' && !discover.isAnswer;
}

/** Whether the failure of `initialize` is one that a server without `initialize` may give: most say -32022 or -32601. */
function mayBeRefusalOfModern(facts: FailureFacts): boolean {
  if (facts.kind === 'http') return [400, 404, 405, 406].includes(facts.status);
  return facts.kind === 'rpc' || facts.kind === 'unusable';
}

function isVerdict(
  state: EraNegotiation['discover' | 'discoverAgain'],
  kind: EraVerdict['kind'],
): boolean {
  return typeof state !== 'string' && state.kind === kind;
}

function ask(question: EraQuestion): EraStep {
  return { kind: 'ask', question };
}

function conclude(by: EraQuestion, isAssumed = false): EraStep {
  return { kind: 'conclude', by, isAssumed };
}
