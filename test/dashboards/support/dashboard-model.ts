import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** As much of Grafana's classic dashboard model as the queries take. */
export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly time: { readonly from: string; readonly to: string };
  readonly templating: { readonly list: readonly Variable[] };
  readonly annotations: { readonly list: readonly Annotation[] };
  readonly panels: readonly Panel[];
}

export interface Variable {
  readonly name: string;
  readonly type: string;
  readonly query?: string | { readonly query?: string };
  readonly includeAll?: boolean;
  readonly allValue?: string | null;
  readonly current?: { readonly value?: string | readonly string[] };
  readonly options?: readonly { readonly value: string; readonly selected?: boolean }[];
}

interface DataSource {
  readonly type?: string;
  readonly uid?: string;
}

export interface Target {
  readonly refId: string;
  readonly expr?: string;
  readonly instant?: boolean;
  readonly range?: boolean;
  readonly interval?: string;
  readonly legendFormat?: string;
  readonly datasource?: DataSource;
}

interface Annotation extends Partial<Target> {
  readonly name: string;
  readonly titleFormat?: string;
  readonly textFormat?: string;
  readonly tagKeys?: string;
  readonly step?: string;
  readonly target?: Target;
}

interface Link {
  readonly url?: string;
}

interface Transformation {
  readonly id: string;
  readonly options?: {
    readonly byField?: string;
    readonly renameByName?: Readonly<Record<string, string>>;
    readonly excludeByName?: Readonly<Record<string, boolean>>;
    readonly indexByName?: Readonly<Record<string, number>>;
  };
}

export interface Panel {
  readonly id?: number;
  readonly type: string;
  readonly title?: string;
  readonly datasource?: DataSource;
  readonly targets?: readonly Target[];
  readonly panels?: readonly Panel[];
  readonly interval?: string | null;
  readonly maxDataPoints?: number | null;
  readonly timeFrom?: string | null;
  readonly links?: readonly Link[];
  readonly transformations?: readonly Transformation[];
  readonly fieldConfig?: {
    readonly defaults?: { readonly links?: readonly Link[] };
    readonly overrides?: readonly {
      readonly properties?: readonly { readonly id: string; readonly value?: unknown }[];
    }[];
  };
}

const FOLDER = fileURLToPath(new URL('../../../grafana/dashboards', import.meta.url));

/** The committed dashboards, or the one whose uid `DASHBOARD` names. */
export async function readDashboards(): Promise<Dashboard[]> {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.json'));
  const texts = await Promise.all(
    names.toSorted().map((name) => readFile(join(FOLDER, name), 'utf8')),
  );
  const wanted = process.env['DASHBOARD'];
  return texts
    .map((text) => JSON.parse(text) as Dashboard)
    .filter(({ uid }) => wanted === undefined || uid === wanted);
}

/** Rows hold the panels that are folded away in them. */
export function panelsOf({ panels }: Pick<Dashboard, 'panels'>): Panel[] {
  return panels.flatMap((panel) => [panel, ...panelsOf({ panels: panel.panels ?? [] })]);
}

/** Whether it goes to Prometheus: by a variable or by type; not to Loki, Jaeger, or another panel. */
export function isForPrometheus(...sources: readonly (DataSource | undefined)[]): boolean {
  const type = sources.find((source) => source?.type !== undefined)?.type;
  return type === undefined || type === 'prometheus';
}

/** Links of a panel, of its fields, and of those that were overridden. */
export function linksOf({ links = [], fieldConfig }: Panel): string[] {
  const overridden = (fieldConfig?.overrides ?? [])
    .flatMap(({ properties = [] }) => properties)
    .filter(({ id }) => id === 'links')
    .flatMap(({ value }) => (value ?? []) as readonly Link[]);
  return [...links, ...(fieldConfig?.defaults?.links ?? []), ...overridden].flatMap(
    ({ url }) => url ?? [],
  );
}
