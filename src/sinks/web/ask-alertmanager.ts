import type { AlertmanagerCommands } from '../../facts/ports/commands.ts';
import { HttpProblem } from './http-problem.ts';
import type { HttpAppDeps } from './ports.ts';

/** Throws 409 if the configuration has no Alertmanager. */
export function requireAlertmanager({
  alertmanager,
}: Pick<HttpAppDeps, 'alertmanager'>): AlertmanagerCommands {
  if (alertmanager) return alertmanager;
  throw new HttpProblem(
    409,
    'No Alertmanager is configured here. Set alertmanager.url in the configuration and restart.',
  );
}

/** Throws 502 if Alertmanager does not do it. */
export async function askAlertmanager<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    // `fetch` puts the reason into `cause`.
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new HttpProblem(502, `Alertmanager did not do it: ${reason}`);
  }
}
