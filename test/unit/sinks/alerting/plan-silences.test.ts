import { expect, test } from 'vitest';
import { asEpochMs, later } from '../../../../src/facts/time.ts';
import type { PresentSilence } from '../../../../src/sinks/alerting/alertmanager.ts';
import { planSilences, type WantedSilence } from '../../../../src/sinks/alerting/plan-silences.ts';

const NOW = asEpochMs(Date.UTC(2026, 10, 28, 12));
const MINUTE_MS = 60_000;
const MARGIN_MS = 12 * MINUTE_MS;
const HOUR_MS = 60 * MINUTE_MS;

function planAt(
  nowMs: typeof NOW,
  wanted: readonly WantedSilence[],
  present: readonly PresentSilence[],
) {
  return planSilences(wanted, present, {
    nowMs,
    marginMs: MARGIN_MS,
    targetLabels: { gateway: 'default' },
    isConfigured: (server) => server !== 'elsewhere',
  });
}

/** What Alertmanager has once a plan was carried out. */
function presentAfter(plan: ReturnType<typeof planSilences>): PresentSilence[] {
  return plan.save.map(({ silence }, index) => ({ ...silence, id: `s${index}` }));
}

const FOR_AN_HOUR: WantedSilence = {
  server: 'files',
  comment: 'files: disabled by ann',
  untilMs: later(NOW, HOUR_MS),
};
const WITHOUT_END: WantedSilence = { server: 'files', comment: 'files: disabled by ann' };

test('a silence matches the labels of the alerts and outlasts its reason by the margin', () => {
  const { save, expire } = planAt(NOW, [FOR_AN_HOUR], []);
  expect(expire).toEqual([]);
  expect(save).toEqual([
    {
      silence: {
        matchers: [
          { name: 'component', value: 'mcp', isRegex: false, isEqual: true },
          { name: 'gateway', value: 'default', isRegex: false, isEqual: true },
          { name: 'server', value: 'files', isRegex: false, isEqual: true },
        ],
        startsAtMs: NOW,
        endsAtMs: later(NOW, HOUR_MS + MARGIN_MS),
        createdBy: 'mcp-exporter',
        comment: 'files: disabled by ann',
      },
    },
  ]);
});

test('what is there is not set again, and another end replaces it', () => {
  const present = presentAfter(planAt(NOW, [FOR_AN_HOUR], []));
  const soon = later(NOW, MINUTE_MS);
  expect(planAt(soon, [FOR_AN_HOUR], present)).toEqual({ save: [], expire: [] });
  const longer = { ...FOR_AN_HOUR, untilMs: later(NOW, 2 * HOUR_MS) };
  expect(planAt(soon, [longer], present)).toMatchObject({
    save: [{ id: 's0', silence: { startsAtMs: NOW, endsAtMs: NOW + 2 * HOUR_MS + MARGIN_MS } }],
    expire: [],
  });
});

test('a silence without an end is renewed when half of it has passed', () => {
  const present = presentAfter(planAt(NOW, [WITHOUT_END], []));
  expect(planAt(later(NOW, 29 * MINUTE_MS), [WITHOUT_END], present).save).toEqual([]);
  expect(planAt(later(NOW, 31 * MINUTE_MS), [WITHOUT_END], present).save).toMatchObject([
    { id: 's0', silence: { endsAtMs: NOW + 91 * MINUTE_MS + MARGIN_MS } },
  ]);
});

test.each([
  ['enabled early', FOR_AN_HOUR, 30 * MINUTE_MS, ['s0']],
  ['enabled by somebody', WITHOUT_END, 30 * MINUTE_MS, ['s0']],
  ['enabled at its end, which leaves the margin', FOR_AN_HOUR, HOUR_MS, []],
])('the silence of a server that is %s', (_case, wanted, afterMs, expired) => {
  const present = presentAfter(planAt(NOW, [wanted], []));
  expect(planAt(later(NOW, afterMs), [], present)).toEqual({ save: [], expire: expired });
});

test('silences of people, of other exporters and of other servers are left alone', () => {
  const [own] = presentAfter(planAt(NOW, [FOR_AN_HOUR], []));
  if (own === undefined) throw new Error('nothing was planned');
  const { matchers } = own;
  const present: PresentSilence[] = [
    { ...own, createdBy: 'ann' },
    { ...own, matchers: matchers.slice(0, 2) },
    { ...own, matchers: matchers.map((each) => ({ ...each, value: `${each.value}2` })) },
    {
      ...own,
      matchers: matchers.map((each) =>
        each.name === 'server' ? { ...each, value: 'elsewhere' } : each,
      ),
    },
  ];
  expect(planAt(NOW, [], present)).toEqual({ save: [], expire: [] });
});

test('of two silences for the same server the shorter one is expired', () => {
  const [own] = presentAfter(planAt(NOW, [FOR_AN_HOUR], []));
  if (own === undefined) throw new Error('nothing was planned');
  const shorter = { ...own, id: 's1', endsAtMs: later(NOW, 30 * MINUTE_MS) };
  expect(planAt(NOW, [FOR_AN_HOUR], [shorter, own])).toEqual({ save: [], expire: ['s1'] });
});
