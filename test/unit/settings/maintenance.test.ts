import { expect, test } from 'vitest';
import { configOf } from './load-text.ts';

const SERVERS = `mcpServers:
  search: { url: 'http://127.0.0.1:1/mcp' }
`;

test('windows of the configuration have their times, servers and names', async () => {
  const { maintenance } = await configOf(`${SERVERS}maintenance:
  - { name: move, servers: [search], reason: New disk, start: 2026-12-01T22:00:00+01:00, duration: 2h }
  - { name: short, start: 2026-12-01T22:00:00Z, until: 2026-12-01T22:30:00Z }
  - name: patches
    recurring: { days: [tuesday, saturday:sunday], daysOfMonth: [1, '8:14'], from: 22:00, to: 02:00, timeZone: Europe/Berlin }
  - { name: nightly, servers: all, recurring: { from: '00:00', to: '24:00' } }
`);
  const by = 'the configuration';
  const source = 'config';
  expect(maintenance).toEqual([
    {
      id: 'move',
      source,
      servers: ['search'],
      time: {
        kind: 'once',
        startsAtMs: Date.UTC(2026, 11, 1, 21),
        endsAtMs: Date.UTC(2026, 11, 1, 23),
      },
      by,
      reason: 'New disk',
    },
    {
      id: 'short',
      source,
      time: {
        kind: 'once',
        startsAtMs: Date.UTC(2026, 11, 1, 22),
        endsAtMs: Date.UTC(2026, 11, 1, 22, 30),
      },
      by,
      reason: '',
    },
    {
      id: 'patches',
      source,
      time: {
        kind: 'recurring',
        days: ['sunday', 'tuesday', 'saturday'],
        daysOfMonth: ['1', '8:14'],
        from: '22:00',
        to: '02:00',
        timeZone: 'Europe/Berlin',
      },
      by,
      reason: '',
    },
    {
      id: 'nightly',
      source,
      time: {
        kind: 'recurring',
        days: ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'],
        from: '00:00',
        to: '24:00',
        timeZone: 'UTC',
      },
      by,
      reason: '',
    },
  ]);
});

test('without the key there are no windows', async () => {
  expect((await configOf(SERVERS)).maintenance).toEqual([]);
});
