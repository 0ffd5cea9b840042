import { SILENCING_KINDS, type SilencingKind } from '../../facts/alert-event.ts';
import type { AlertAction, AlertRecord } from '../../facts/ports/alert-store.ts';
import type { EpochMs } from '../../facts/time.ts';

/** Who acknowledged or silenced an alert, and until when. */
export interface Silencing extends AlertAction {
  readonly kind: SilencingKind;
  readonly untilMs: EpochMs;
}

/** The newest silence that somebody set on this alert and that lasts, unless it was ended; those set elsewhere are not known here. */
export function findSilencing(
  { actions, endsAtMs }: Pick<AlertRecord, 'actions' | 'endsAtMs'>,
  nowMs: number,
): Silencing | undefined {
  if (endsAtMs !== undefined) return undefined;
  const ended = actions.findLastIndex(({ kind }) => kind === 'unsilence');
  return actions
    .slice(ended + 1)
    .filter(isSilencing)
    .findLast(({ untilMs }) => untilMs > nowMs);
}

function isSilencing(action: AlertAction): action is Silencing {
  const isKind = SILENCING_KINDS.some((kind) => kind === action.kind);
  return isKind && action.untilMs !== undefined;
}
