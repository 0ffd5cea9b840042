import type { AlertRecord } from '../../facts/ports/alert-store.ts';
import { askJournal, requireJournal } from './ask-journal.ts';
import { HttpProblem } from './http-problem.ts';
import type { HttpAppDeps } from './ports.ts';

/** Throws 404 for an alert that is not in the journal, or not any more. */
export async function findAlert(
  deps: Pick<HttpAppDeps, 'alerts' | 'journal'>,
  id: number | undefined,
): Promise<AlertRecord> {
  requireJournal(deps);
  const [alert] = id === undefined ? [] : await askJournal(deps.alerts.find({ id, limit: 1 }));
  if (alert) return alert;
  throw new HttpProblem(404, 'No alert has this id. It may have expired.');
}
