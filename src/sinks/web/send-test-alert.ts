import { TEST_ALERT, TEST_ID_LABEL, type TestSeverity } from '../../facts/alert-event.ts';
import { resultUnlessAborted, resultWithin } from '../../facts/deadline.ts';
import type { JsonObject } from '../../facts/json-object.ts';
import type { AlertmanagerCommands, TestAlertRoute } from '../../facts/ports/commands.ts';
import { askAlertmanager, requireAlertmanager } from './ask-alertmanager.ts';
import { HttpProblem } from './http-problem.ts';
import type { HttpAppDeps } from './ports.ts';

/** What became of a test alert. */
export interface TestAlertResult extends TestAlertRoute {
  readonly testId: string;
  readonly severity: TestSeverity;
  /** Whether our own webhook got it. */
  readonly isReceived: boolean;
  readonly waitedMs: number;
}

/** Sends one test alert at a time, and waits a while for its notification. Throws 409 and 502. */
export type SendTestAlert = (order: {
  readonly severity: TestSeverity;
  readonly by: string;
}) => Promise<TestAlertResult>;

/** The shipped routes send to the history after 5 s. */
const NOTIFICATION_MS_MAX = 20_000;

type TestAlertDeps = Pick<HttpAppDeps, 'alertmanager' | 'alerts' | 'clock' | 'hub' | 'stopping'>;

export function createSendTestAlert(deps: TestAlertDeps): SendTestAlert {
  let isRunning = false;
  return async (order) => {
    const alertmanager = requireAlertmanager(deps);
    if (isRunning) throw new HttpProblem(409, 'A test alert is on its way. Wait for its result.');
    isRunning = true;
    try {
      return await send(deps, alertmanager, order);
    } finally {
      isRunning = false;
    }
  };
}

async function send(
  { alerts, clock, hub, stopping }: TestAlertDeps,
  alertmanager: AlertmanagerCommands,
  order: Parameters<SendTestAlert>[0],
): Promise<TestAlertResult> {
  const testId = crypto.randomUUID();
  const arrival = Promise.withResolvers<true>();
  const unsubscribe = hub.subscribe((fact) => {
    if (fact.fact === 'alert' && fact.labels[TEST_ID_LABEL] === testId) arrival.resolve(true);
  });
  try {
    const startedAtMs = clock.monotonicMs();
    const route = await askAlertmanager(alertmanager.sendTestAlert({ id: testId, ...order }));
    const isMuted = route.isSilenced || route.isInhibited;
    const arrived = resultUnlessAborted(arrival.promise, stopping);
    const isReceived = !isMuted && (await resultWithin(clock, NOTIFICATION_MS_MAX, arrived));
    const result: TestAlertResult = {
      ...route,
      testId,
      severity: order.severity,
      isReceived: isReceived === true,
      waitedMs: clock.monotonicMs() - startedAtMs,
    };
    alerts.noteAction({
      kind: 'test_alert',
      server: '',
      by: order.by,
      text: describeTestAlert(result),
    });
    return result;
  } finally {
    unsubscribe();
  }
}

/** One line for the journal. */
function describeTestAlert({ severity, receivers, isReceived, ...rest }: TestAlertResult): string {
  const muted = rest.isSilenced ? ', silenced' : rest.isInhibited ? ', inhibited' : '';
  const webhook = isReceived ? 'received' : 'not received';
  return `${severity}${muted}, routed to ${receivers.join(', ') || 'no receiver'}, ${webhook} by the webhook`;
}

export function testAlertJson(result: TestAlertResult): JsonObject {
  return {
    test_id: result.testId,
    alertname: TEST_ALERT,
    severity: result.severity,
    receivers: result.receivers,
    silenced: result.isSilenced,
    inhibited: result.isInhibited,
    ends_at: new Date(result.endsAtMs).toISOString(),
    webhook: { received: result.isReceived, waited_seconds: result.waitedMs / 1_000 },
  };
}
