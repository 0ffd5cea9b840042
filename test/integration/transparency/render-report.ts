import type { Lane } from './lanes.ts';
import type { Verdict } from './judge-lanes.ts';
import type { Scenario } from './scenario.ts';

const HEAD = `<!-- Written by test/integration/transparency; do not edit. -->

What official clients, and the servers that they call, observe through the gateway, compared with a direct connection of the same
client to the same server.
"=": equal; a name: different, as docs/transparency.md lists under this name; "–": not applicable.
The columns are server SDK / client SDK, on a route client transport → server transport.
`;

/** Scenario × route and client. Nothing in it depends on time. */
export function renderReport(
  lanes: readonly Lane[],
  scenarios: readonly Scenario[],
  verdictOf: (lane: Lane, scenario: Scenario) => Verdict,
): string {
  const titles = lanes.map(({ route, server, client, era }) => {
    const revision = era === 'modern' ? '2026-07-28' : '2025-11-25';
    return `${route.name}, ${server}/${client}, ${revision}`;
  });
  const reasons = new Map<string, Set<string>>();
  const rows = scenarios.map((scenario) => {
    const cells = lanes.map((lane) => {
      const verdict = verdictOf(lane, scenario);
      if (verdict.kind !== 'not_applicable') return renderVerdict(verdict);
      const names = reasons.get(verdict.reason) ?? new Set();
      reasons.set(verdict.reason, names.add(scenario.name));
      return '–';
    });
    return row([scenario.name, ...cells]);
  });
  const table = [row(['scenario', ...titles]), row(['---', ...titles.map(() => '---')]), ...rows];
  const why = [...reasons].map(([reason, names]) => `- ${reason}: ${[...names].join('; ')}`);
  return `${HEAD}\n${table.join('\n')}\n\n## Not applicable\n\n${why.join('\n')}\n`;
}

function renderVerdict(verdict: Exclude<Verdict, { kind: 'not_applicable' }>): string {
  if (verdict.kind === 'equal') return '=';
  return verdict.kind === 'listed' ? verdict.names.join(', ') : 'DIFFERENT';
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
