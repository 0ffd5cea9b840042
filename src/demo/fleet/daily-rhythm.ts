export type Rhythm = 'office' | 'always' | 'night';

/** Share of its peak for each hour of the day, UTC. */
const HOURS: Readonly<Record<Rhythm, readonly number[]>> = {
  office: [
    0.04, 0.03, 0.03, 0.03, 0.04, 0.08, 0.2, 0.45, 0.75, 0.95, 1, 0.9, 0.6, 0.8, 0.95, 0.9, 0.7,
    0.45, 0.3, 0.22, 0.18, 0.12, 0.08, 0.05,
  ],
  always: [
    0.55, 0.5, 0.48, 0.48, 0.5, 0.55, 0.65, 0.75, 0.85, 0.92, 0.96, 1, 1, 1, 0.98, 0.95, 0.92, 0.9,
    0.88, 0.85, 0.8, 0.75, 0.68, 0.6,
  ],
  night: [
    0.4, 1, 1, 0.9, 0.6, 0.2, 0.05, 0.03, 0.03, 0.03, 0.03, 0.03, 0.03, 0.03, 0.03, 0.03, 0.03,
    0.03, 0.03, 0.03, 0.05, 0.05, 0.1, 0.2,
  ],
};
const WEEKEND_SHARE: Readonly<Record<Rhythm, number>> = { office: 0.3, always: 0.8, night: 1 };
/** Whoever looks in the middle of the night still sees something. */
const SHARE_MIN = 0.1;

/**
 * How busy somebody with this rhythm is at that time, without steps between the hours.
 * @returns 0.1 to 1
 */
export function activityAt(rhythm: Rhythm, at: Date): number {
  const hours = HOURS[rhythm];
  const hour = at.getUTCHours();
  const now = hours[hour] ?? 1;
  const next = hours[(hour + 1) % hours.length] ?? 1;
  const share = now + ((next - now) * at.getUTCMinutes()) / 60;
  const isWeekend = at.getUTCDay() % 6 === 0;
  return Math.max(SHARE_MIN, share * (isWeekend ? WEEKEND_SHARE[rhythm] : 1));
}
