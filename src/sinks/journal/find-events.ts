import type { DatabaseSync } from 'node:sqlite';
import { ACTION_KINDS } from '../../facts/alert-event.ts';
import { CAPABILITY_KINDS, DEFINITION_CHANGES } from '../../facts/capability-snapshot.ts';
import {
  type ActionFilter,
  type ActionLogEntry,
  type DefinitionEntry,
  type DefinitionFilter,
  type EventFilter,
  type EventPage,
  EVENTS_COUNTED_MAX,
  MARKER_KINDS,
  type MarkerEntry,
  type MarkerFilter,
} from '../../facts/event-log.ts';
import {
  addChoice,
  addCondition,
  addSearch,
  type Conditions,
  noConditions,
  readPage,
} from './page-query.ts';
import { epochOf, knownNumber, numberOf, type Row, textOf } from './rows.ts';

export function findDefinitionChanges(
  database: DatabaseSync,
  filter: DefinitionFilter,
): EventPage<DefinitionEntry> {
  const conditions = noConditions();
  addCondition(conditions, 'server = ?', filter.server);
  addChoice(conditions, 'kind', filter.kinds);
  addChoice(conditions, 'change', filter.changes);
  addSearch(conditions, ['name', 'difference'], filter.search);
  return findEvents(database, 'definition_changes', conditions, filter, (row) => ({
    id: numberOf(row, 'id'),
    atMs: epochOf(row, 'at_ms'),
    server: textOf(row, 'server'),
    kind: knownOf(CAPABILITY_KINDS, row, 'kind', 'tools'),
    change: knownOf(DEFINITION_CHANGES, row, 'change', 'changed'),
    name: textOf(row, 'name'),
    difference: textOf(row, 'difference'),
  }));
}

export function findMarkers(database: DatabaseSync, filter: MarkerFilter): EventPage<MarkerEntry> {
  const conditions = noConditions();
  addCondition(conditions, '(server IS NULL OR server = ?)', filter.server);
  addChoice(conditions, 'kind', filter.kinds);
  addSearch(conditions, ['text', 'by'], filter.search);
  return findEvents(database, 'markers', conditions, filter, (row) => ({
    id: numberOf(row, 'id'),
    atMs: epochOf(row, 'at_ms'),
    kind: knownOf(MARKER_KINDS, row, 'kind', 'note'),
    ...(row['server'] !== null && { server: textOf(row, 'server') }),
    by: textOf(row, 'by'),
    text: textOf(row, 'text'),
  }));
}

export function findActions(
  database: DatabaseSync,
  filter: ActionFilter,
): EventPage<ActionLogEntry> {
  const conditions = noConditions();
  addCondition(conditions, 'server = ?', filter.server);
  addChoice(conditions, 'kind', filter.kinds);
  addSearch(conditions, ['text', 'by', 'server'], filter.search);
  return findEvents(database, 'actions', conditions, filter, (row) => {
    const alertId = knownNumber(row, 'alert_id');
    return {
      id: numberOf(row, 'id'),
      atMs: epochOf(row, 'at_ms'),
      kind: knownOf(ACTION_KINDS, row, 'kind', 'note'),
      server: textOf(row, 'server'),
      ...(alertId !== undefined && { alertId }),
      by: textOf(row, 'by'),
      text: textOf(row, 'text'),
      ...(row['until_ms'] !== null && { untilMs: epochOf(row, 'until_ms') }),
    };
  });
}

function findEvents<Entry>(
  database: DatabaseSync,
  table: string,
  conditions: Conditions,
  { fromMs, toMs, cursor, limit }: EventFilter,
  toEntry: (row: Row) => Entry,
): EventPage<Entry> {
  addCondition(conditions, 'at_ms >= ?', fromMs);
  addCondition(conditions, 'at_ms <= ?', toMs);
  const countedMax = EVENTS_COUNTED_MAX;
  const { rows, ...page } = readPage(database, table, conditions, { cursor, limit, countedMax });
  return { entries: rows.map(toEntry), ...page };
}

/** A value of a closed list, whatever another version may have written. */
function knownOf<Value extends string>(
  values: readonly Value[],
  row: Row,
  column: string,
  fallback: Value,
): Value {
  const text = textOf(row, column);
  return values.find((value) => value === text) ?? fallback;
}
