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
  servers: readonly string[] = ['files', 'search'],
) {
  return planSilences(wanted, present, {
    nowMs,
    marginMs: MARGIN_MS,
    targetLabels: { gateway: 'default' },
    servers: new Set(servers),
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

const FOR_ALL: WantedSilence = {
  comment: 'all servers: maintenance by ann',
  untilMs: later(NOW, HOUR_MS),
};

test('one silence for all matches the names of the configured servers alone', () => {
  const odd = ['a|b', 'docs.v2', 'ünï ☃', String.raw`back\slash`, '(x)*[y]'];
  const { save } = planAt(NOW, [FOR_ALL], [], odd);
  expect(save).toHaveLength(1);
  const matchers = save[0]?.silence.matchers ?? [];
  expect(matchers.slice(0, 2)).toMatchObject([{ name: 'component' }, { name: 'gateway' }]);
  const value = matchers[2]?.value ?? '';
  expect(matchers[2]).toEqual({ name: 'server', value, isRegex: true, isEqual: true });
  // As Alertmanager does it.
  const anchored = new RegExp(`^(?:${value})$`);
  for (const name of odd) expect(name).toMatch(anchored);
  for (const name of ['a', 'b', 'docs-v2', 'files', '']) expect(name).not.toMatch(anchored);
  const present = presentAfter({ save, expire: [] });
  expect(planAt(NOW, [FOR_ALL], present, odd)).toEqual({ save: [], expire: [] });
  expect(planAt(NOW, [], present, odd)).toEqual({ save: [], expire: ['s0'] });
});

test('the silence for all follows the servers, and is beside those of single servers', () => {
  const present = presentAfter(planAt(NOW, [FOR_ALL, WITHOUT_END], []));
  expect(present).toHaveLength(2);
  expect(planAt(NOW, [FOR_ALL, WITHOUT_END], present)).toEqual({ save: [], expire: [] });
  const more = ['docs', 'files', 'search'];
  const plan = planAt(NOW, [FOR_ALL, WITHOUT_END], present, more);
  expect(plan).toMatchObject({
    save: [{ id: 's0', silence: { matchers: [{}, {}, { value: 'docs|files|search' }] } }],
    expire: [],
  });
  expect(planAt(NOW, [WITHOUT_END], present, more)).toEqual({ save: [], expire: ['s0'] });
});

test('the silence for all of another exporter is left alone', () => {
  const present = presentAfter(planAt(NOW, [FOR_ALL], [], ['theirs', 'elsewhere']));
  expect(planAt(NOW, [FOR_ALL], present).save).toMatchObject([
    { silence: { matchers: [{}, {}, { value: 'files|search' }] } },
  ]);
  expect(planAt(NOW, [], present)).toEqual({ save: [], expire: [] });
});
