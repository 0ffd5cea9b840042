import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import { matching } from '../../src/catalog/promql/matchers.ts';
import { selector } from '../../src/catalog/promql/promql.ts';
import { PROMETHEUS_REF } from './panels/panel.ts';
import { KNOWN_SERVERS, within } from './promql.ts';

type VariableBuilder = { build(): dashboard.VariableModel };

/** The base URL of the exporter; add `var-exporter=…` to the address for another one. */
const EXPORTER_URL = 'http://localhost:19110';

export function datasourceVariable(): VariableBuilder {
  return new dashboard.DatasourceVariableBuilder('datasource')
    .label('Prometheus')
    .type('prometheus')
    .regex('')
    .current({ text: 'Prometheus', value: 'mcp-prometheus' });
}

export function exporterVariable(): VariableBuilder {
  return new dashboard.TextBoxVariableBuilder('exporter')
    .label('Exporter')
    .description('Base URL of the exporter, for links.')
    .defaultValue(EXPORTER_URL)
    .current({ text: EXPORTER_URL, value: EXPORTER_URL })
    .hide(dashboard.VariableHide.HideVariable);
}

interface LabelVariable {
  readonly name: string;
  readonly title: string;
  readonly label: string;
  readonly of: string;
  /** One value at a time, so without "All". */
  readonly isSingle?: boolean;
}

function labelVariable({ name, title, label, of, isSingle = false }: LabelVariable) {
  const builder = new dashboard.QueryVariableBuilder(name)
    .label(title)
    .datasource(PROMETHEUS_REF)
    .query({
      query: `label_values(${of}, ${label})`,
      refId: `variable-${name}`,
      qryType: 1,
    })
    .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
    .sort(dashboard.VariableSort.AlphabeticalAsc)
    .multi(!isSingle)
    .includeAll(!isSingle);
  return isSingle
    ? builder
    : // A scrape without the label still has to show.
      builder.allValue('.*').current({ text: ['All'], value: ['$__all'] });
}

export function jobVariable(): VariableBuilder {
  return labelVariable({ name: 'job', title: 'Job', label: 'job', of: 'mcp_exporter_build_info' });
}

export function gatewayVariable(): VariableBuilder {
  return labelVariable({
    name: 'gateway',
    title: 'Gateway',
    label: 'gateway',
    of: selector('mcp_exporter_build_info', { job: matching('$job') }),
  });
}

export function serverVariable({ isSingle = false } = {}): VariableBuilder {
  return labelVariable({
    name: 'server',
    title: 'Server',
    label: 'server',
    of: within('gateway', 'mcp_server_status_code'),
    isSingle,
  });
}

export function operationVariable(): VariableBuilder {
  return labelVariable({
    name: 'operation',
    title: 'Operation',
    label: 'operation',
    of: within('server', 'mcp_requests_total'),
  });
}

/** The one server whose bands are drawn: those of several servers would overlap. */
export function focusVariable(): VariableBuilder {
  return labelVariable({
    name: 'focus',
    title: 'Bands of',
    label: 'server',
    of: within('server', 'mcp:anomaly:level', KNOWN_SERVERS),
    isSingle: true,
  });
}

/** How far back the other line of a comparison is. */
export function offsetVariable(): VariableBuilder {
  const choices = [
    ['an hour ago', '1h'],
    ['a day ago', '1d'],
    ['a week ago', '1w'],
    ['four weeks ago', '4w'],
  ] as const;
  return new dashboard.CustomVariableBuilder('offset')
    .label('Compared with')
    .values(choices.map(([text, value]) => `${text} : ${value}`).join(', '))
    .options(choices.map(([text, value]) => ({ text, value, selected: value === '1w' })))
    .current({ text: 'a week ago', value: '1w' });
}

export function lokiVariable(): VariableBuilder {
  return new dashboard.DatasourceVariableBuilder('loki').label('Loki').type('loki').regex('');
}
