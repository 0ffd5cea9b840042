import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { PAGES } from '../../../../tools/dashboards/links.ts';
import { PAGES_OF_ALERTS } from '../../../../tools/dashboards/signals/alerts.ts';
import {
  alertRules,
  knownSeries,
  readGroups,
  recordingRules,
} from '../../../rules/support/rule-files.ts';
import { readDashboards } from './support/dashboard.ts';
import { lintDashboard } from './support/lint-dashboard.ts';
import { lintUrl, siteOf } from './support/lint-links.ts';

const GROUPS = readGroups();
const KNOWN = knownSeries(recordingRules(GROUPS));
const COMMITTED = readDashboards();
const DOCS = readFileSync(new URL('../../../../docs/dashboards.md', import.meta.url), 'utf8');
const SITE = siteOf(COMMITTED.map(({ dashboard }) => dashboard));

test.each(COMMITTED.map(({ file, dashboard }) => [file, dashboard] as const))(
  'nothing is wrong with %s',
  (_file, dashboard) => {
    expect(lintDashboard(dashboard, SITE, KNOWN)).toEqual([]);
  },
);

test('every page that has a name is there', () => {
  expect(COMMITTED.map(({ dashboard }) => dashboard.uid)).toEqual(Object.keys(PAGES).toSorted());
});

test('a page has the name of its file, and a title of its own', () => {
  const titles: Readonly<Record<string, string>> = PAGES;
  for (const { file, dashboard } of COMMITTED) {
    expect(file).toBe(`${dashboard.uid}.json`);
    expect(dashboard.title).toBe(titles[dashboard.uid]);
  }
  expect(new Set(Object.values(PAGES)).size).toBe(Object.keys(PAGES).length);
});

test.each(COMMITTED.map(({ file, dashboard }) => [file, dashboard] as const))(
  'the documentation tells the question that %s answers',
  (file, { description }) => {
    const row = DOCS.split('\n').find((line) => line.includes(`grafana/dashboards/${file})`));
    expect(row?.split('|')[2]?.trim()).toBe(description);
  },
);

test.each(
  alertRules(GROUPS).map(({ alert, annotations }) => [alert, annotations['dashboard_url']]),
)('the alert %s leads to a page that there is, with what it takes: %s', (_alert, url = '') => {
  expect(lintUrl(url, SITE)).toEqual([]);
});

test.each(
  alertRules(GROUPS).map(({ alert, annotations }) => [alert, annotations['dashboard_url']]),
)('a click on the alert %s leads to the page of its notification: %s', (alert, url = '') => {
  const usual = url.includes('var-server=') ? 'mcp-server' : 'mcp-overview';
  const own = PAGES_OF_ALERTS.find(([, names]) => new RegExp(`^(?:${names})$`).test(alert))?.[0];
  expect(url.split(/[/?]/)[2]).toBe(own ?? usual);
});
