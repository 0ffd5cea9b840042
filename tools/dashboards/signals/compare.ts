import { maxBy } from '../../../src/catalog/promql/promql.ts';
import { series, type SeriesName } from '../promql.ts';
import { signal } from '../signal.ts';
import { THRESHOLDS } from '../thresholds.ts';

/** An increase of a tenth is a warning, of a half critical. */
const WORSE = [
  { value: null, color: 'green' },
  { value: 0.1, color: 'yellow' },
  { value: 0.5, color: 'red' },
] as const;

interface Measure {
  readonly title: string;
  readonly description: string;
  readonly unit: string;
  /** Per server, before any aggregation. */
  readonly name: SeriesName;
  readonly fold: 'sum' | 'max';
  /** Whether more is worse. */
  readonly isBadWhenMore: boolean;
}

function levels({ name, fold }: Measure) {
  const now = series(name);
  return {
    fleet: `${fold}(${now})`,
    fleetThen: `${fold}(${now} offset $offset)`,
    server: `${fold} by (gateway, server) (${now})`,
    serverThen: `${fold} by (gateway, server) (${now} offset $offset)`,
  };
}

/** Now and then. */
function compared(measure: Measure) {
  const { title, description, unit } = measure;
  return signal({ title, description, unit, decimals: 2, by: levels(measure) });
}

/** How much more or less, as a share of then. */
function changed(measure: Measure) {
  const { fleet, fleetThen, server, serverThen } = levels(measure);
  return signal({
    title: `${measure.title}, change`,
    description: `Change since the time compared with, more (+) or less (-). ${measure.description}`,
    unit: 'percentunit',
    decimals: 0,
    thresholds: measure.isBadWhenMore ? WORSE : THRESHOLDS.none,
    by: {
      fleet: `${fleet} / (${fleetThen} > 0) - 1`,
      server: `${server} / (${serverThen} > 0) - 1`,
    },
  });
}

const RATE: Measure = {
  title: 'Requests per second',
  description: 'Mean of an hour.',
  unit: 'reqps',
  name: 'gateway_server:mcp_requests:rate1h',
  fold: 'sum',
  isBadWhenMore: false,
};
const P95: Measure = {
  title: 'Latency, P95',
  description: 'Over one hour; of several servers, the slowest.',
  unit: 's',
  name: 'gateway_server:mcp_request_duration_seconds:p95_rate1h',
  fold: 'max',
  isBadWhenMore: true,
};
const ERRORS: Measure = {
  title: 'Error ratio',
  description: 'Over one hour; of several servers, the worst.',
  unit: 'percentunit',
  name: 'gateway_server:mcp_requests_failed_per_mcp_requests:ratio_rate1h',
  fold: 'max',
  isBadWhenMore: true,
};
const CONNECTIONS: Measure = {
  title: 'Active connections',
  description: 'Sessions, open streams and requests in flight.',
  unit: 'short',
  name: 'gateway_server:mcp_active_connections:sum',
  fold: 'sum',
  isBadWhenMore: false,
};
const COST: Measure = {
  title: 'Cost per hour',
  description: 'Tokens multiplied by the configured prices.',
  unit: 'currencyUSD',
  name: 'gateway_server:mcp_cost_usd:increase1h',
  fold: 'sum',
  isBadWhenMore: true,
};

export const comparedRate = compared(RATE);
export const comparedP95 = compared(P95);
export const comparedErrors = compared(ERRORS);
export const comparedConnections = compared(CONNECTIONS);
export const comparedCost = compared(COST);
export const changedRate = changed(RATE);
export const changedP95 = changed(P95);
export const changedErrors = changed(ERRORS);
export const changedConnections = changed(CONNECTIONS);
export const changedCost = changed(COST);

function band(signalName: 'request_rate' | 'p95' | 'error_ratio', title: string, unit: string) {
  const of = (name: SeriesName): string =>
    `max(${series(name, { server: '$focus' }, { signal: signalName })})`;
  return signal({
    title,
    description:
      'Current value and its usual range at this time a day and a week ago. A value outside the range is unusual.',
    unit,
    decimals: 2,
    by: {
      level: of('mcp:anomaly:level'),
      upper: of('mcp:anomaly:upper'),
      lower: of('mcp:anomaly:lower'),
    },
  });
}

export const rateBand = band('request_rate', 'Requests per second and usual range', 'reqps');
export const p95Band = band('p95', 'Latency (P95) and usual range', 's');
export const errorBand = band('error_ratio', 'Error ratio and usual range', 'percentunit');

const OUTSIDE = `${series('mcp:anomaly:level')} > ${series('mcp:anomaly:upper')} or ${series('mcp:anomaly:level')} < ${series('mcp:anomaly:lower')}`;

export const unusual = signal({
  title: 'Value now',
  description:
    'Servers whose traffic, latency or errors are outside the usual range of this time a day and a week ago.',
  unit: 'short',
  decimals: 3,
  by: {
    now: maxBy(['gateway', 'server', 'signal'], OUTSIDE),
    count: `count(${maxBy(['gateway', 'server', 'signal'], OUTSIDE)}) or vector(0)`,
  },
});

export const unusualTime = signal({
  title: 'Unusual in 24 hours',
  description: 'How long each signal was outside its usual range in the last 24 hours.',
  unit: 's',
  decimals: 0,
  by: {
    signal: `300 * max by (gateway, server, signal) (count_over_time((${OUTSIDE})[24h:5m]))`,
  },
});
