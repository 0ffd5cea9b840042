import type { Journal } from './create-journal.ts';

/** The journal if the configuration disables it. */
export function noJournal(): Journal {
  const refuse = () => Promise.reject(new Error('the journal is off'));
  return {
    isOff: true,
    start: async () => undefined,
    state: () => ({ status: 'off', detail: 'journal.path is off: nothing is kept' }),
    record: () => () => undefined,
    saveAlerts: refuse,
    saveNote: refuse,
    findAlerts: refuse,
    findServerLog: refuse,
    chartChecks: refuse,
    findCalls: refuse,
    summarizeCalls: refuse,
    chartCalls: refuse,
    findErrors: refuse,
    findDefinitionChanges: refuse,
    findMarkers: refuse,
    findActions: refuse,
    findUptime: refuse,
    saveMarker: refuse,
    findDisablings: refuse,
    saveDisablings: refuse,
    findMaintenance: refuse,
    addMaintenance: refuse,
    removeMaintenance: refuse,
    noteWatchdog: () => undefined,
    watchdogAtMs: () => undefined,
    stats: () => undefined,
    dropped: () => 0,
    writeErrors: () => 0,
    close: async () => undefined,
  };
}
