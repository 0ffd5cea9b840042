import type { KnownSeries } from '../../../../rules/support/known-series.ts';
import { type Dashboard, isOfWeeks, linksOf, type Panel, panelsOf } from './dashboard.ts';
import { labelsOfPanel, valueFields } from './lint-fields.ts';
import { promqlOf } from './lint-queries.ts';
import { labelsOfQuery } from './query.ts';

interface PageOfSite {
  readonly variables: ReadonlySet<string>;
  readonly isOfWeeks: boolean;
}

/** Pages by the end of their address. */
export type Site = ReadonlyMap<string, PageOfSite>;

/** Which part of the fleet is looked at: a click must not lose it. */
const FILTERS = ['gateway', 'server'];

/** Pages that the exporter serves. */
const EXPORTER_PATHS = [
  /^\/?$/,
  /^\/servers\/[^/]+(?:\/log)?$/,
  /^\/(?:alerts|audit|docs|errors)$/,
];

export function siteOf(dashboards: readonly Dashboard[]): Site {
  return new Map(dashboards.map((dashboard) => [dashboard.uid, pageOf(dashboard)]));
}

function pageOf(dashboard: Dashboard): PageOfSite {
  return {
    variables: new Set(dashboard.templating.list.map(({ name }) => name)),
    isOfWeeks: isOfWeeks(dashboard),
  };
}

export function lintLinks(dashboard: Dashboard, site: Site, known: KnownSeries): string[] {
  return [
    ...(dashboard.links ?? [])
      .filter(({ type }) => type === 'link')
      .flatMap(({ title, url = '' }) => lintUrl(url, site).map((text) => `${title}: ${text}`)),
    ...panelsOf(dashboard).flatMap((panel) =>
      lintLinksOfPanel(panel, pageOf(dashboard), site, known).map(
        (finding) => `${panel.title}: ${finding}`,
      ),
    ),
  ];
}

function lintLinksOfPanel(
  panel: Panel,
  page: PageOfSite,
  site: Site,
  known: KnownSeries,
): string[] {
  const links = linksOf(panel);
  const content = panel.options?.content ?? '';
  const written = [...content.matchAll(/\]\(([^)]+)\)|<a href="([^"]+)"/g)].map(
    ([, markdown, html]) => markdown ?? html ?? '',
  );
  const urls = [...links.map(({ url = '' }) => url), ...written];
  return [
    ...links.filter(({ title }) => !title).map(({ url }) => `a link without a title to ${url}`),
    ...urls.flatMap((url) => [...lintUrl(url, site), ...lintCarried(url, page, site)]),
    ...[...content.matchAll(/\]\(\$\{exporter\}([^)]*)\)/g)].map(
      ([, path]) => `the way to the exporter's page ${path} leaves Grafana`,
    ),
    ...links.flatMap(({ url = '' }) => lintEncoding(url)),
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
  const { uid, query } = partsOf(url);
  if (isToldByRow(url)) return [];
  const page = site.get(uid);
  if (!page) return [`no page at ${url}`];
  return given(query)
    .filter((name) => !page.variables.has(name))
    .map((name) => `${uid} has no variable ${name}`);
}

/** Whether the filters of the page go along, and the time where it suits both. */
function lintCarried(url: string, from: PageOfSite, site: Site): string[] {
  const { uid, query } = partsOf(url);
  const to = site.get(uid);
  if (!to) return [];
  const carried = given(query);
  const isTimeKept = query.includes('${__url_time_range}');
  const isTimeSet = /\b(?:from|time)=/.test(query);
  return [
    ...FILTERS.filter((name) => from.variables.has(name) && to.variables.has(name))
      .filter((name) => !carried.includes(name))
      .map((name) => `the way to ${uid} loses ${name}`),
    ...(isTimeKept || isTimeSet ? [] : [`the way to ${uid} loses the time`]),
    ...(isTimeKept && from.isOfWeeks !== to.isOfWeeks
      ? [`${uid} cannot use the time of this page`]
      : []),
  ];
}

/** What a row or a line is about says itself on which page it is; a label is checked as any other. */
function isToldByRow(url: string): boolean {
  return /^\/d\/\$\{__(?:data\.fields|field\.labels)\.page\}\?/.test(url);
}

function partsOf(url: string): { uid: string; query: string } {
  const [, uid = '', query = ''] = /^\/d\/([\w-]+)(?:\?(.*))?$/.exec(url) ?? [];
  return { uid, query };
}

/** Variables that an address has values for. */
function given(query: string): string[] {
  return [...query.matchAll(/var-(\w+)=|\$\{(\w+):queryparam\}/g)].map(
    ([, own, passedOn]) => own ?? passedOn ?? '',
  );
}

/** Else a server named "R&D" would lead to one named "R". */
function lintEncoding(url: string): string[] {
  return [...url.matchAll(/\$\{(__(?:data\.fields|field\.labels)\.\w+)\}/g)]
    .map(([, part = '']) => part)
    .filter((part) => !part.endsWith('.page'))
    .map((part) => `${part} is not encoded`);
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
