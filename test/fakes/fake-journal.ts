import type { JournalViews } from '../../src/facts/ports/views.ts';
import type { JournalRows } from '../../src/sinks/journal/messages.ts';

/** Of a journal that holds nothing. */
export const NO_ROWS: JournalRows = {
  checks: 0,
  status_changes: 0,
  alerts: 0,
  actions: 0,
  calls: 0,
  errors: 0,
  definition_changes: 0,
  markers: 0,
};

/** A journal that works and holds nothing, or what a test changes. */
export function fakeJournal(changes: Partial<JournalViews> = {}): JournalViews {
  const nothing = async () => ({ entries: [], total: 0 });
  return {
    state: () => ({ status: 'ok', detail: 'data/journal.sqlite' }),
    findServerLog: nothing,
    chartChecks: async () => [],
    findCalls: async () => ({ entries: [], total: 0, isTotalExact: true }),
    summarizeCalls: async () => [],
    chartCalls: async () => [],
    findErrors: async () => ({ groups: [], total: 0 }),
    findDefinitionChanges: nothing,
    findMarkers: nothing,
    findActions: nothing,
    findUptime: async () => [],
    ...changes,
  };
}
