import { styleText } from 'node:util';
import {
  CAPABILITY_KINDS,
  type CapabilityKind,
  type CapabilitySnapshot,
} from '../facts/capability-snapshot.ts';
import type { CheckReport, CheckStep, ServerIdentity } from '../facts/check-report.ts';
import type { Status } from '../facts/rules/health.ts';
import { endpointLabel, type ServerSpec } from '../facts/server.ts';
import { stripControls } from './strip-controls.ts';

/** What a probe found and what it means. */
export interface ProbeVerdict {
  readonly server: ServerSpec;
  readonly reports: readonly CheckReport[];
  readonly status: Status;
  readonly reason: string;
  /** What the user can do about it. */
  readonly hint?: string | undefined;
}

export interface ProbeFormat {
  readonly hasColours: boolean;
  readonly nowMs: number;
}

type Colour = 'bold' | 'dim' | 'green' | 'yellow' | 'red';
type Paint = (colour: Colour, text: string) => string;

const TITLES: Readonly<Record<CheckReport['kind'], string>> = {
  steady: 'Reach it',
  deep: 'Look inside, in a fresh session',
};
const KIND_NAMES: Readonly<Record<CapabilityKind, string>> = {
  tools: 'tools',
  prompts: 'prompts',
  resources: 'resources',
  resource_templates: 'templates',
};
const COLOUR_OF_STATUS: Readonly<Record<Status, Colour>> = {
  healthy: 'green',
  warning: 'yellow',
  critical: 'red',
  offline: 'red',
  disabled: 'dim',
  unknown: 'dim',
};
const NAMES_CHARS_MAX = 90;
const DAY_MS = 86_400_000;

/** The result of a probe for a person: each step with its duration, the server's identity and capabilities, and the verdict. */
export function formatProbe(verdict: ProbeVerdict, { hasColours, nowMs }: ProbeFormat): string {
  const { server, reports, status, reason, hint } = verdict;
  const paint: Paint = (colour, text) =>
    hasColours ? styleText(colour, text, { validateStream: false }) : text;
  const blocks = [
    formatTitle(server, paint),
    ...reports.map((report) => formatReport(report, paint)),
    formatFacts(reports, nowMs, paint),
    `${paint(COLOUR_OF_STATUS[status], capitalise(status))}: ${stripControls(reason)}${hint === undefined ? '' : `\n${stripControls(hint)}`}`,
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

function formatTitle(server: ServerSpec, paint: Paint): string {
  const { name } = server;
  const endpoint = endpointLabel(server);
  const title = paint('bold', stripControls(name));
  return endpoint === name ? title : `${title}  ${paint('dim', stripControls(endpoint))}`;
}

function formatReport(
  { kind, steps, outcome, detail, durationMs }: CheckReport,
  paint: Paint,
): string {
  const width = Math.max(0, ...steps.map(({ name }) => stripControls(name).length));
  const lines = steps.map((step) => formatStep(step, width, failedMark(outcome, paint), paint));
  // If a check failed before its first step, or was aborted, only the report has the reason.
  if (outcome !== 'ok' && steps.every(({ ok }) => ok))
    lines.push(`  ${paint('red', '✗')} ${stripControls(detail)}`);
  return [
    `${TITLES[kind]}  ${paint('dim', formatMs(durationMs))}`,
    ...lines,
    ...(outcome === 'ok' ? [] : [`    ${paint('dim', `outcome: ${outcome}`)}`]),
  ].join('\n');
}

/** A failed step in a successful check is not a fault, for example the handshake of the other era. */
function failedMark(outcome: CheckReport['outcome'], paint: Paint): string {
  return outcome === 'ok' ? paint('dim', '–') : paint('red', '✗');
}

function formatStep(
  { name, durationMs, ok, detail }: CheckStep,
  width: number,
  failed: string,
  paint: Paint,
): string {
  const mark = ok ? paint('green', '✓') : failed;
  const time = paint('dim', formatMs(durationMs).padStart(8));
  return `  ${mark} ${stripControls(name).padEnd(width)}  ${time}  ${stripControls(detail)}`.trimEnd();
}

function formatFacts(reports: readonly CheckReport[], nowMs: number, paint: Paint): string {
  const identity = reports.findLast((report) => report.identity)?.identity;
  const snapshot = reports.findLast((report) => report.snapshot)?.snapshot;
  const expiresAtMs = reports.findLast((report) => report.tlsExpiresAtMs)?.tlsExpiresAtMs;
  const rows = [
    ...(identity ? identityRows(identity) : []),
    ...(snapshot ? capabilityRows(snapshot) : []),
    ...(expiresAtMs === undefined ? [] : [certificateRow(expiresAtMs, nowMs)]),
  ];
  return rows
    .map(([title, text]) => `  ${paint('dim', title.padEnd(11))}  ${stripControls(text)}`)
    .join('\n');
}

type TitledText = readonly [title: string, text: string];

function identityRows({
  implementation,
  version,
  protocolVersion,
  era,
  transport,
}: ServerIdentity): TitledText[] {
  return [
    ['server', `${implementation} ${version}`],
    ['protocol', `${protocolVersion} (${era}) over ${transport}`],
  ];
}

function capabilityRows({ lists }: CapabilitySnapshot): TitledText[] {
  return CAPABILITY_KINDS.flatMap((kind) => {
    const definitions = lists[kind]?.definitions;
    if (!definitions) return [];
    const names = joinNames(definitions.map(({ name }) => name));
    return [[KIND_NAMES[kind], `${definitions.length}${names && `: ${names}`}`] as const];
  });
}

/** As many as fit on one line, but at least one. */
function joinNames(names: readonly string[]): string {
  let text = '';
  for (const [index, name] of names.entries()) {
    const longer = index === 0 ? name : `${text}, ${name}`;
    if (index > 0 && longer.length > NAMES_CHARS_MAX)
      return `${text}, and ${names.length - index} more`;
    text = longer;
  }
  return text;
}

function certificateRow(expiresAtMs: number, nowMs: number): TitledText {
  const days = Math.floor((expiresAtMs - nowMs) / DAY_MS);
  const date = new Date(expiresAtMs).toISOString().slice(0, 10);
  return ['certificate', days < 0 ? `expired on ${date}` : `expires in ${days} days, on ${date}`];
}

function formatMs(durationMs: number): string {
  if (durationMs >= 10_000) return `${(durationMs / 1_000).toFixed(1)} s`;
  return `${durationMs.toFixed(durationMs < 10 ? 1 : 0)} ms`;
}

function capitalise(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
