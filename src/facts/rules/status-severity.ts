import type { Severity } from '../user-alert.ts';
import type { Status } from './health.ts';

/** How bad a status is, in the severities of the alerts: Offline and Critical page someone, Warning needs attention within a day. */
export function severityOfStatus(status: Status): Severity {
  if (status === 'offline' || status === 'critical') return 'critical';
  return status === 'warning' ? 'warning' : 'info';
}
