import type { FailureFacts } from '../classify-failure.ts';
import type { MessageFacts } from '../message-facts.ts';
import { isRepeatable } from '../repeatable-methods.ts';

/** What may still be tried for one message of a bridge. */
export interface DeliveryAttempts {
  /** Sending it again does no harm: after a broken connection it is unknown whether the first one arrived. */
  readonly mayRepeat: boolean;
  readonly mayRenewSession: boolean;
}

/** How one attempt ended. */
export type AttemptEnd =
  | { readonly kind: 'answered' }
  | { readonly kind: 'session_lost' }
  | {
      readonly kind: 'failed';
      readonly facts: FailureFacts;
      /** Without a connection the message was certainly not delivered. */
      readonly wasConnected: boolean;
      /** No request of the message has its answer. */
      readonly isUnanswered: boolean;
      /** Since the first attempt. */
      readonly elapsedMs: number;
    };

export interface DeliveryLimits {
  /** For how long a server without a listener may be restarting. */
  readonly restartMsMax: number;
  /** The owner of the bridge takes undelivered messages back. */
  readonly canHandBack: boolean;
}

export type DeliveryStep =
  | { readonly kind: 'done' }
  | { readonly kind: 'renew_session'; readonly attempts: DeliveryAttempts }
  | { readonly kind: 'repeat'; readonly attempts: DeliveryAttempts }
  | { readonly kind: 'repeat_later' }
  | { readonly kind: 'hand_back' }
  | { readonly kind: 'fail'; readonly facts: FailureFacts };

export function firstAttempts(messages: readonly MessageFacts[]): DeliveryAttempts {
  const mayRepeat = messages.every(({ method }) => isRepeatable(method));
  return { mayRepeat, mayRenewSession: true };
}

export function nextDeliveryStep(
  attempts: DeliveryAttempts,
  end: AttemptEnd,
  { restartMsMax, canHandBack }: DeliveryLimits,
): DeliveryStep {
  if (end.kind === 'answered') return { kind: 'done' };
  if (end.kind === 'session_lost')
    return { kind: 'renew_session', attempts: { ...attempts, mayRenewSession: false } };
  const { facts, wasConnected, isUnanswered, elapsedMs } = end;
  if (wasConnected) {
    // An answer that was read and is of no use will not be another one next time.
    const mayRepeat = attempts.mayRepeat && isUnanswered && facts.kind !== 'unusable';
    return mayRepeat
      ? { kind: 'repeat', attempts: { ...attempts, mayRepeat: false } }
      : { kind: 'fail', facts };
  }
  if (elapsedMs < restartMsMax) return { kind: 'repeat_later' };
  return canHandBack ? { kind: 'hand_back' } : { kind: 'fail', facts };
}
