import { expect, test } from 'vitest';
import { knownSeries, readGroups, recordingRules } from '../../../rules/support/rule-files.ts';
import type { Dashboard, Override, Panel, Target, Variable } from './support/dashboard.ts';
import { lintDashboard } from './support/lint-dashboard.ts';
import { lintUrl, siteOf } from './support/lint-links.ts';

const KNOWN = knownSeries(recordingRules(readGroups()));
const SOURCE = { type: 'prometheus', uid: '${datasource}' };
const SERVER = 'mcp_server_status_code{job=~"$job",gateway=~"$gateway",server=~"$server"}';
const REQUESTS = 'mcp_requests_total{job=~"$job",gateway=~"$gateway",server=~"$server"}';

const VARIABLES: readonly Variable[] = [
  { name: 'datasource', type: 'datasource', label: 'Prometheus', query: 'prometheus' },
  labelVariable('job', 'label_values(mcp_exporter_build_info, job)'),
  labelVariable('gateway', 'label_values(mcp_exporter_build_info{job=~"$job"}, gateway)'),
  labelVariable('server', `label_values(${SERVER.replace(',server=~"$server"', '')}, server)`),
  { name: 'exporter', type: 'textbox', label: 'Exporter', query: 'http://localhost' },
];

function labelVariable(name: string, query: string): Variable {
  const all = { multi: true, includeAll: true, allValue: '.*' };
  return { name, label: name, type: 'query', query, datasource: SOURCE, refresh: 2, ...all };
}

function ask(expr: string, more: Partial<Target> = {}): Target {
  return { refId: 'A', expr, legendFormat: '{{server}}', datasource: SOURCE, ...more };
}

const CHART: Panel = {
  id: 1,
  type: 'timeseries',
  title: 'Chart',
  description: 'What it shows.',
  pluginVersion: '12.4.0',
  gridPos: { x: 0, y: 0, w: 12, h: 8 },
  datasource: SOURCE,
  targets: [ask(`sum by (gateway, server) (rate(${REQUESTS}[$__rate_interval]))`)],
  options: { showValue: 'never' },
  fieldConfig: {
    defaults: {
      unit: 'reqps',
      links: [
        {
          title: 'Details of ${__field.labels.server}',
          url: '/d/page?${job:queryparam}&${gateway:queryparam}&${__url_time_range}&var-server=${__field.labels.server:percentencode}',
        },
      ],
    },
  },
};

const TABLE: Panel = {
  ...CHART,
  id: 2,
  type: 'table',
  title: 'Table',
  gridPos: { x: 12, y: 0, w: 12, h: 8 },
  targets: [ask(`max by (gateway, server) (${SERVER})`, { instant: true })],
  transformations: [
    { id: 'merge' },
    {
      id: 'organize',
      options: {
        excludeByName: { Time: true, gateway: true },
        renameByName: { server: 'Server', Value: 'Status' },
      },
    },
  ],
  options: { sortBy: [{ displayName: 'Status' }] },
  fieldConfig: {
    defaults: { unit: 'none' },
    overrides: [
      about('Server', 'links', [
        { title: 'Check', url: '${exporter}/servers/${__data.fields.server:percentencode}' },
      ]),
      about('Status', 'mappings', [
        { type: 'value', options: { 0: { text: 'Healthy', color: 'green' } } },
      ]),
    ],
  },
};

const HEADLINE: Panel = {
  ...CHART,
  id: 3,
  type: 'stat',
  title: 'Headline',
  gridPos: { x: 0, y: 8, w: 3, h: 4 },
  options: { textMode: 'value' },
  targets: [
    ask('count(mcp_server_status_code{job=~"$job",gateway=~"$gateway"})', {
      instant: true,
      legendFormat: 'Servers',
    }),
  ],
  fieldConfig: { defaults: { unit: 'short' } },
};

function about(name: string, id: string, value: unknown): Override {
  return { matcher: { id: 'byName', options: name }, properties: [{ id, value }] };
}

const CHANGES = `mcp_marker_timestamp_seconds{job=~"$job",gateway=~"$gateway"} * 1000`;

const GOOD: Dashboard = {
  uid: 'page',
  title: 'A page',
  description: 'Is all well?',
  schemaVersion: 42,
  editable: false,
  graphTooltip: 1,
  refresh: '30s',
  tags: ['mcp', 'live'],
  time: { from: 'now-6h', to: 'now' },
  links: [{ type: 'link', title: 'Exporter', url: '${exporter}' }],
  templating: { list: VARIABLES },
  annotations: {
    list: [
      {
        name: 'Changes',
        datasource: SOURCE,
        expr: CHANGES,
        target: { expr: CHANGES },
        titleFormat: '{{kind}}',
      },
    ],
  },
  panels: [HEADLINE, CHART, TABLE],
};

/** A page of weeks, which one of hours may lead to. */
const LONG: Dashboard = { ...GOOD, uid: 'weeks', time: { from: 'now-30d', to: 'now' } };

const SITE = siteOf([GOOD, LONG]);

test('nothing is wrong with a good page', () => {
  expect(lintDashboard(GOOD, SITE, KNOWN)).toEqual([]);
});

function page(more: Partial<Dashboard>): Dashboard {
  return { ...GOOD, ...more };
}

function withChart(more: Partial<Panel>): Dashboard {
  return page({ panels: [HEADLINE, { ...CHART, ...more }, TABLE] });
}

function withTable(more: Partial<Panel>): Dashboard {
  return page({ panels: [HEADLINE, CHART, { ...TABLE, ...more }] });
}

function withQuery(expr: string, more: Partial<Target> = {}): Dashboard {
  return withChart({ targets: [ask(expr, more)] });
}

function withVariable(name: string, more: Partial<Variable>): Dashboard {
  const list = VARIABLES.map((each) => (each.name === name ? { ...each, ...more } : each));
  return page({ templating: { list } });
}

function withLink(title: string, url: string): Dashboard {
  return withChart({ fieldConfig: { defaults: { unit: 'reqps', links: [{ title, url }] } } });
}

function organized(options: object, more: Partial<Panel> = {}): Dashboard {
  return withTable({ transformations: [{ id: 'merge' }, { id: 'organize', options }], ...more });
}

function withAnnotation(more: Partial<Dashboard['annotations']['list'][number]>): Dashboard {
  const [first] = GOOD.annotations.list;
  return page({ annotations: { list: first ? [{ ...first, ...more }] : [] } });
}

const AVERAGE = `sum by (server) (rate(${REQUESTS}[$__rate_interval]))`;
const MANY = Array.from({ length: 26 }, (_, index) => ({
  ...CHART,
  id: index + 1,
  gridPos: { x: 0, y: index, w: 12, h: 1 },
}));

test.each<[finding: string, planted: Dashboard]>([
  ['schemaVersion is not 42', page({ schemaVersion: 99 })],
  ['it can be edited, and the edit would be lost', page({ editable: true })],
  ['the crosshair is not shared', page({ graphTooltip: 0 })],
  ['it does not refresh itself', page({ refresh: '' })],
  ['its tags are not mcp,live', page({ tags: ['mcp'] })],
  [
    'its tags are not mcp,month',
    page({ tags: ['mcp', 'live'], time: { from: 'now-30d', to: 'now' } }),
  ],
  ['no question that it answers', page({ description: 'Servers' })],
  ['it does not end now', page({ time: { from: 'now-2d', to: 'now-1d' } })],
  ['__inputs, which nobody fills in from a file', { ...GOOD, ...{ __inputs: [] } }],
  [
    'a data source that only an import by hand would fill in',
    page({ description: '${DS_PROMETHEUS}?' }),
  ],

  [
    'no variable job',
    page({ templating: { list: VARIABLES.filter(({ name }) => name !== 'job') } }),
  ],
  ['two variables job', page({ templating: { list: [...VARIABLES, ...VARIABLES.slice(1, 2)] } })],
  ['$tool is not defined', withChart({ description: 'Of $tool.' })],
  [
    '$server is one name, which Grafana does not escape for a pattern',
    page({
      templating: {
        list: VARIABLES.map((variable) =>
          variable.name === 'server' ? { ...variable, multi: false, includeAll: false } : variable,
        ),
      },
    }),
  ],
  [
    '$operation is not used',
    page({
      templating: {
        list: [
          ...VARIABLES,
          labelVariable('operation', `label_values(${REQUESTS.replace('}', '')}}, operation)`),
        ],
      },
    }),
  ],
  ['$server: no label', withVariable('server', { label: '' })],
  [
    '$server: not of the chosen data source',
    withVariable('server', { datasource: { uid: 'prometheus' } }),
  ],
  ['$server: not asked for again when the time changes', withVariable('server', { refresh: 1 })],
  ['$server: All is not .*', withVariable('server', { allValue: '.+' })],
  ['$server: all or one, but not some', withVariable('server', { multi: false })],
  ['$server: not a query of label values', withVariable('server', { query: 'query_result(up)' })],
  ['$datasource: of what type?', withVariable('datasource', { query: {} })],
  [
    '$server: nothing has the label tool',
    withVariable('server', {
      query: 'label_values(mcp_server_up{job=~"$job",gateway=~"$gateway"}, tool)',
    }),
  ],
  [
    '$server: mcp_server_up of every gateway, whatever was chosen',
    withVariable('server', { query: 'label_values(mcp_server_up{job=~"$job"}, server)' }),
  ],

  ['Table: its id belongs to another panel', withTable({ id: 1 })],
  ['Chart: no id', withChart({ id: 0 })],
  ['Table: off the page', withTable({ gridPos: { x: 13, y: 0, w: 12, h: 8 } })],
  ['Chart: overlaps Table', withTable({ gridPos: { x: 11, y: 7, w: 12, h: 8 } })],
  [
    'More: folded and empty, or open with panels inside',
    page({
      panels: [
        ...GOOD.panels,
        {
          id: 9,
          type: 'row',
          title: 'More',
          collapsed: true,
          panels: [],
          gridPos: { x: 0, y: 12, w: 24, h: 1 },
        },
      ],
    }),
  ],
  ['it does not begin with its headline', page({ panels: [CHART, TABLE] })],
  [
    'A title that is far too long for a tile: its title is cut off',
    page({ panels: [{ ...HEADLINE, title: 'A title that is far too long for a tile' }] }),
  ],
  ['26 panels that are not folded away', page({ panels: MANY })],

  ['timeseries: no title', withChart({ title: '' })],
  ['Chart: a panel of type graph is not part of Grafana', withChart({ type: 'graph' })],
  ['Chart: no description', withChart({ description: '' })],
  ['Chart: no pluginVersion: old panels may hang', withChart({ pluginVersion: '' })],
  ['Chart: no options: panels without may hang', withChart({ options: {} })],
  ['Chart: no query', withChart({ targets: [] })],
  ['Chart: not of the chosen data source', withChart({ datasource: { uid: 'prometheus' } })],
  ['Chart: a query of another source', withQuery(AVERAGE, { datasource: { uid: 'prometheus' } })],
  [
    'Chart: a letter twice',
    withChart({ targets: [ask(AVERAGE), ask(AVERAGE, { legendFormat: 'of {{server}}' })] }),
  ],
  ['Chart: no unit', withChart({ fieldConfig: { defaults: { unit: '' } } })],
  ['Chart: no unit', withChart({ fieldConfig: { defaults: { unit: 'none' } } })],
  ['Table: no unit', withTable({ fieldConfig: { defaults: { unit: 'none' } } })],
  [
    'Table: no unit',
    withTable({
      fieldConfig: {
        defaults: { unit: 'none' },
        overrides: [about('Status', 'mappings', [{ type: 'special', options: {} }])],
      },
    }),
  ],
  [
    'Table: a colour without a word',
    withTable({
      fieldConfig: {
        overrides: [
          about('Status', 'unit', 'short'),
          about('Status', 'mappings', [{ type: 'value', options: { 0: { color: 'red' } } }]),
        ],
      },
    }),
  ],
  [
    'Chart: a coloured tile without its value',
    withChart({ type: 'stat', options: { textMode: 'name' } }),
  ],
  [
    'Chart: bars without their value',
    withChart({ type: 'bargauge', options: { valueMode: 'hidden' } }),
  ],
  ['Chart: coloured bars without words', withChart({ type: 'status-history' })],
  [
    'Chart: states without words: mappings are what tells them apart',
    withChart({ type: 'state-timeline', options: { showValue: 'auto' } }),
  ],

  ['Chart A: does not parse at ")"', withQuery('sum by (server) (up))')],
  ['Chart A: mcp_made_up is neither in the catalog nor recorded', withQuery('sum(mcp_made_up)')],
  [
    'Chart A: mcp_server_status_code has no label tool',
    withQuery(`max by (server) (${SERVER.replace('}', ',tool="x"}')})`),
  ],
  [
    'Chart A: mcp_requests_total is a counter without rate or increase around it',
    withQuery(`sum by (server) (${REQUESTS})`),
  ],
  [
    'Chart A: rate of mcp_requests_total over a window of its own',
    withQuery(`sum by (server) (rate(${REQUESTS}[5m]))`),
  ],
  [
    'Chart A: each point is asked about all in the selected time range',
    withQuery(`sum by (server) (increase(${REQUESTS}[$__range]))`),
  ],
  [
    'Chart A: mcp_server_status_code of every job, whatever was chosen',
    withQuery(`max by (server) (${SERVER.replace('job=~"$job",', '')})`),
  ],
  [
    'Chart A: mcp_server_status_code of every gateway, whatever was chosen',
    withQuery(`max by (server) (${SERVER.replace('"$gateway"', '"$server"')})`),
  ],
  [
    'Chart A: process_open_fds of any program',
    withQuery('max by (job) (process_open_fds{job=~"$job",gateway=~"$gateway"})'),
  ],
  ['Chart A: ALERTS of anybody', withQuery('count by (server) (ALERTS{gateway=~"$gateway|"})')],
  ['Changes: two queries in one annotation', withAnnotation({ target: { expr: 'up' } })],
  ['Changes: not of the chosen source', withAnnotation({ datasource: { uid: 'prometheus' } })],
  ['Changes: no {{server}} in the answer', withAnnotation({ textFormat: '{{server}}' })],

  ['Chart: A has no legend', withQuery(AVERAGE, { legendFormat: '__auto' })],
  ['Chart: A has no {{tool}}', withQuery(AVERAGE, { legendFormat: '{{server}} {{tool}}' })],
  [
    'Chart: A has a line for each server, all under one name',
    withQuery(AVERAGE, { legendFormat: 'Requests' }),
  ],
  [
    'Chart: two queries go by the name {{server}}',
    withChart({ targets: [ask(AVERAGE), ask(AVERAGE, { refId: 'B' })] }),
  ],
  [
    'Table: the column gateway has no title',
    organized({
      excludeByName: { Time: true },
      renameByName: { server: 'Server', Value: 'Status' },
    }),
  ],
  [
    'Table: no field tool',
    organized({
      excludeByName: { Time: true, gateway: true },
      renameByName: { server: 'Server', Value: 'Status', tool: 'Tool' },
    }),
  ],
  [
    'Table: two columns are called Status',
    organized({
      excludeByName: { Time: true },
      renameByName: { server: 'Status', Value: 'Status' },
    }),
  ],
  [
    'Table: no label tool',
    withTable({
      transformations: [
        {
          id: 'groupingToMatrix',
          options: { rowField: 'server', columnField: 'tool', valueField: 'Value' },
        },
      ],
    }),
  ],
  [
    'Table: no field Value #A',
    withTable({
      transformations: [
        {
          id: 'groupingToMatrix',
          options: { rowField: 'server', columnField: 'gateway', valueField: 'Value #A' },
        },
      ],
    }),
  ],
  [
    'Table: nothing is called Cost',
    withTable({ fieldConfig: { overrides: [about('Cost', 'unit', 's')] } }),
  ],
  [
    'Table: it cannot be sorted by Cost',
    withTable({ options: { sortBy: [{ displayName: 'Cost' }] } }),
  ],

  ['Chart: no page at /d/elsewhere', withLink('There', '/d/elsewhere')],
  ['Chart: no page at https://example.org/', withLink('There', 'https://example.org/')],
  ['Chart: page has no variable tool', withLink('There', '/d/page?var-tool=x')],
  ['Chart: page has no variable loki', withLink('There', '/d/page?${loki:queryparam}')],
  ['Chart: the exporter has no page /nowhere', withLink('There', '${exporter}/nowhere')],
  ['Chart: a link without a title to /d/page', withLink('', '/d/page')],
  ['Chart: the way to page loses gateway', withLink('There', '/d/page?${server:queryparam}')],
  ['Chart: the way to page loses server', withLink('There', '/d/page?var-gateway=x')],
  [
    'Chart: __field.labels.server is not encoded',
    withLink('There', '/d/page?var-server=${__field.labels.server}'),
  ],
  ['Chart: the way to page loses the time', withLink('There', '/d/page')],
  [
    'Chart: weeks cannot use the time of this page',
    withLink('There', '/d/weeks?${__url_time_range}'),
  ],
  [
    'Text: the way to page loses server',
    withChart({
      type: 'text',
      title: 'Text',
      options: { content: 'See [there](/d/page?${gateway:queryparam}).' },
    }),
  ],
  [
    'Table: column Certificate is cut off',
    withTable({ fieldConfig: { overrides: [about('Certificate', 'custom.width', 90)] } }),
  ],
  [
    'Table: column Status is cut off',
    withTable({
      options: { sortBy: [{ displayName: 'Status' }] },
      fieldConfig: { overrides: [about('Status', 'custom.width', 70)] },
    }),
  ],
  [
    'Chart: A has no label tool to make a link of',
    withLink('Of ${__field.labels.tool}', '/d/page'),
  ],
  [
    'Chart: no field server to make a link of',
    withLink('There', '/d/page?var-server=${__data.fields.server}'),
  ],
  [
    'Table: no field gateway to make a link of',
    withTable({ links: [{ title: 'There', url: '/d/page?var-gateway=${__data.fields.gateway}' }] }),
  ],
  [
    'Table: a row has no label server, but a field',
    withTable({ links: [{ title: 'There', url: '/d/page?var-server=${__field.labels.server}' }] }),
  ],
  [
    'Chart: no page at /d/elsewhere',
    withChart({ type: 'text', options: { content: 'See [there](/d/elsewhere).' } }),
  ],
  [
    'Chart: the exporter has no page /nowhere',
    withChart({
      type: 'text',
      options: { content: '<a href="${exporter}/nowhere" target="_blank">There</a>' },
    }),
  ],
  [
    "Chart: the way to the exporter's page /alerts leaves Grafana",
    withChart({ type: 'text', options: { content: '[There](${exporter}/alerts)' } }),
  ],
  [
    'Exporter: no page at /d/elsewhere',
    page({ links: [{ type: 'link', title: 'Exporter', url: '/d/elsewhere' }] }),
  ],
])('it is found out: %s', (finding, planted) => {
  expect(lintDashboard(planted, SITE, KNOWN)).toContain(finding);
});

test.each([
  ['a rate over a window of its own, of one moment', `sum by (server) (rate(${REQUESTS}[5m]))`],
  [
    'an increase over all in the selected time range',
    `sum by (server) (increase(${REQUESTS}[$__range]))`,
  ],
])('%s is right', (_what, expr) => {
  expect(lintDashboard(withQuery(expr, { instant: true }), SITE, KNOWN)).toEqual([]);
});

test.each([
  '/d/page',
  '/d/page?var-gateway={{ $labels.gateway | urlquery }}&var-server={{ $labels.server | urlquery }}',
])('an alert may lead to %s', (url) => {
  expect(lintUrl(url, SITE)).toEqual([]);
});
