import { matching } from '../../src/catalog/promql/matchers.ts';
import { increase, selector } from '../../src/catalog/promql/promql.ts';
import type { Severity } from '../../src/facts/user-alert.ts';
import { PROMETHEUS_REF } from './panels/panel.ts';
import { alertSeries, ofExporter, series } from './promql.ts';

/** An annotation on every time series of a page; a switch at the top hides it. */
export interface Annotation {
  readonly name: string;
  readonly color: string;
  readonly expr: string;
  readonly title: string;
  readonly text: string;
  /** The value is the moment, in milliseconds; otherwise each point of the answer is one. */
  readonly isValueTime: boolean;
}

export const CONFIG_CHANGES: Annotation = {
  name: 'Configuration changes',
  color: 'blue',
  expr: `${series('mcp_marker_timestamp_seconds', { kind: 'config_change' })} * 1000`,
  title: 'Configuration changed',
  text: '{{gateway}}',
  isValueTime: true,
};

/** What a pipeline or a person told the exporter, whose pages have the text. */
export const DEPLOYS: Annotation = {
  name: 'Deploys and notes',
  color: 'green',
  expr: `${series('mcp_marker_timestamp_seconds', { kind: ['deploy', 'note'] })} * 1000`,
  title: 'Marker: {{kind}}',
  text: '{{gateway}}',
  isValueTime: true,
};

export const RESTARTS: Annotation = {
  name: 'Restarts of the exporter',
  color: 'purple',
  expr: `1000 * ${ofExporter(series('process_start_time_seconds'))}`,
  title: 'Exporter started',
  text: '{{gateway}}',
  isValueTime: true,
};

export const STATUS_CHANGES: Annotation = {
  name: 'Status changes',
  color: 'orange',
  expr: `sum by (gateway, server, to) (${increase(series('mcp_server_status_changes_total'), '1m')}) > 0`,
  title: 'Status became {{to}}',
  text: '{{server}} ({{gateway}})',
  isValueTime: false,
};

export const DEFINITION_CHANGES: Annotation = {
  name: 'Capability changes',
  color: 'light-blue',
  expr: `sum by (gateway, server, kind, change) (${increase(series('mcp_server_definition_changes_total'), '1m')}) > 0`,
  title: '{{kind}} {{change}}',
  text: '{{server}} ({{gateway}})',
  isValueTime: false,
};

/** Alerts that notify someone. */
const PAGED = ['critical', 'warning'] as const satisfies readonly Severity[];

/** Where each began: a mark for every sample would paint the page red. */
export const FIRING_ALERTS: Annotation = {
  name: 'Alerts',
  color: 'red',
  expr: `1000 * ${alertSeries('ALERTS_FOR_STATE', { severity: PAGED })}`,
  title: '{{alertname}}',
  text: '{{server}} {{severity}}',
  isValueTime: true,
};

/** Those about the monitoring itself, which belong to no server. */
export const META_ALERTS: Annotation = {
  ...FIRING_ALERTS,
  expr: `1000 * ${selector('ALERTS_FOR_STATE', {
    component: 'mcp',
    gateway: matching('$gateway|'),
    server: '',
    severity: PAGED,
  })}`,
  text: '{{gateway}} {{severity}}',
};

/** As Grafana's Prometheus data source reads it. */
export function annotationModel(annotation: Annotation) {
  const { name, color, expr, title, text, isValueTime } = annotation;
  return {
    name,
    datasource: PROMETHEUS_REF,
    enable: true,
    hide: false,
    // Their switches would take the space of the links.
    placement: 'inControlsMenu',
    iconColor: color,
    expr,
    step: '60s',
    titleFormat: title,
    textFormat: text,
    tagKeys: 'gateway,server',
    useValueForTime: isValueTime,
    target: { expr, refId: 'Anno', interval: '60s', legendFormat: '' },
  };
}
