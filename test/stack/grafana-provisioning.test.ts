import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { ROOT } from './support/compose.ts';

// Goal: Grafana finds its data sources, and shows our pages first. Method: the files that it reads, against those that name the
// same things.

interface DataSource {
  readonly name: string;
  readonly uid: string;
  readonly url: string;
  readonly isDefault?: boolean;
  readonly editable: boolean;
  readonly jsonData: {
    readonly manageAlerts?: boolean;
    readonly exemplarTraceIdDestinations?: readonly {
      readonly name: string;
      readonly url: string;
    }[];
    readonly derivedFields?: readonly { readonly datasourceUid: string }[];
  };
}

interface Compose {
  readonly services: Readonly<
    Record<
      string,
      {
        readonly profiles?: readonly string[];
        readonly environment?: Readonly<Record<string, string>>;
        readonly volumes?: readonly (string | { source: string; target: string })[];
      }
    >
  >;
}

function read(path: string): unknown {
  return parse(readFileSync(join(ROOT, path), 'utf8'), { merge: true });
}

const FOLDER = 'grafana/provisioning/datasources';
const SOURCES = readdirSync(join(ROOT, FOLDER)).flatMap(
  (file) => (read(`${FOLDER}/${file}`) as { readonly datasources: DataSource[] }).datasources,
);
const { services } = read('docker-compose.yml') as Compose;
const UIDS = SOURCES.map(({ uid }) => uid);

test('the data sources have the uids that the dashboards name, and one of them is the default', () => {
  expect(UIDS.toSorted()).toEqual(['mcp-alertmanager', 'mcp-jaeger', 'mcp-loki', 'mcp-prometheus']);
  expect(SOURCES.filter(({ isDefault }) => isDefault).map(({ uid }) => uid)).toEqual([
    'mcp-prometheus',
  ]);
  expect(SOURCES.filter(({ editable }) => editable)).toEqual([]);
});

test('each is a service of the compose file, and each link leads to another one of them', () => {
  for (const { url, jsonData } of SOURCES) {
    expect(Object.keys(services)).toContain(new URL(url).hostname);
    for (const { datasourceUid } of jsonData.derivedFields ?? [])
      expect(UIDS).toContain(datasourceUid);
  }
});

test('an exemplar leads to its trace in Jaeger, asked for by its id alone', () => {
  const destinations = SOURCES.flatMap(
    ({ jsonData }) => jsonData.exemplarTraceIdDestinations ?? [],
  );
  expect(destinations.map(({ name }) => name)).toEqual(['trace_id']);
  // Two dollars are one to Grafana, which reads variables of the environment into these files.
  const address = destinations[0]?.url.replace('$${__value.raw}', '4bf92f3577b34da6') ?? '';
  const { pathname, searchParams } = new URL(address, 'http://grafana.test');
  expect(pathname).toBe('/explore');
  expect(JSON.parse(searchParams.get('panes') ?? '')).toMatchObject({
    trace: {
      datasource: 'mcp-jaeger',
      queries: [{ refId: 'A', query: '4bf92f3577b34da6' }],
    },
  });
});

test('what only a profile starts is asked by nobody on its own', () => {
  const optional = SOURCES.filter(({ url }) => services[new URL(url).hostname]?.profiles);
  expect(optional.map(({ uid }) => uid)).toEqual(['mcp-loki']);
  expect(optional.map(({ jsonData }) => jsonData.manageAlerts)).toEqual([false]);
});

test('Grafana finds the dashboards where they are mounted, and opens the overview', () => {
  const file = read('grafana/provisioning/dashboards/mcp.yml') as {
    readonly providers: readonly { readonly options: { readonly path: string } }[];
  };
  const [provider] = file.providers;
  const mounts = (services['grafana']?.volumes ?? []).filter((mount) => typeof mount !== 'string');
  const mount = mounts.find(({ target }) => target === provider?.options.path);
  expect(mount?.source).toBe('./grafana/dashboards');
  const home =
    services['grafana']?.environment?.['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH'] ?? '';
  expect(home).toMatch(`${provider?.options.path}/`);
  expect(existsSync(join(ROOT, home.replace(mount?.target ?? '', mount?.source ?? '')))).toBe(true);
});
