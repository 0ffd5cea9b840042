import type { SilencingKind } from '../../facts/alert-event.ts';
import type { AlertRecord } from '../../facts/ports/alert-store.ts';
import { type EpochMs, later } from '../../facts/time.ts';
import { askAlertmanager, requireAlertmanager } from './ask-alertmanager.ts';
import { askJournal } from './ask-journal.ts';
import { findAlert } from './find-alert.ts';
import { HttpProblem } from './http-problem.ts';
import type { HttpAppDeps } from './ports.ts';
import { authorOf, endOf } from './request-body.ts';
import { findSilencing } from './silencing.ts';

export interface SilenceRequest {
  readonly kind: SilencingKind;
  readonly id: number | undefined;
  /** Who made the request, whatever the body says. */
  readonly caller: string;
  readonly body: {
    readonly by: string;
    readonly reason: string;
    readonly duration?: number;
    readonly until?: EpochMs;
  };
}

type SilenceDeps = Pick<HttpAppDeps, 'alertmanager' | 'alerts' | 'clock' | 'journal'>;

/** What an acknowledgement without an end lasts. */
const ACKNOWLEDGE_MS = 4 * 60 * 60_000;

/** Silences one firing alert in Alertmanager and records who did it. Throws 404, 409, 502 and 503. */
export async function silenceAlert(
  deps: SilenceDeps,
  { kind, id, caller, body }: SilenceRequest,
): Promise<AlertRecord> {
  const alertmanager = requireAlertmanager(deps);
  const alert = await findAlert(deps, id);
  if (alert.endsAtMs !== undefined)
    throw new HttpProblem(409, 'This alert is resolved, so there is nothing to silence.');
  const nowMs = deps.clock.nowMs();
  const untilMs = endOf(body, nowMs) ?? later(nowMs, ACKNOWLEDGE_MS);
  const by = authorOf(body.by, caller);
  const word = kind === 'acknowledge' ? 'Acknowledged' : 'Silenced';
  const comment = body.reason || `${word} on the pages of mcp-exporter`;
  await askAlertmanager(alertmanager.silenceAlert({ labels: alert.labels, untilMs, by, comment }));
  await askJournal(deps.alerts.addAction({ id: alert.id, kind, by, text: body.reason, untilMs }));
  return findAlert(deps, alert.id);
}

/** Ends before its time what `silenceAlert` began, and records who did it. Throws 404, 409, 502 and 503. */
export async function unsilenceAlert(
  deps: SilenceDeps,
  { id, caller, body }: Pick<SilenceRequest, 'id' | 'caller' | 'body'>,
): Promise<AlertRecord> {
  const alertmanager = requireAlertmanager(deps);
  const alert = await findAlert(deps, id);
  if (!findSilencing(alert, deps.clock.nowMs()))
    throw new HttpProblem(409, 'This alert is not silenced from here, so there is nothing to end.');
  await askAlertmanager(alertmanager.endSilences(alert.labels));
  const by = authorOf(body.by, caller);
  await askJournal(
    deps.alerts.addAction({ id: alert.id, kind: 'unsilence', by, text: body.reason }),
  );
  return findAlert(deps, alert.id);
}
