import { expect, test } from 'vitest';
import { type RecurringTime, WEEKDAYS } from '../../../../src/facts/maintenance.ts';
import {
  findOccurrence,
  isMonthRange,
  isTimeZone,
  parseDays,
  parseLocalTime,
} from '../../../../src/facts/rules/maintenance-time.ts';
import { describeTime } from '../../../../src/facts/rules/maintenance-text.ts';
import { asEpochMs } from '../../../../src/facts/time.ts';

const at = (text: string) => asEpochMs(Date.parse(text));

function recurring(changes: Partial<RecurringTime>): RecurringTime {
  return {
    kind: 'recurring',
    days: WEEKDAYS,
    from: '02:00',
    to: '04:00',
    timeZone: 'UTC',
    ...changes,
  };
}

/** `FROM – TO` in UTC, or `never`. */
function shown(time: Parameters<typeof findOccurrence>[0], now: string): string {
  const found = findOccurrence(time, at(now));
  if (!found) return 'never';
  const print = (ms: number) => new Date(ms).toISOString().replace(':00.000Z', 'Z');
  return `${print(found.startsAtMs)} – ${print(found.endsAtMs)}`;
}

const BERLIN = { timeZone: 'Europe/Berlin' };

test.each<[string, Partial<RecurringTime>, string, string]>([
  ['before it begins', {}, '2026-06-01T01:59:59Z', '2026-06-01T02:00Z – 2026-06-01T04:00Z'],
  ['while it lasts', {}, '2026-06-01T03:59:59.999Z', '2026-06-01T02:00Z – 2026-06-01T04:00Z'],
  ['when it is over', {}, '2026-06-01T04:00:00Z', '2026-06-02T02:00Z – 2026-06-02T04:00Z'],
  [
    'in another time zone',
    { ...BERLIN },
    '2026-06-01T04:00:00Z',
    '2026-06-02T00:00Z – 2026-06-02T02:00Z',
  ],
  [
    'on the next of its days',
    { days: ['sunday'] },
    '2026-06-01T00:00:00Z',
    '2026-06-07T02:00Z – 2026-06-07T04:00Z',
  ],
  [
    'across midnight, in the evening',
    { days: ['friday'], from: '22:00', to: '02:00' },
    '2026-06-05T23:00:00Z',
    '2026-06-05T22:00Z – 2026-06-06T02:00Z',
  ],
  [
    'across midnight, in the morning after its day',
    { days: ['friday'], from: '22:00', to: '02:00' },
    '2026-06-06T01:59:00Z',
    '2026-06-05T22:00Z – 2026-06-06T02:00Z',
  ],
  [
    'across midnight, a week later',
    { days: ['friday'], from: '22:00', to: '02:00' },
    '2026-06-06T02:00:00Z',
    '2026-06-12T22:00Z – 2026-06-13T02:00Z',
  ],
  [
    'across midnight of a zone whose date is another',
    { days: ['saturday'], from: '23:00', to: '01:00', timeZone: 'Pacific/Auckland' },
    '2026-06-06T12:30:00Z',
    '2026-06-06T11:00Z – 2026-06-06T13:00Z',
  ],
  [
    'a weekend as one',
    { days: ['saturday', 'sunday'], from: '00:00', to: '24:00' },
    '2026-06-06T12:00:00Z',
    '2026-06-06T00:00Z – 2026-06-08T00:00Z',
  ],
  [
    'on the second Tuesday',
    { days: ['tuesday'], daysOfMonth: ['8:14'] },
    '2026-06-10T00:00:00Z',
    '2026-07-14T02:00Z – 2026-07-14T04:00Z',
  ],
  [
    'on the last day of a short month',
    { daysOfMonth: ['-1'] },
    '2027-02-01T00:00:00Z',
    '2027-02-28T02:00Z – 2027-02-28T04:00Z',
  ],
  [
    'on the last Sunday',
    { days: ['sunday'], daysOfMonth: ['-7:-1'] },
    '2026-06-01T00:00:00Z',
    '2026-06-28T02:00Z – 2026-06-28T04:00Z',
  ],
  [
    'on the day 31, which some months lack',
    { daysOfMonth: ['31'] },
    '2026-06-01T00:00:00Z',
    '2026-07-31T02:00Z – 2026-07-31T04:00Z',
  ],
  // Berlin: 2026-03-29 02:00 becomes 03:00, 2026-10-25 03:00 becomes 02:00.
  [
    'the day before clocks go forward',
    { ...BERLIN, from: '01:30', to: '03:30' },
    '2026-03-28T00:00:00Z',
    '2026-03-28T00:30Z – 2026-03-28T02:30Z',
  ],
  [
    'shorter when clocks go forward within it',
    { ...BERLIN, from: '01:30', to: '03:30' },
    '2026-03-29T00:00:00Z',
    '2026-03-29T00:30Z – 2026-03-29T01:30Z',
  ],
  [
    'an hour later when its hours are left out',
    { ...BERLIN, from: '02:10', to: '02:50' },
    '2026-03-29T00:00:00Z',
    '2026-03-29T01:10Z – 2026-03-29T01:50Z',
  ],
  [
    'longer when clocks go back within it',
    { ...BERLIN, from: '01:30', to: '03:30' },
    '2026-10-24T22:00:00Z',
    '2026-10-24T23:30Z – 2026-10-25T02:30Z',
  ],
  [
    'with an hour that comes twice both times',
    { ...BERLIN, from: '02:00', to: '02:30' },
    '2026-10-24T22:00:00Z',
    '2026-10-25T00:00Z – 2026-10-25T01:30Z',
  ],
  [
    'as before after clocks went back',
    { ...BERLIN },
    '2026-10-25T12:00:00Z',
    '2026-10-26T01:00Z – 2026-10-26T03:00Z',
  ],
  // Lord Howe Island: half an hour, 2026-10-04 02:00 becomes 02:30.
  [
    'where clocks go forward by half an hour',
    { timeZone: 'Australia/Lord_Howe', from: '01:00', to: '03:00' },
    '2026-10-03T13:00:00Z',
    '2026-10-03T14:30Z – 2026-10-03T16:00Z',
  ],
])('a recurring window is found %s', (_case, changes, now, expected) => {
  expect(shown(recurring(changes), now)).toBe(expected);
});

test('a window that occurs once is found until it ends', () => {
  const time = {
    kind: 'once',
    startsAtMs: at('2026-06-01T10:00:00Z'),
    endsAtMs: at('2026-06-01T12:00:00Z'),
  } as const;
  const expected = '2026-06-01T10:00Z – 2026-06-01T12:00Z';
  expect(shown(time, '2026-01-01T00:00:00Z')).toBe(expected);
  expect(shown(time, '2026-06-01T11:59:59Z')).toBe(expected);
  expect(shown(time, '2026-06-01T12:00:00Z')).toBe('never');
});

test('every day round the clock is active at any moment, with an end ahead', () => {
  const time = recurring({ from: '00:00', to: '24:00', ...BERLIN });
  for (
    let ms = at('2026-03-27T00:00:00Z');
    ms < at('2026-04-02T00:00:00Z');
    ms = asEpochMs(ms + 3_601_000)
  ) {
    const found = findOccurrence(time, ms);
    expect(found?.startsAtMs).toBeLessThanOrEqual(ms);
    expect(found?.endsAtMs).toBeGreaterThan(ms);
  }
});

test.each([
  ['sunday', ['sunday']],
  ['friday:monday', ['friday', 'saturday', 'sunday', 'monday']],
  ['sunday:saturday', [...WEEKDAYS]],
  ['Sunday', undefined],
  ['monday:', undefined],
  ['monday:tuesday:friday', undefined],
])('the days %s are %j', (text, days) => {
  expect(parseDays(text)).toEqual(days);
});

test.each([
  ['1', true],
  ['8:14', true],
  ['-7:-1', true],
  ['20:-1', true],
  ['0', false],
  ['32', false],
  ['14:8', false],
  ['-1:-7', false],
  ['1:', false],
  ['first', false],
])('%s is a range of days of the month: %s', (text, expected) => {
  expect(isMonthRange(text)).toBe(expected);
});

test.each([
  ['2026-12-01T22:00', 'Europe/Berlin', 'first', '2026-12-01T21:00:00.000Z'],
  ['2026-12-01 22:00:00', 'UTC', 'last', '2026-12-01T22:00:00.000Z'],
  ['2026-10-25T02:30', 'Europe/Berlin', 'first', '2026-10-25T00:30:00.000Z'],
  ['2026-10-25T02:30', 'Europe/Berlin', 'last', '2026-10-25T01:30:00.000Z'],
  ['2026-03-29T02:30', 'Europe/Berlin', 'first', '2026-03-29T01:30:00.000Z'],
] as const)('%s in %s (%s) is %s', (text, zone, which, expected) => {
  expect(new Date(parseLocalTime(text, zone, which) ?? 0).toISOString()).toBe(expected);
});

test.each(['', 'now', '2026-12-01', '2026-13-01T10:00', '2026-12-01T24:00', '2026-12-01T10:60'])(
  'the date and time %j is refused',
  (text) => {
    expect(parseLocalTime(text, 'UTC', 'first')).toBeUndefined();
  },
);

test.each([
  ['UTC', true],
  ['Europe/Kyiv', true],
  ['Europe/Berlyn', false],
  ['', false],
  ['__proto__', false],
])('%j is a time zone: %s', (name, expected) => {
  expect(isTimeZone(name)).toBe(expected);
});

test('a time is described for people', () => {
  const once = {
    kind: 'once',
    startsAtMs: at('2026-12-01T22:00:00Z'),
    endsAtMs: at('2026-12-02T02:00:00Z'),
  } as const;
  expect(describeTime(once)).toBe('2026-12-01 22:00 to 2026-12-02 02:00 UTC');
  expect(describeTime(recurring({}))).toBe('every day, 02:00 to 04:00 UTC');
  expect(
    describeTime(recurring({ days: ['tuesday', 'monday'], daysOfMonth: ['8:14'], ...BERLIN })),
  ).toBe('monday, tuesday on days 8:14 of the month, 02:00 to 04:00 Europe/Berlin');
});
