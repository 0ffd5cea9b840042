import { EXPECTED_DIFFERENCES } from './expected-differences.ts';
import { type Attempts, CLIENTS, type Row } from './try-server.ts';

const HEAD = `<!-- Written by test/differential; do not edit. -->

✓: the client lists the tools; ✗: it does not. Three checks and a deep check of the prober come first, and again after
the server has lost what the description says. "Gateway": the same clients through the gateway.

| server | what is odd | era | ${CLIENTS.join(' | ')} | prober | gateway ${CLIENTS.join(' | gateway ')} |
| --- | --- | --- | ${CLIENTS.map(() => '---').join(' | ')} | --- | ${CLIENTS.map(() => '---').join(' | ')} |
`;

/** The table of a part of the corpus, with the expected differences and their reasons. Nothing in it depends on time. */
export function renderTable(rows: readonly Row[]): string {
  const names = new Set(rows.map(({ odd }) => odd.name));
  const differences = EXPECTED_DIFFERENCES.map((group) => ({
    ...group,
    servers: group.servers.filter((server) => names.has(server)),
  })).filter(({ servers }) => servers.length > 0);
  const reasons = differences.map(
    ({ column, reason, servers }) => `- ${column}: ${reason} (${servers.join(', ')})`,
  );
  const list = reasons.length === 0 ? 'None.' : reasons.join('\n');
  return `${HEAD}${rows.map(renderRow).join('\n')}\n\n## Differences\n\n${list}\n`;
}

export function renderRow({ odd, direct, prober, gateway }: Row): string {
  const statuses = prober.statuses.join(' → ');
  const verdict =
    prober.statuses.at(-1) === 'healthy'
      ? statuses
      : `${statuses}: ${withoutNumbers(prober.reason)}`;
  const cells = [odd.name, odd.what, odd.era, ...marks(direct), verdict, ...marks(gateway)];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replace(/\s+/g, ' ')).join(' | ')} |`;
}

function marks(attempts: Attempts): readonly string[] {
  return CLIENTS.map((name) => (attempts[name].outcome === 'lists' ? '✓' : '✗'));
}

/** Addresses and durations differ from run to run. */
function withoutNumbers(reason: string): string {
  return reason
    .replace(/127\.0\.0\.1:\d+/g, 'HOST')
    .replace(/\b\d+(?:\.\d+)? m?s\b/g, 'N s')
    .replace(/ It is not started again for another N s\./, '');
}
