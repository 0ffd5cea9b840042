import type { KnownSeries } from '../../../rules/support/known-series.ts';
import { linksOf, panelsOf, type Dashboard, type Panel } from './dashboard.ts';
import { labelsOfPanel, valueFields } from './lint-fields.ts';
import { promqlOf } from './lint-queries.ts';
import { labelsOfQuery } from './query.ts';

/** Pages by the end of their address, with the variables that each takes. */
export type Site = ReadonlyMap<string, ReadonlySet<string>>;

/** Pages that the exporter serves. */
const EXPORTER_PATHS = [/^\/?$/, /^\/servers\/[^/]+(?:\/log)?$/, /^\/alerts$/, /^\/docs$/];

export function siteOf(dashboards: readonly Dashboard[]): Site {
  return new Map(
    dashboards.map(({ uid, templating }) => [
      uid,
      new Set(templating.list.map(({ name }) => name)),
    ]),
  );
}

export function lintLinks(dashboard: Dashboard, site: Site, known: KnownSeries): string[] {
  return [
    ...(dashboard.links ?? [])
      .filter(({ type }) => type === 'link')
      .flatMap(({ title, url = '' }) => lintUrl(url, site).map((text) => `${title}: ${text}`)),
    ...panelsOf(dashboard).flatMap((panel) =>
      lintLinksOfPanel(panel, site, known).map((finding) => `${panel.title}: ${finding}`),
    ),
  ];
}

function lintLinksOfPanel(panel: Panel, site: Site, known: KnownSeries): string[] {
  const links = linksOf(panel);
  const written = [...(panel.options?.content ?? '').matchAll(/\]\(([^)]+)\)/g)];
  const urls = [...links.map(({ url = '' }) => url), ...written.map(([, url = '']) => url)];
  return [
    ...links.filter(({ title }) => !title).map(({ url }) => `a link without a title to ${url}`),
    ...urls.flatMap((url) => lintUrl(url, site)),
    ...links.flatMap(({ title = '', url = '' }) => lintParts(`${title} ${url}`, panel, known)),
  ];
}

/** Whether a page is there and takes what it is given. */
export function lintUrl(url: string, site: Site): string[] {
  const exporter = /^\$\{exporter\}([^?#]*)/.exec(url);
  if (exporter) {
    const [, path = ''] = exporter;
    return EXPORTER_PATHS.some((known) => known.test(path))
      ? []
      : [`the exporter has no page ${path}`];
  }
  const [, uid = '', query = ''] = /^\/d\/([\w-]+)(?:\?(.*))?$/.exec(url) ?? [];
  const variables = site.get(uid);
  if (!variables) return [`no page at ${url}`];
  const given = [...query.matchAll(/var-(\w+)=|\$\{(\w+):queryparam\}/g)];
  return given
    .map(([, own, passedOn]) => own ?? passedOn ?? '')
    .filter((name) => !variables.has(name))
    .map((name) => `${uid} has no variable ${name}`);
}

/** Labels and columns that a link is made of. */
function lintParts(text: string, panel: Panel, known: KnownSeries): string[] {
  const fields = [...text.matchAll(/__data\.fields(?:\.(\w+)|\["([^"]+)"\])/g)].map(
    ([, plain, quoted]) => plain ?? quoted ?? '',
  );
  const labels = [...text.matchAll(/__field\.labels\.(\w+)/g)].map(([, label = '']) => label);
  const isTable = panel.type === 'table';
  const excluded = (panel.transformations ?? []).flatMap(({ options }) =>
    Object.entries(options?.excludeByName ?? {}).flatMap(([name, isOut]) => (isOut ? name : [])),
  );
  const columns = [...valueFields(panel), ...labelsOfPanel(panel, known)].filter(
    (name) => !excluded.includes(name),
  );
  return [
    ...(isTable ? labels.map((label) => `a row has no label ${label}, but a field`) : []),
    ...fields
      .filter((field) => !isTable || !columns.includes(field))
      .map((field) => `no field ${field} to make a link of`),
    ...(isTable ? [] : promqlOf(panel)).flatMap(({ refId, expr }) => {
      const there = labelsOfQuery(expr, known);
      return labels
        .filter((label) => !there.has(label))
        .map((label) => `${refId} has no label ${label} to make a link of`);
    }),
  ];
}
