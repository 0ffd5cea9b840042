import { type AlertEvent, WATCHDOG } from '../../facts/alert-event.ts';
import type { ChildExited } from '../../facts/child-facts.ts';
import type { DefinitionsChanged, StatusChanged } from '../../facts/server-facts.ts';
import type { Fact } from '../../facts/facts.ts';
import type { Hub } from '../../facts/hub.ts';
import type { ProbeObservation } from '../../facts/probe-facts.ts';
import type { Reopening } from '../../facts/rules/server-changes.ts';
import type { Status } from '../../facts/rules/health.ts';
import type { Log, LogSeverity } from '../../facts/ports/log.ts';
import { endpointLabel } from '../../facts/server.ts';

/** A server with thousands of tools must not produce a line that names them all. */
const CHANGES_SHOWN_MAX = 20;

const SEVERITY_OF_STATUS: Readonly<Record<Status, LogSeverity>> = {
  offline: 'error',
  critical: 'error',
  warning: 'warn',
  healthy: 'info',
  disabled: 'info',
  unknown: 'info',
};

/** Log severity of a firing alert by its `severity` label; any other is logged as `info`. */
const LOG_SEVERITY_OF_ALERT: ReadonlyMap<string, LogSeverity> = new Map([
  ['critical', 'error'],
  ['warning', 'warn'],
]);

/**
 * Writes facts as log lines, on change: a server that stays down adds nothing above `debug`.
 * @returns a function that stops it
 */
export function logFacts(hub: Pick<Hub, 'subscribe'>, log: Log): () => void {
  /** Configured servers that are down: an exit of their child process is expected. */
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

type Writer<Name extends Fact['fact']> = (fact: Extract<Fact, { fact: Name }>, log: Log) => void;

const channel = 'health';

/** What a change of settings ended and began anew. */
const REOPENED: Readonly<Record<Reopening, string | undefined>> = {
  all: "the connection of the checks, and the clients' sessions",
  checks: 'the connection of the checks',
  none: undefined,
};

/** The line of each kind of fact; `undefined` for kinds that are not logged here. */
const WRITERS: { readonly [Name in Fact['fact']]: Writer<Name> | undefined } = {
  // These two depend on what came before: `logFacts` writes them.
  status: undefined,
  child_exit: undefined,
  // One or more per exchange: these are counted, and `logCalls` writes them.
  call: undefined,
  auth: undefined,
  rate_limit: undefined,
  session: undefined,
  tools_listed: undefined,
  upstream_request: undefined,
  // Changes are logged.
  definitions_read: undefined,
  // The action and the status change are logged.
  disabling: undefined,
  alert: logAlert,
  definitions: logDefinitions,
  probe: logProbe,
  action({ kind, server, alertId, by, text, untilMs }, log) {
    const details = { alert_id: alertId, text, until: isoOf(untilMs) };
    log.info({ channel: 'audit', action: kind, server, user: by, details }, 'action taken');
  },
  marker({ marker: { kind, text, server, by } }, log) {
    const details = { kind, text };
    log.info({ channel: 'audit', action: 'marker', server, user: by, details }, 'marker added');
  },
  maintenance({ server, isActive, reason, untilMs }, log) {
    const until = isoOf(untilMs);
    if (isActive) log.info({ channel, server, reason, until }, 'server is in maintenance');
    else log.info({ channel, server, reason }, 'maintenance of the server ended');
  },
  disagreement({ server, disagrees, detail }, log) {
    if (disagrees) log.warn({ channel, server, detail }, 'checks and real calls disagree');
    else log.info({ channel, server, detail }, 'checks and real calls agree again');
  },
  server_added({ server }, log) {
    const { name, source } = server;
    log.debug({ channel, server: name, endpoint: endpointLabel(server), source }, 'server added');
  },
  server_changed({ server, keys, reopens }, log) {
    const fields = { channel, server: server.name, keys } as const;
    const text = REOPENED[reopens];
    if (text === undefined) log.debug(fields, 'server settings applied');
    else
      log.info(
        { ...fields, reopened: text },
        'server settings applied, and what they concern opened anew',
      );
  },
  server_removed({ server }, log) {
    log.debug({ channel, server }, 'server removed');
  },
  child_start({ server, pid, startMs }, log) {
    log.debug({ channel, server, pid, startMs }, 'server process started');
  },
  connectivity({ suspected, servers }, log) {
    if (suspected) log.error({ channel, servers }, 'own connectivity suspected');
    else log.info({ channel }, 'own connectivity is fine again');
  },
  lateness({ isLate, detail }, log) {
    if (isLate) log.warn({ channel, detail }, 'the exporter itself is late with its checks');
    else log.info({ channel, detail }, 'the exporter is on time again');
  },
  reload({ ok, detail }, log) {
    // The first configuration is not a reload; `started` is logged once everything runs.
    if (ok && detail === 'start') log.debug({ channel }, 'configuration loaded');
    else if (ok) log.info({ channel, detail }, 'configuration reloaded');
    else log.error({ channel, detail }, 'configuration not reloaded, the old one stays');
  },
};

function isoOf(atMs: number | undefined): string | undefined {
  return atMs === undefined ? undefined : new Date(atMs).toISOString();
}

function logOther(fact: Fact, log: Log): void {
  const write = WRITERS[fact.fact] as Writer<Fact['fact']> | undefined;
  write?.(fact, log);
}

function logProbe(fact: ProbeObservation, log: Log): void {
  const { server, status, consecutiveFailures, nextInMs, lagMs, report } = fact;
  const { kind, outcome, detail, durationMs } = report;
  const checked = { channel, server, kind, outcome, detail, durationMs } as const;
  log.debug({ ...checked, status, consecutiveFailures, nextInMs, lagMs }, 'server checked');
}

/** One line per alert in a notification; the Watchdog, which comes every few minutes, only at `debug`. */
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

/** A changed tool may be an attack, but nobody has to act at once: a warning. */
function logDefinitions({ server, changes }: DefinitionsChanged, log: Log): void {
  const shown = changes
    .slice(0, CHANGES_SHOWN_MAX)
    .map(({ kind, change, name }) => `${kind} ${change}: ${name}`);
  log.warn(
    { channel: 'health', server, changeCount: changes.length, changes: shown },
    'server definitions changed',
  );
}
