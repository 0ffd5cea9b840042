import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { FAILED_OUTCOMES } from '../../../src/facts/call-outcome.ts';
import { allRoutes, createContext } from '../../../src/sinks/web/create-http-app.ts';
import { lintExpression } from '../../rules/support/lint-expression.ts';
import {
  alertRules,
  knownSeries,
  readGroups,
  recordingRules,
} from '../../rules/support/rule-files.ts';
import { fakeHttpDeps } from '../sinks/web/fake-http-deps.ts';

// Goal: whoever is paged finds a section whose queries and requests work. Method: reads the page as they would.

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const RUNBOOK = readFileSync(`${ROOT}docs/runbook.md`, 'utf8');
const GROUPS = readGroups();
const KNOWN = knownSeries(recordingRules(GROUPS));
const ALERTS = [...new Set(alertRules(GROUPS).map(({ alert }) => alert))];

interface Section {
  readonly name: string;
  readonly text: string;
  readonly queries: readonly string[];
  readonly requests: readonly string[];
}

function readSections(page: string): Section[] {
  return page
    .split(/^### /m)
    .slice(1)
    .map((part) => {
      const [name = '', ...lines] = part.split(/^## /m)[0]?.split('\n') ?? [];
      const text = lines.join('\n');
      return { name, text, queries: blocksOf(text, 'promql'), requests: requestsOf(text) };
    });
}

function blocksOf(text: string, language: string): string[] {
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].flatMap(([, kind, body]) =>
    kind === language && body !== undefined ? [body.trim()] : [],
  );
}

/** `GET http://host:port/path` of each curl. */
function requestsOf(text: string): string[] {
  return blocksOf(text, 'sh')
    .flatMap((block) => block.split('\n'))
    .filter((line) => line.startsWith('curl '))
    .map((line) => {
      const url = /http:\/\/[^\s']+/.exec(line)?.[0] ?? '';
      return `${/-X (\w+)/.exec(line)?.[1] ?? 'GET'} ${url}`;
    });
}

/** What Prometheus and Alertmanager answer to. */
const FOREIGN_ROUTES: Readonly<Record<string, readonly string[]>> = {
  'localhost:9090': [
    '/api/v1/targets',
    '/api/v1/rules',
    '/api/v1/alertmanagers',
    '/api/v1/status/config',
  ],
  'localhost:9093': ['/-/ready', '/api/v2/status'],
};

function isServed(request: string, routes: readonly string[]): boolean {
  const url = URL.parse(request.split(' ')[1] ?? '');
  if (!url) return false;
  const known = url.host === 'localhost:19110' ? routes : (FOREIGN_ROUTES[url.host] ?? []);
  return known.some((route) =>
    new RegExp(`^${route.replaceAll(/:\w+/g, '[^/]+')}$`).test(url.pathname),
  );
}

const SECTIONS = readSections(RUNBOOK);
const ROUTES = allRoutes(createContext(fakeHttpDeps().deps, undefined)).map(({ path }) => path);

test('every alert has a section, and every section an alert', () => {
  expect(ALERTS.length).toBeGreaterThan(40);
  expect(SECTIONS.map(({ name }) => name).toSorted()).toEqual(ALERTS.toSorted());
});

test.each(SECTIONS.map((section) => [section.name, section] as const))(
  'the section of %s has the meaning, queries, requests and instructions',
  (_name, { text, queries, requests }) => {
    const [meaning = '', ...rest] = text.trim().split('\n\n');
    expect(meaning).toMatch(/^[A-Z1].*\.$/s);
    expect(queries.length).toBeGreaterThan(0);
    expect(requests.length).toBeGreaterThan(0);
    expect(rest.at(-1), 'what to do comes last').not.toContain('```');
  },
);

test.each(SECTIONS.flatMap(({ name, queries }) => queries.map((query) => [name, query])))(
  'the section of %s queries existing series: %s',
  (_name, query) => {
    const options = { known: KNOWN, mayDrop: ['job', 'gateway', 'server'] };
    expect(lintExpression(query, options)).toEqual([]);
  },
);

test.each(SECTIONS.flatMap(({ name, requests }) => requests.map((request) => [name, request])))(
  'the section of %s sends requests to existing routes: %s',
  (_name, request) => {
    expect(isServed(request, ROUTES)).toBe(true);
  },
);

test('the query for failed requests names every failed outcome', () => {
  expect(RUNBOOK).toContain(`outcome=~"${FAILED_OUTCOMES.join('|')}"`);
});

test('links within the page lead to a section', () => {
  const links = [...RUNBOOK.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor);
  const anchors = SECTIONS.map(({ name }) => name.toLowerCase());
  expect(links.length).toBeGreaterThan(10);
  expect(links.filter((link) => !anchors.includes(link ?? ''))).toEqual([]);
});

test('an unknown path, an invalid query and a missing section are found', () => {
  expect(ROUTES.length).toBeGreaterThan(10);
  expect(isServed('GET http://localhost:19110/api/v1/mcp/server/x', ROUTES)).toBe(false);
  expect(isServed('GET http://localhost:9090/api/v1/nothing', ROUTES)).toBe(false);
  const [section] = readSections(
    '## Part\n\n### One\n\n```promql\nmcp_upp\n```\n\n## Two\n### Three\n',
  );
  expect(section).toMatchObject({ name: 'One', queries: ['mcp_upp'] });
  expect(lintExpression('mcp_upp', { known: KNOWN })).not.toEqual([]);
});
