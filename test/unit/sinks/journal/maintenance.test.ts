import { expect, test } from 'vitest';
import type { MaintenanceWindow } from '../../../../src/facts/maintenance.ts';
import { asEpochMs } from '../../../../src/facts/time.ts';
import { openInFolder } from './open-in-folder.ts';

const ONCE: MaintenanceWindow = {
  id: 'a1',
  source: 'api',
  servers: ['files', 'ünï "quoted"'],
  time: { kind: 'once', startsAtMs: asEpochMs(1_000), endsAtMs: asEpochMs(2_000) },
  by: 'ann, via 127.0.0.1',
  reason: 'new disk',
};
const RECURRING: MaintenanceWindow = {
  id: 'b2',
  source: 'api',
  time: {
    kind: 'recurring',
    days: ['sunday', 'tuesday'],
    daysOfMonth: ['8:14'],
    from: '22:00',
    to: '02:00',
    timeZone: 'Europe/Berlin',
  },
  by: 'bob',
  reason: '',
};

test('maintenance windows survive closing, and only those that are removed are gone', () => {
  const { database, path } = openInFolder();
  database.addMaintenance(RECURRING);
  database.addMaintenance(ONCE);
  database.addMaintenance({ ...ONCE, id: 'c3' });
  database.removeMaintenance(['c3', 'never there']);
  database.close();

  const { database: again } = openInFolder({}, path);
  expect(again.findMaintenance(null)).toEqual([ONCE, RECURRING]);
  again.removeMaintenance(['a1', 'b2']);
  expect(again.findMaintenance(null)).toEqual([]);
});
