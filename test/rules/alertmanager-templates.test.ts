import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { isMissing, runProgram } from './support/programs.ts';

// Goal: a subject names what it is about, and a mail of many can be looked through. Method: amtool renders the shipped
// templates from the data of a notification.

const hasNoAmtool = isMissing('amtool');
const TEMPLATES = fileURLToPath(new URL('../../alertmanager/templates/*.tmpl', import.meta.url));

type Labels = Readonly<Record<string, string>>;

interface Told {
  readonly labels: Labels;
  readonly isOver?: boolean;
  readonly value?: string;
}

const ANNOTATIONS = {
  summary: 'An MCP server is offline',
  runbook_url: 'https://docs.test/runbook.md#mcpserveroffline',
};

function offline(server: string, isOver = false): Told {
  return { labels: { alertname: 'McpServerOffline', severity: 'critical', server }, isOver };
}

function shared(all: readonly Labels[]): Labels {
  const [first = {}, ...rest] = all;
  return Object.fromEntries(
    Object.entries(first).filter(([name, value]) => rest.every((each) => each[name] === value)),
  );
}

function render(
  name: string,
  told: readonly Told[],
  annotations: Readonly<Record<string, string>> = {},
): string {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-exporter-template-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const data = {
    receiver: 'critical',
    status: told.every(({ isOver }) => isOver) ? 'resolved' : 'firing',
    alerts: told.map(({ labels, isOver = false, value }) => ({
      status: isOver ? 'resolved' : 'firing',
      labels,
      annotations: {
        ...ANNOTATIONS,
        ...annotations,
        description: `${labels['server'] ?? 'it'} does not answer.`,
        ...(value === undefined ? {} : { value }),
      },
      startsAt: '2026-07-01T03:00:00.123Z',
      endsAt: isOver ? '2026-07-01T03:04:20.5Z' : '0001-01-01T00:00:00Z',
      generatorURL: 'http://prometheus.test/graph',
    })),
    groupLabels: {},
    commonLabels: shared(told.map(({ labels }) => labels)),
    commonAnnotations: ANNOTATIONS,
    externalURL: 'http://alertmanager.test',
  };
  const file = join(folder, 'data.json');
  writeFileSync(file, JSON.stringify(data));
  const text = `{{ template "${name}" . }}`;
  const args = [`--template.glob=${TEMPLATES}`, `--template.data=${file}`];
  const { status, text: said } = runProgram('amtool', [
    'template',
    'render',
    ...args,
    `--template.text=${text}`,
  ]);
  expect([status, said]).toEqual([0, expect.not.stringMatching(/no value|%!|<nil>|NaN|0001/)]);
  return said.trim();
}

const burn = (server: string, slo: string): Told => ({
  labels: { alertname: 'McpErrorBudgetBurn', severity: 'warning', server, slo },
});
const memory = (instance: string): Told => ({
  labels: { alertname: 'HighMemoryUsage', severity: 'warning', instance },
});

test.skipIf(hasNoAmtool).each<[subject: string, told: readonly Told[]]>([
  ['[FIRING:1] McpServerOffline on a (critical)', [offline('a')]],
  ['[RESOLVED] McpServerOffline on a (critical)', [offline('a', true)]],
  ['[FIRING:2] McpServerOffline on 2 servers (critical)', [offline('a'), offline('b')]],
  ['[FIRING:1] McpServerOffline on a, 1 resolved (critical)', [offline('b', true), offline('a')]],
  ['[RESOLVED] McpServerOffline on 2 servers (critical)', [offline('a', true), offline('b', true)]],
  [
    '[FIRING:2] McpErrorBudgetBurn on a (warning)',
    [burn('a', 'latency'), burn('a', 'availability')],
  ],
  [
    '[FIRING:3] McpErrorBudgetBurn on several servers (warning)',
    [burn('a', 'latency'), burn('a', 'availability'), burn('b', 'latency')],
  ],
  ['[FIRING:2] HighMemoryUsage (warning)', [memory('a:1'), memory('b:1')]],
  ['[FIRING:2] 2 alerts', [offline('a'), memory('b:1')]],
])('the subject of %s', (subject, told) => {
  expect(render('mcp.title', told)).toBe(subject);
});

test.skipIf(hasNoAmtool).each<[value: string, isSaid: boolean]>([
  ['0.0834', true],
  ['12', true],
  ['10', true],
  ['1', false],
  ['0', false],
])('the value %s of an alert is said where it says more than the summary', (value, isSaid) => {
  const told = [{ ...offline('a'), value }];
  expect(render('mcp.text', told).includes(`Value: ${value}\n`)).toBe(isSaid);
  expect(render('mcp.slack', told).includes(`, value ${value}`)).toBe(isSaid);
  expect(render('mcp.html', told).includes(`value ${value}`)).toBe(isSaid);
});

test.skipIf(hasNoAmtool)('a mail describes a resolved alert in the past', () => {
  expect(render('mcp.text', [offline('a', true)])).toContain(
    [
      'RESOLVED: McpServerOffline on a, critical',
      'Over after 4m20s: An MCP server is offline',
      'Last known: a does not answer.',
      'Since: 2026-07-01 03:00:00 UTC',
      'Until: 2026-07-01 03:04:20 UTC',
    ].join('\n'),
  );
  expect(render('mcp.html', [offline('a', true)])).toMatch(
    /Over: An MCP server is offline<[^]+Over after 4m20s\.[^]+Last known: a does not answer\./,
  );
});

test.skipIf(hasNoAmtool)(
  'the runbook of a shipped alert is the one that the exporter serves',
  () => {
    const RUNBOOK =
      'https://github.com/mcp-exporter/mcp-exporter/blob/main/docs/runbook.md#mcpserveroffline';
    const served = 'http://localhost:19110/docs/runbook#mcpserveroffline';
    const told = [offline('a')];
    expect(render('mcp.runbook', told, { runbook_url: RUNBOOK })).toBe(served);
    expect(render('mcp.text', told, { runbook_url: RUNBOOK })).toContain(`What to do: ${served}\n`);
    expect(render('mcp.slack', told, { runbook_url: RUNBOOK })).toContain(`<${served}|What to do>`);
    expect(render('mcp.html', told, { runbook_url: RUNBOOK })).toContain(`<a href="${served}" `);
  },
);

test.skipIf(hasNoAmtool)('many alerts are a list below their common details', () => {
  const fleet = [0, 1, 2, 3, 4, 5].map((n) => offline(`server-${n}`, n === 2));
  const text = render('mcp.text', fleet);
  expect(text.split('\n').slice(0, 5)).toEqual([
    'An MCP server is offline: 5 firing, 1 resolved, critical',
    `What to do: ${ANNOTATIONS.runbook_url}`,
    '',
    'FIRING: server-0 does not answer.',
    'Since: 2026-07-01 03:00:00 UTC',
  ]);
  expect(text).toContain('RESOLVED: server-2 does not answer.\nOver after 4m20s. Since:');
  expect(text.split(ANNOTATIONS.runbook_url)).toHaveLength(2);
  const html = render('mcp.html', fleet);
  expect(html).toContain('5 firing, 1 resolved');
  expect(html.split(ANNOTATIONS.runbook_url)).toHaveLength(2);
  for (const { labels } of fleet) expect(html).toContain(`<b>${labels['server']}</b>`);
  expect(text).toContain('History: http://localhost:19110/alerts');
});
