import type { DatabaseSync } from 'node:sqlite';
import { chartChecks } from './chart-checks.ts';
import { findDisablings } from './disablings.ts';
import { findAlerts } from './find-alerts.ts';
import { findCalls } from './find-calls.ts';
import { findErrors } from './find-errors.ts';
import { findActions, findDefinitionChanges, findMarkers } from './find-events.ts';
import { findServerLog } from './find-server-log.ts';
import { findMaintenance } from './maintenance.ts';
import type { FindName, Questions } from './messages.ts';
import { chartCalls, summarizeCalls } from './summarize-calls.ts';
import { findUptime } from './uptime-spans.ts';

/** Everything that can be read, by the name of the question. */
export type Finders = {
  readonly [Name in FindName]: (ask: Questions[Name]['ask']) => Questions[Name]['answer'];
};

export function createFinders(database: DatabaseSync): Finders {
  return {
    findAlerts: (filter) => findAlerts(database, filter),
    findServerLog: (filter) => findServerLog(database, filter),
    chartChecks: (filter) => chartChecks(database, filter),
    findDisablings: () => findDisablings(database),
    findMaintenance: () => findMaintenance(database),
    findCalls: (filter) => findCalls(database, filter),
    summarizeCalls: (filter) => summarizeCalls(database, filter),
    chartCalls: (filter) => chartCalls(database, filter),
    findErrors: (filter) => findErrors(database, filter),
    findDefinitionChanges: (filter) => findDefinitionChanges(database, filter),
    findMarkers: (filter) => findMarkers(database, filter),
    findActions: (filter) => findActions(database, filter),
    findUptime: (filter) => findUptime(database, filter),
  };
}
