import type * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import { GREY, type Mapping } from '../mappings.ts';
import type { Signal } from '../signal.ts';
import type { Threshold } from '../thresholds.ts';

/** A panel that has no place on a page yet. Width in columns of 24, height in units of 30 pixels. */
export interface Panel {
  readonly width: number;
  readonly height: number;
  readonly model: Omit<dashboard.Panel, 'id' | 'gridPos'> & { readonly title: string };
}

export interface PanelOptions {
  /** The signal's own, if it is left out. */
  readonly title?: string;
  readonly description?: string;
  readonly width: number;
  readonly height: number;
  /** Shown instead of "No data" if an empty result is normal. */
  readonly empty?: string;
  readonly links?: readonly Link[];
  readonly unit?: string;
  readonly decimals?: number;
  readonly min?: number;
  readonly max?: number;
  /** A fixed time range, such as `24h`, regardless of the selected one. */
  readonly timeFrom?: string;
}

/** Where a click on a value leads. */
export interface Link {
  readonly title: string;
  readonly url: string;
  readonly isNewTab?: boolean;
}

/** A signal at one level, asked for in one panel. */
export interface Question {
  readonly signal: Signal;
  readonly expr: string;
  /** How a line is called: a text with `{{label}}`. */
  readonly legend: string;
}

/**
 * @param level one that the signal has
 * @param legend how a line is called: a text with `{{label}}`; empty where only one is expected
 */
export function ask<Level extends string>(
  signal: Signal<Level>,
  level: NoInfer<Level>,
  legend = '',
): Question {
  return { signal, expr: signal.by[level], legend };
}

/** The variable on top of each page, so that one set of pages serves any number of stores. */
export const PROMETHEUS_REF = { type: 'prometheus', uid: '${datasource}' } as const;

/** The oldest Grafana whose options these are. */
const PLUGIN_VERSION = '12.4.0';

/** What the builders of all kinds of panels have in common. */
interface Builder {
  build(): dashboard.Panel;
  title(title: string): this;
  description(description: string): this;
  unit(unit: string): this;
  decimals(decimals: number): this;
  min(min: number): this;
  max(max: number): this;
  noValue(text: string): this;
}

export type QueryShape = 'range' | 'instant' | 'table' | 'matrix' | 'heatmap' | 'exemplars';

/** Adds the settings and the queries of the signal to the panel. */
export function finishPanel(
  builder: Builder,
  options: PanelOptions,
  questions: readonly Question[],
  shape: QueryShape,
): Panel {
  const [first] = questions;
  const signal = first?.signal;
  const title = options.title ?? signal?.title ?? '';
  builder.title(title).description(options.description ?? signal?.description ?? '');
  // The columns of a table are measured in units of their own, and its labels in none.
  const measure = shape === 'table' ? undefined : signal;
  builder.unit(options.unit ?? measure?.unit ?? 'none');
  const decimals = options.decimals ?? measure?.decimals;
  if (decimals !== undefined) builder.decimals(decimals);
  const min = options.min ?? measure?.min;
  const max = options.max ?? measure?.max;
  if (min !== undefined) builder.min(min);
  if (max !== undefined) builder.max(max);
  if (options.empty !== undefined) builder.noValue(options.empty);
  const built = builder.build();
  const defaults = {
    ...built.fieldConfig?.defaults,
    thresholds: thresholdsOf(measure?.thresholds ?? [{ value: null, color: 'blue' }]),
    mappings: [
      ...mappingsOf(measure?.mappings ?? []),
      ...(shape === 'matrix' ? [NOTHING_MAPPING] : []),
      ...(shape === 'instant' && options.empty !== undefined ? [emptyMapping(options.empty)] : []),
    ],
    links: (options.links ?? []).map(linkOf),
  };
  return {
    width: options.width,
    height: options.height,
    model: {
      ...built,
      title,
      pluginVersion: PLUGIN_VERSION,
      datasource: PROMETHEUS_REF,
      ...(options.timeFrom === undefined ? {} : { timeFrom: options.timeFrom }),
      targets: questions.map((question, index) => targetOf(question, index, shape)),
      fieldConfig: { defaults, overrides: built.fieldConfig?.overrides ?? [] },
    },
  };
}

function targetOf(question: Question, index: number, shape: QueryShape) {
  const query = new prometheus.DataqueryBuilder()
    .refId(refIdOf(index))
    .expr(question.expr)
    .editorMode(prometheus.QueryEditorMode.Code)
    .legendFormat(question.legend === '' ? question.signal.title : question.legend)
    .datasource(PROMETHEUS_REF)
    .exemplar(shape === 'exemplars');
  if (shape === 'table' || shape === 'matrix')
    return query.instant().format(prometheus.PromQueryFormat.Table).build();
  if (shape === 'instant') return query.instant().build();
  return shape === 'heatmap'
    ? query.range().format(prometheus.PromQueryFormat.Heatmap).build()
    : query.range().build();
}

/** A, B, C … */
export function refIdOf(index: number): string {
  return String.fromCodePoint('A'.charCodeAt(0) + index);
}

export function thresholdsOf(steps: readonly Threshold[]): dashboard.ThresholdsConfig {
  return {
    mode: 'absolute' as dashboard.ThresholdsMode,
    steps: steps.map((step) => ({ ...step })),
  };
}

export function mappingsOf(mappings: readonly Mapping[]): dashboard.ValueMapping[] {
  if (mappings.length === 0) return [];
  const options = mappings.map(
    ({ value, text, color }, index) => [String(value), { text, color, index }] as const,
  );
  return [
    { type: 'value' as dashboard.MappingType.ValueToText, options: Object.fromEntries(options) },
  ];
}

/** Missing values are neither good nor bad. */
function emptyMapping(text: string): dashboard.ValueMapping {
  return {
    type: 'special' as dashboard.MappingType.SpecialValue,
    options: {
      match: 'null+nan' as dashboard.SpecialValueMatch,
      result: { text, color: GREY, index: 99 },
    },
  };
}

/** Without this an empty cell would have the colour of the lowest value. */
export const NOTHING_MAPPING: dashboard.ValueMapping = {
  type: 'special' as dashboard.MappingType.SpecialValue,
  options: {
    match: 'null+nan' as dashboard.SpecialValueMatch,
    result: { text: '–', color: 'transparent', index: 99 },
  },
};

export function linkOf({ title, url, isNewTab = false }: Link) {
  return { title, url, targetBlank: isNewTab } as dashboard.DashboardLink;
}
