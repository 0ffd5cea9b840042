import { FAILED_OUTCOMES } from '../../src/facts/call-outcome.ts';
import { asEpochMs } from '../../src/facts/time.ts';
import type { JournalDatabase } from '../../src/sinks/journal/open-database.ts';
import { DAY_MS, HISTORY_DAYS, serverName } from './journal-history.ts';

type Question = () => unknown;

const HOUR_MS = 3_600_000;

/** What pages and the API ask a journal that `fillJournal` has filled up to a moment, by name. */
export function journalQuestions(
  database: JournalDatabase,
  endMs: number,
): Readonly<Record<string, Question>> {
  return {
    ...callQuestions(database, endMs),
    ...errorQuestions(database, endMs),
    ...sumQuestions(database, endMs),
    ...logQuestions(database, endMs),
    ...eventQuestions(database, endMs),
  };
}

function lastOf(endMs: number, durationMs: number) {
  return { fromMs: asEpochMs(endMs - durationMs), toMs: asEpochMs(endMs) };
}

function callQuestions(database: JournalDatabase, endMs: number): Record<string, Question> {
  const limit = 100;
  const server = serverName(7);
  const middleMs = asEpochMs(endMs - (HISTORY_DAYS / 2) * DAY_MS);
  const find = (filter: Partial<Parameters<JournalDatabase['findCalls']>[0]>) => () =>
    database.findCalls({ limit, ...filter });
  return {
    'newest calls': find({}),
    'calls of a server': find({ server }),
    'calls of a server, an outcome': find({ server, outcomes: ['tool_error'] }),
    'failed calls': find({ outcomes: FAILED_OUTCOMES }),
    'successful calls': find({ outcomes: ['success'] }),
    'calls of a user': find({ user: 'user-9@example.com' }),
    'calls of a client and a tool': find({ client: 'client-3', target: 'tool-3' }),
    'calls of a server and a tool': find({ server, target: 'tool-3' }),
    'calls of a method': find({ operation: 'tools/call' }),
    'calls of a session': find({ session: '0f8fad5b-d9cb-469f-a165-000000000005' }),
    'calls of a trace': find({ traceId: '0af7651916cd43dd8448eb211c80319c' }),
    'calls of a group of errors': find({ errorGroupId: 1 }),
    'calls of an hour': find({ ...lastOf(endMs - DAY_MS, HOUR_MS), limit: 500 }),
    'search of calls': find({ search: 'table-3' }),
    'search of calls in vain': find({ search: 'no such text' }),
    'search of calls of a server in vain': find({ server, search: 'no such text' }),
    'a page of a CSV export': find({ limit: 500 }),
    'a page in the middle of a CSV export': find({ limit: 500, cursor: `${middleMs}-1` }),
    'a page in the middle of the calls of a server': find({ server, cursor: `${middleMs}-1` }),
  };
}

function errorQuestions(database: JournalDatabase, endMs: number): Record<string, Question> {
  const limit = 100;
  const server = serverName(7);
  const find = (filter: Partial<Parameters<JournalDatabase['findErrors']>[0]>) => () =>
    database.findErrors({ limit, samples: 0, ...filter });
  return {
    'groups of errors': find({ samples: 10 }),
    'groups of errors of a day': find(lastOf(endMs, DAY_MS)),
    'groups of errors of 30 days': find(lastOf(endMs, 30 * DAY_MS)),
    'groups of errors of a server': find({ server, outcomes: FAILED_OUTCOMES, samples: 10 }),
    'groups of errors of a tool': find({ target: 'tool-3' }),
    'search of errors in vain': find({ search: 'no such text' }),
    'one group with its samples': find({ id: 1, limit: 1, samples: 10 }),
    'groups that look the same': find({ pattern: 'row <n> of <text> not found', limit: 20 }),
  };
}

function sumQuestions(database: JournalDatabase, endMs: number): Record<string, Question> {
  const limit = 1_000;
  const server = serverName(7);
  const day = lastOf(endMs, DAY_MS);
  const month = lastOf(endMs, 30 * DAY_MS);
  return {
    'summary of a day by server': () => database.summarizeCalls({ by: 'server', ...day, limit }),
    'summary of a day by tool': () =>
      database.summarizeCalls({ by: 'target', operation: 'tools/call', ...day, limit }),
    'summary of a day by error': () => database.summarizeCalls({ by: 'error_type', ...day, limit }),
    'summary of 30 days by server': () =>
      database.summarizeCalls({ by: 'server', ...month, limit }),
    'tools of a server, a day': () =>
      database.summarizeCalls({ by: 'target', server, ...day, limit }),
    'tools of a server, 30 days': () =>
      database.summarizeCalls({ by: 'target', server, ...month, limit }),
    'clients of a server, 30 days': () =>
      database.summarizeCalls({ by: 'client', server, ...month, limit }),
    'users of a server, 30 days': () =>
      database.summarizeCalls({ by: 'user', server, ...month, limit }),
    'chart of a day': () => database.chartCalls({ ...day, bucketMs: 300_000 }),
    'chart of a server, 30 days': () =>
      database.chartCalls({ server, ...month, bucketMs: 6 * HOUR_MS }),
    'uptime of all servers': () =>
      database.findUptime({ withDays: false, nowMs: asEpochMs(endMs) }),
    'uptime of a server, 30 days of bars': () =>
      database.findUptime({ server, withDays: true, nowMs: asEpochMs(endMs) }),
  };
}

function logQuestions(database: JournalDatabase, endMs: number): Record<string, Question> {
  const limit = 100;
  const server = serverName(7);
  const month = lastOf(endMs, 30 * DAY_MS);
  const find = (filter: Partial<Parameters<JournalDatabase['findServerLog']>[0]>) => () =>
    database.findServerLog({ limit, ...filter });
  return {
    'log of a server': find({ server }),
    'log of all servers': find({}),
    'log of a server, a status': find({ server, statuses: ['offline'] }),
    'search of the log of a server': find({ server, search: 'no answer' }),
    'failed checks of a server, 30 days': find({
      server,
      facts: ['check'],
      onlyFailedChecks: true,
      limit: 500,
      ...month,
    }),
    'status changes, 30 days': find({ facts: ['status'], ...month }),
    'a page in the middle of the log': find({ server, cursor: `${endMs - 45 * DAY_MS}-0-1` }),
    'chart of checks, a day': () =>
      database.chartChecks({ server, ...lastOf(endMs, DAY_MS), bucketMs: 300_000 }),
    'chart of checks, 30 days': () =>
      database.chartChecks({ server, ...month, bucketMs: 6 * HOUR_MS }),
  };
}

function eventQuestions(database: JournalDatabase, endMs: number): Record<string, Question> {
  const limit = 100;
  const server = serverName(7);
  const month = lastOf(endMs, 30 * DAY_MS);
  const alerts = (filter: Partial<Parameters<JournalDatabase['findAlerts']>[0]>) => () =>
    database.findAlerts({ limit, ...filter });
  return {
    'definition changes': () => database.findDefinitionChanges({ limit }),
    'definition changes of a server, 30 days': () =>
      database.findDefinitionChanges({ server, ...month, limit }),
    'definition changes of a kind': () =>
      database.findDefinitionChanges({ kinds: ['prompts'], limit }),
    actions: () => database.findActions({ limit }),
    'actions of a server, 30 days': () => database.findActions({ server, ...month, limit }),
    markers: () => database.findMarkers({ limit }),
    'markers of a server, 30 days': () => database.findMarkers({ server, ...month, limit }),
    alerts: alerts({}),
    'firing alerts': alerts({ state: 'firing' }),
    'ended alerts': alerts({ state: 'resolved' }),
    'one alert': alerts({ id: 1, limit: 1 }),
    'alerts of a server': alerts({ server }),
    'alerts of a server, 30 days': alerts({ server, ...month }),
    'alerts of a day': alerts(lastOf(endMs, DAY_MS)),
    'alerts of a day long ago': alerts(lastOf(endMs - 60 * DAY_MS, DAY_MS)),
    'alerts of a rule': alerts({ alertname: 'McpServerOffline' }),
    'alerts of a rule that never fired': alerts({ alertname: 'Never' }),
    disablings: () => database.findDisablings(null),
    'maintenance windows': () => database.findMaintenance(null),
  };
}
