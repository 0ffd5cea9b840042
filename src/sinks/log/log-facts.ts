import { type AlertEvent, WATCHDOG } from '../../facts/alert-event.ts';
import type { ChildExited } from '../../facts/child-facts.ts';
import type { Fact } from '../../facts/facts.ts';
import type { Hub } from '../../facts/hub.ts';
import type { DefinitionsChanged, StatusChanged } from '../../facts/server-facts.ts';
import type { Status } from '../../facts/rules/health.ts';
import type { Log, LogSeverity } from '../../facts/ports/log.ts';
import { endpointLabel } from '../../facts/server.ts';

/** A server that lists thousands of tools must not make a line of them all. */
const CHANGES_SHOWN_MAX = 20;

const SEVERITY_OF_STATUS: Readonly<Record<Status, LogSeverity>> = {
  offline: 'error',
  critical: 'error',
  warning: 'warn',
  healthy: 'info',
  disabled: 'info',
  unknown: 'info',
};

/** What a firing alert of this severity means to the person on call; of any other it is for the record. */
const LOG_SEVERITY_OF_ALERT: ReadonlyMap<string, LogSeverity> = new Map([
  ['critical', 'error'],
  ['warning', 'warn'],
]);

/**
 * Writes facts as log lines, on change: a server that stays down adds nothing above `debug`.
 * @returns a function that ends it
 */
export function logFacts(hub: Pick<Hub, 'subscribe'>, log: Log): () => void {
  /** Configured servers that are down: the end of their children is no news. */
  const down = new Set<string>();

  function logStatus({ server, from, to, reason }: StatusChanged): void {
    if (to === 'offline') down.add(server);
    else down.delete(server);
    const fields = { channel: 'health', server, from, to, reason } as const;
    log[SEVERITY_OF_STATUS[to]](fields, 'server status changed');
  }

  function logExit({ server, reason, code, signal, stderrTail }: ChildExited): void {
    const isNews = reason !== 'stopped' && !down.has(server);
    const fields = { channel: 'health', server, reason, code, signal, stderrTail } as const;
    log[isNews ? 'warn' : 'debug'](fields, 'server process ended');
  }

  return hub.subscribe((fact) => {
    if (fact.fact === 'status') logStatus(fact);
    else if (fact.fact === 'child_exit') logExit(fact);
    else if (fact.fact === 'server_removed') down.delete(fact.server);
    logOther(fact, log);
  });
}

function logOther(fact: Fact, log: Log): void {
  const channel = 'health';
  switch (fact.fact) {
    case 'status':
    case 'child_exit':
      return;
    // One per exchange, and as many as clients like: those are counted, not written.
    case 'call':
    case 'auth':
    case 'rate_limit':
    case 'session':
      return;
    case 'disagreement': {
      const { server, disagrees, detail } = fact;
      return disagrees
        ? log.warn({ channel, server, detail }, 'checks and real calls disagree')
        : log.info({ channel, server, detail }, 'checks and real calls agree again');
    }
    case 'server_added': {
      const { name, source } = fact.server;
      const endpoint = endpointLabel(fact.server);
      const fields = { channel, server: name, endpoint, source } as const;
      return log.debug(fields, 'server added');
    }
    case 'server_removed':
      return log.debug({ channel, server: fact.server }, 'server removed');
    case 'probe': {
      const { server, status, consecutiveFailures, nextInMs, lagMs, report } = fact;
      const { kind, outcome, detail, durationMs } = report;
      return log.debug(
        {
          channel,
          server,
          kind,
          outcome,
          detail,
          durationMs,
          status,
          consecutiveFailures,
          nextInMs,
          lagMs,
        },
        'server checked',
      );
    }
    case 'alert':
      return logAlert(fact, log);
    case 'action': {
      const { kind, server, alertId, by, text } = fact;
      return log.info(
        { channel: 'audit', action: kind, server, alertId, by, text },
        'action taken',
      );
    }
    case 'definitions':
      return logDefinitions(fact, log);
    case 'child_start': {
      const { server, pid, startMs } = fact;
      return log.debug({ channel, server, pid, startMs }, 'server process started');
    }
    case 'connectivity':
      return fact.suspected
        ? log.error({ channel, servers: fact.servers }, 'own connectivity suspected')
        : log.info({ channel }, 'own connectivity is fine again');
    case 'reload':
      return fact.ok
        ? log.info({ channel, detail: fact.detail }, 'configuration reloaded')
        : log.error(
            { channel, detail: fact.detail },
            'configuration not reloaded, the old one stays',
          );
  }
}

/** One line for each alert in a notification; the Watchdog, which comes every few minutes, is for the curious. */
function logAlert(alert: AlertEvent, log: Log): void {
  const { alertname, status, labels, annotations, startsAtMs, endsAtMs, value } = alert;
  const severity = labels['severity'] ?? '';
  const fields = {
    channel: 'health',
    alertname,
    status,
    severity,
    server: labels['server'],
    gateway: labels['gateway'],
    startsAt: new Date(startsAtMs).toISOString(),
    ...(endsAtMs === undefined ? {} : { endsAt: new Date(endsAtMs).toISOString() }),
    value,
    summary: annotations['summary'],
    receiver: alert.receiver,
    fingerprint: alert.fingerprint,
  } as const;
  const firing = LOG_SEVERITY_OF_ALERT.get(severity) ?? 'info';
  const usual = status === 'firing' ? firing : 'info';
  log[alertname === WATCHDOG ? 'debug' : usual](fields, 'alert notification received');
}

/** A tool that changes under its users may be an attack; that nobody has to act at once makes it a warning. */
function logDefinitions({ server, changes }: DefinitionsChanged, log: Log): void {
  const shown = changes
    .slice(0, CHANGES_SHOWN_MAX)
    .map(({ kind, change, name }) => `${kind} ${change}: ${name}`);
  log.warn(
    { channel: 'health', server, changeCount: changes.length, changes: shown },
    'server definitions changed',
  );
}
