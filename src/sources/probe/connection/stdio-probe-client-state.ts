import type { Launch } from '../../../protocol/stdio/stdio-launcher.ts';
import type { ChildChannel } from '../../../protocol/stdio/child-channel.ts';
import type { RequestFailure, RequestResult } from '../../../protocol/probe-client.ts';

/** A child that leaves so many requests in a row unanswered is replaced by the next `open`, before the server counts as Offline. */
const UNANSWERED_MAX = 2;

export type LaunchedChild = Extract<Launch, { readonly ok: true }>;

/** Which child is kept: `probeClientEffects` is the only function that changes it. `stdio-probe-client.ts` performs what it returns. */
export interface StdioProbeClientState {
  opened?: LaunchedChild | undefined;
  isStarting: boolean;
  /** Requests in a row that the kept child left unanswered. */
  unanswered: number;
}

export type StdioProbeClientEvent =
  /** A check needs a child; `delayMs` remain of the back-off. Without a start the check fails. */
  | { readonly kind: 'open'; readonly delayMs: number }
  | { readonly kind: 'started'; readonly opened: LaunchedChild | undefined }
  | { readonly kind: 'replied'; readonly channel: ChildChannel; readonly result: RequestResult }
  | { readonly kind: 'child_ended'; readonly channel: ChildChannel }
  | { readonly kind: 'closed' };

export type StdioProbeClientEffect =
  | { readonly kind: 'start' }
  | { readonly kind: 'discard'; readonly channel: ChildChannel; readonly failure: RequestFailure };

export function probeClientEffects(
  state: StdioProbeClientState,
  event: StdioProbeClientEvent,
): StdioProbeClientEffect | undefined {
  switch (event.kind) {
    case 'open':
      if (state.opened || state.isStarting || event.delayMs > 0) return undefined;
      state.isStarting = true;
      return { kind: 'start' };
    case 'started':
      state.isStarting = false;
      state.opened = event.opened;
      state.unanswered = 0;
      return undefined;
    case 'replied':
      return countUnanswered(state, event.channel, event.result);
    case 'child_ended':
      if (state.opened?.channel === event.channel) state.opened = undefined;
      return undefined;
    case 'closed':
      state.opened = undefined;
      return undefined;
  }
}

/** Nobody else uses the child, so one that hangs is replaced. */
function countUnanswered(
  state: StdioProbeClientState,
  channel: ChildChannel,
  result: RequestResult,
): StdioProbeClientEffect | undefined {
  if (state.opened?.channel !== channel) return undefined;
  if (result.ok || result.failure.outcome !== 'timeout') {
    state.unanswered = 0;
    return undefined;
  }
  state.unanswered += 1;
  if (state.unanswered < UNANSWERED_MAX) return undefined;
  state.opened = undefined;
  return { kind: 'discard', channel, failure: result.failure };
}
