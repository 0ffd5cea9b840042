import { type EpochMs, later } from '../../facts/time.ts';
import type { Matcher, PresentSilence, Silence } from './alertmanager.ts';

/** The alerts of a server, or of all, are to be silent. */
export interface WantedSilence {
  /** Absent: every configured one, by one silence. */
  readonly server?: string;
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
  /** The configured ones. */
  readonly servers: ReadonlySet<string>;
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
    const matchers = matchersOf(server, circumstances);
    const isLease = untilMs === undefined;
    if (kept && isGoodEnough(kept, { matchers, comment, endsAtMs, isLease })) return [];
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
  wanted: Pick<Silence, 'matchers' | 'comment' | 'endsAtMs'> & { readonly isLease: boolean },
): boolean {
  if (kept.comment !== wanted.comment) return false;
  // The one for all names the servers that are configured.
  if (printMatchers(kept.matchers) !== printMatchers(wanted.matchers)) return false;
  const missingMs = wanted.endsAtMs - kept.endsAtMs;
  return wanted.isLease ? Math.abs(missingMs) < LEASE_MS / 2 : Math.abs(missingMs) < TOLERANCE_MS;
}

/** Those that were made here, by server, the longest first; that for all under `undefined`. */
function ownSilences(
  present: readonly PresentSilence[],
  circumstances: SilenceCircumstances,
): ReadonlyMap<string | undefined, readonly PresentSilence[]> {
  const own = present
    .filter(({ createdBy }) => createdBy === CREATED_BY)
    .flatMap((silence) => {
      const scope = scopeOf(silence, circumstances);
      return scope ? [{ silence, ...scope }] : [];
    })
    .toSorted((a, b) => b.silence.endsAtMs - a.silence.endsAtMs);
  return new Map(
    [...Map.groupBy(own, ({ server }) => server)].map(([server, items]) => [
      server,
      items.map(({ silence }) => silence),
    ]),
  );
}

/** What a silence of this exporter is for; `undefined` if it is none. */
function scopeOf(
  { matchers }: Silence,
  circumstances: SilenceCircumstances,
): { readonly server: string | undefined } | undefined {
  const { value = '', isRegex = false } = matchers.find(({ name }) => name === 'server') ?? {};
  const names = isRegex ? namesOf(value) : [value];
  // The servers of others have other names, or else other `targetLabels`.
  if (!names.some((name) => circumstances.servers.has(name))) return undefined;
  const expected = isRegex
    ? matchersOf(undefined, { ...circumstances, servers: new Set(names) })
    : matchersOf(value, circumstances);
  if (printMatchers(matchers) !== printMatchers(expected)) return undefined;
  return { server: isRegex ? undefined : value };
}

function matchersOf(
  server: string | undefined,
  { targetLabels, servers }: Pick<SilenceCircumstances, 'targetLabels' | 'servers'>,
): readonly Matcher[] {
  const common = equalMatchers({ component: 'mcp', ...targetLabels });
  if (server !== undefined) return [...common, ...equalMatchers({ server })];
  // Not just any name: other exporters may use the same Alertmanager.
  const value = [...servers].toSorted().map(escape).join('|');
  return [...common, { name: 'server', value, isRegex: true, isEqual: true }];
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

/** For RE2, in which every punctuation character may be escaped. */
function escape(name: string): string {
  return name.replaceAll(/[!-/:-@[-^`{-~]/g, String.raw`\$&`);
}

/** The names of which {@link matchersOf} made a regular expression. */
function namesOf(value: string): string[] {
  const names = value.match(/(?:\\.|[^\\|])+/gsu) ?? [];
  return names.map((name) => name.replaceAll(/\\(.)/gsu, '$1'));
}

function printMatchers(matchers: readonly Matcher[]): string {
  return JSON.stringify(
    matchers.map(({ name, value, isRegex, isEqual }) => [name, value, isRegex, isEqual]).toSorted(),
  );
}
