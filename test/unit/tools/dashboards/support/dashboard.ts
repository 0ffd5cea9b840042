import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** As much of Grafana's classic model as the pages are judged by. */
export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly description?: string;
  readonly schemaVersion?: number;
  readonly editable?: boolean;
  readonly graphTooltip?: number;
  readonly refresh?: string;
  readonly tags?: readonly string[];
  readonly time?: { readonly from: string; readonly to: string };
  readonly links?: readonly HeaderLink[];
  readonly templating: { readonly list: readonly Variable[] };
  readonly annotations: { readonly list: readonly Annotation[] };
  readonly panels: readonly Panel[];
}

interface HeaderLink {
  readonly type: string;
  readonly title: string;
  readonly url?: string;
}

export interface DataSource {
  readonly type?: string;
  readonly uid?: string;
}

export interface Variable {
  readonly name: string;
  readonly type: string;
  readonly label?: string;
  readonly datasource?: DataSource;
  readonly query?: string | { readonly query?: string };
  readonly refresh?: number;
  readonly multi?: boolean;
  readonly includeAll?: boolean;
  readonly allValue?: string;
}

export interface Annotation {
  readonly name: string;
  readonly datasource?: DataSource;
  readonly expr?: string;
  readonly titleFormat?: string;
  readonly textFormat?: string;
  readonly target?: { readonly expr?: string };
}

export interface Target {
  readonly refId: string;
  readonly expr?: string;
  readonly instant?: boolean;
  readonly range?: boolean;
  readonly legendFormat?: string;
  readonly datasource?: DataSource;
}

export interface Link {
  readonly title?: string;
  readonly url?: string;
}

interface Transformation {
  readonly id: string;
  readonly options?: {
    readonly excludeByName?: Readonly<Record<string, boolean>>;
    readonly indexByName?: Readonly<Record<string, number>>;
    readonly renameByName?: Readonly<Record<string, string>>;
    readonly columnField?: string;
    readonly rowField?: string;
    readonly valueField?: string;
  };
}

export interface FieldSettings {
  readonly unit?: string;
  readonly links?: readonly Link[];
  readonly mappings?: readonly Mapping[];
  readonly thresholds?: { readonly steps?: readonly unknown[] };
}

export interface Mapping {
  readonly type: string;
  readonly options: Readonly<Record<string, { readonly text?: string; readonly color?: string }>>;
}

export interface Override {
  readonly matcher: { readonly id: string; readonly options?: unknown };
  readonly properties: readonly { readonly id: string; readonly value?: unknown }[];
}

export interface Place {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title?: string;
  readonly description?: string;
  readonly pluginVersion?: string;
  readonly gridPos: Place;
  readonly datasource?: DataSource;
  readonly targets?: readonly Target[];
  readonly collapsed?: boolean;
  readonly panels?: readonly Panel[];
  readonly links?: readonly Link[];
  readonly transformations?: readonly Transformation[];
  readonly options?: {
    readonly content?: string;
    readonly textMode?: string;
    readonly showValue?: string;
    readonly valueMode?: string;
    readonly sortBy?: readonly { readonly displayName?: string }[];
  };
  readonly fieldConfig?: {
    readonly defaults?: FieldSettings;
    readonly overrides?: readonly Override[];
  };
}

/** Weeks, in bars of days, and not hours of raw samples. */
export function isOfWeeks({ time }: Dashboard): boolean {
  return time?.from.endsWith('d') === true;
}

const FOLDER = new URL('../../../../../grafana/dashboards/', import.meta.url);

/** The committed pages, each with the name of its file. */
export function readDashboards(): { readonly file: string; readonly dashboard: Dashboard }[] {
  return readdirSync(fileURLToPath(FOLDER))
    .filter((file) => file.endsWith('.json'))
    .toSorted()
    .map((file) => ({
      file,
      dashboard: JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as Dashboard,
    }));
}

/** Rows, the panels below them, and those that are folded away in them. */
export function panelsOf({ panels }: Pick<Dashboard, 'panels'>): Panel[] {
  return panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);
}

/** Those that show an answer. */
export function chartsOf(dashboard: Dashboard): Panel[] {
  return panelsOf(dashboard).filter(({ type }) => type !== 'row' && type !== 'text');
}

/** Links of a panel, of its fields and of overridden fields. */
export function linksOf({ links = [], fieldConfig }: Panel): Link[] {
  return [...links, ...(fieldConfig?.defaults?.links ?? []), ...overriddenLinks(fieldConfig)];
}

function overriddenLinks(config: Panel['fieldConfig']): Link[] {
  return (config?.overrides ?? [])
    .flatMap(({ properties }) => properties)
    .filter(({ id }) => id === 'links')
    .flatMap(({ value }) => value as readonly Link[]);
}
