import { buildPage, type Page } from './page.ts';
import { alertsPage } from './pages/alerts.ts';
import { capacity } from './pages/capacity.ts';
import { compare } from './pages/compare.ts';
import { costPage } from './pages/cost.ts';
import { errorsPage } from './pages/errors.ts';
import { meta } from './pages/meta.ts';
import { overview } from './pages/overview.ts';
import { security } from './pages/security.ts';
import { server } from './pages/server.ts';
import { slo } from './pages/slo.ts';
import { system } from './pages/system.ts';
import { tools } from './pages/tools.ts';
import { usage } from './pages/usage.ts';

const ALL_PAGES: readonly Page[] = [
  overview,
  server,
  compare,
  errorsPage,
  tools,
  usage,
  capacity,
  costPage,
  alertsPage,
  slo,
  security,
  system,
  meta,
];

/** Path → text of every dashboard, with the keys in a stable order. */
export function renderDashboards(): Readonly<Record<string, () => string>> {
  return Object.fromEntries(
    ALL_PAGES.map((page) => [
      `grafana/dashboards/${page.uid}.json`,
      () => `${JSON.stringify(sortKeys(buildPage(page)), undefined, 2)}\n`,
    ]),
  );
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sortKeys(inner)]),
  );
}
