import { type EpochMs, later } from '../../facts/time.ts';
import type { Matcher, PresentSilence, Silence } from './alertmanager.ts';

/** The alerts of a server are to be silent. */
export interface WantedSilence {
  readonly server: string;
  /** Why, for the people who see it in Alertmanager. */
  readonly comment: string;
  /** When the reason ends; absent if that is not known yet. */
  readonly untilMs?: EpochMs;
}

export interface SilencePlan {
  /** `id`: the present one that it replaces. */
  readonly save: readonly { readonly silence: Silence; readonly id?: string }[];
  /** Ids. */
  readonly expire: readonly string[];
}

export interface SilenceCircumstances {
  readonly nowMs: EpochMs;
  /** Labels that Prometheus adds to the metrics of this exporter. */
  readonly targetLabels: Readonly<Record<string, string>>;
  /** How long a silence outlasts its reason. */
  readonly marginMs: number;
  readonly isConfigured: (server: string) => boolean;
}

/** Marks the silences that may be changed and expired here; those of people are left alone. */
const CREATED_BY = 'mcp-exporter';
/** A silence whose end is not known lasts this long, and is renewed at half of it: it ends soon after the exporter does. */
const LEASE_MS = 60 * 60_000;
const TOLERANCE_MS = 1_000;

/** Compares the silences that are wanted with those that Alertmanager has, so that nothing has to be remembered here. */
export function planSilences(
  wanted: readonly WantedSilence[],
  present: readonly PresentSilence[],
  circumstances: SilenceCircumstances,
): SilencePlan {
  const { nowMs, marginMs } = circumstances;
  const own = ownSilences(present, circumstances);
  const save = wanted.flatMap(({ server, comment, untilMs }) => {
    const [kept] = own.get(server) ?? [];
    const endsAtMs = later(untilMs ?? later(nowMs, LEASE_MS), marginMs);
    if (kept && isGoodEnough(kept, { comment, endsAtMs, isLease: untilMs === undefined }))
      return [];
    const matchers = matchersOf(server, circumstances);
    const startsAtMs = kept?.startsAtMs ?? nowMs;
    const silence = { matchers, startsAtMs, endsAtMs, createdBy: CREATED_BY, comment };
    return [{ silence, ...(kept && { id: kept.id }) }];
  });
  const names = new Set(wanted.map(({ server }) => server));
  const expire = [...own].flatMap(([server, silences]) =>
    silences
      .filter((_silence, index) => !names.has(server) || index > 0)
      // One whose time was known has only its margin left.
      .filter(({ endsAtMs }) => endsAtMs > later(nowMs, marginMs + TOLERANCE_MS))
      .map(({ id }) => id),
  );
  return { save, expire };
}

function isGoodEnough(
  kept: PresentSilence,
  wanted: { readonly comment: string; readonly endsAtMs: EpochMs; readonly isLease: boolean },
): boolean {
  if (kept.comment !== wanted.comment) return false;
  const missingMs = wanted.endsAtMs - kept.endsAtMs;
  return wanted.isLease ? Math.abs(missingMs) < LEASE_MS / 2 : Math.abs(missingMs) < TOLERANCE_MS;
}

/** Those that were made here, by server, the longest first. */
function ownSilences(
  present: readonly PresentSilence[],
  circumstances: SilenceCircumstances,
): ReadonlyMap<string, readonly PresentSilence[]> {
  const own = present
    .filter(({ createdBy }) => createdBy === CREATED_BY)
    .map((silence) => ({ silence, server: serverOf(silence) }))
    .filter(
      ({ silence, server }) =>
        circumstances.isConfigured(server) &&
        printMatchers(silence.matchers) === printMatchers(matchersOf(server, circumstances)),
    )
    .toSorted((a, b) => b.silence.endsAtMs - a.silence.endsAtMs);
  return new Map(
    [...Map.groupBy(own, ({ server }) => server)].map(([server, items]) => [
      server,
      items.map(({ silence }) => silence),
    ]),
  );
}

function serverOf({ matchers }: Silence): string {
  return matchers.find(({ name }) => name === 'server')?.value ?? '';
}

function matchersOf(
  server: string,
  { targetLabels }: Pick<SilenceCircumstances, 'targetLabels'>,
): readonly Matcher[] {
  return equalMatchers({ component: 'mcp', ...targetLabels, server });
}

/** Every label must have its value. */
function equalMatchers(labels: Readonly<Record<string, string>>): readonly Matcher[] {
  return Object.entries(labels).map(([name, value]) => ({
    name,
    value,
    isRegex: false,
    isEqual: true,
  }));
}

function printMatchers(matchers: readonly Matcher[]): string {
  return JSON.stringify(
    matchers.map(({ name, value, isRegex, isEqual }) => [name, value, isRegex, isEqual]).toSorted(),
  );
}
