import type { Series } from './series.ts';
import type { Values } from './timeline.ts';

const HOUR_SECONDS = 3_600;
/** The longest window that is read from `…:process_total` is a day; the others are read from `…:sampled_total`. */
const PROCESS_TOTAL_SECONDS = 26 * HOUR_SECONDS;
const INSTANCE = 'demo-exporter:19110';
/** Cost has fractions of a cent. */
const DIGITS = 4;

/** Rates and hourly increases that the rules read from the counter of a process: the most detailed ones of each metric. */
const FROM_PROCESS_TOTAL = [
  /^gateway_server_operation:mcp_requests(?:_counted|_failed)?:rate5m$/,
  /^gateway_server_operation:mcp_request_duration_seconds_(?:bucket|sum|count):rate5m$/,
  /^gateway_server:mcp_requests_(?:tool|server)_error:rate5m$/,
  /^gateway_server_error_type:mcp_request_errors:rate5m$/,
  /^gateway_server_direction:mcp_tokens:rate5m$/,
  /^gateway_server:mcp_cost_usd:rate5m$/,
  /^gateway_server_slo:mcp_slo_(?:events|errors):rate5m$/,
  /^gateway_(?:server_tool|server_client|server_protocol_version|server_tool_source|user):.*:increase1h$/,
] as const;
const FROM_SAMPLED_TOTAL = [
  /^gateway_server:mcp_requests:rate5m$/,
  /^gateway_server_slo:mcp_slo_(?:events|errors):rate5m$/,
] as const;

/** The counters that these rates would have been read from. */
export function* counterSeries(series: Series, stepSeconds: number): Generator<Series> {
  const { name, labels } = series;
  if (labels['slo'] === 'uptime') return;
  const isProcess = FROM_PROCESS_TOTAL.some((pattern) => pattern.test(name));
  const isSampled = FROM_SAMPLED_TOTAL.some((pattern) => pattern.test(name));
  if (!isProcess && !isSampled) return;
  const [level = '', metric = '', operation = ''] = name.split(':');
  const perSecond = operation === 'rate5m' ? 1 : 1 / HOUR_SECONDS;
  const values = runningTotal(series.values, perSecond * stepSeconds);
  const counter = `${level}_instance:${metric}`;
  const own = { ...labels, instance: INSTANCE };
  const first = values.length - Math.ceil(PROCESS_TOTAL_SECONDS / stepSeconds);
  if (isProcess) {
    const recent = values.map((value, index) => (index < first ? NaN : value));
    yield { name: `${counter}:process_total`, labels: own, values: recent };
  }
  if (isSampled) yield { name: `${counter}:sampled_total`, labels: own, values };
}

function runningTotal(rates: Values, factor: number): Values {
  let total = 0;
  return rates.map((rate) => {
    if (Number.isNaN(rate)) return NaN;
    total += rate * factor;
    return Number(total.toFixed(DIGITS));
  });
}
