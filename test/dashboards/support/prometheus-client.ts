export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  /** Unix time in seconds, and the value as text. One for an instant query. */
  readonly values: readonly (readonly [number, string])[];
}

export type Answer =
  | { readonly ok: true; readonly series: readonly Series[]; readonly ms: number }
  | { readonly ok: false; readonly error: string };

export interface TimeSpan {
  /** Unix time, seconds. */
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly stepSeconds: number;
}

export interface PrometheusClient {
  instant(expression: string, atSeconds: number): Promise<Answer>;
  range(expression: string, span: TimeSpan): Promise<Answer>;
  labelValues(label: string, selector: string | undefined, span: TimeSpan): Promise<string[]>;
}

interface Body {
  readonly status: 'success' | 'error';
  readonly error?: string;
  readonly data?: unknown;
}

interface QueryData {
  readonly resultType: 'matrix' | 'vector' | 'scalar' | 'string';
  readonly result: unknown;
}

type Parameters = Readonly<Record<string, string | number>>;

export function createPrometheusClient(url: string): PrometheusClient {
  async function post(path: string, parameters: Parameters): Promise<Body> {
    const body = new URLSearchParams();
    for (const [name, value] of Object.entries(parameters)) body.set(name, String(value));
    const response = await fetch(`${url}/api/v1/${path}`, { method: 'POST', body });
    return (await response.json()) as Body;
  }

  async function query(path: string, parameters: Parameters): Promise<Answer> {
    const startedMs = performance.now();
    const { error, data } = await post(path, parameters);
    const ms = performance.now() - startedMs;
    if (data === undefined) return { ok: false, error: error ?? 'no data' };
    return { ok: true, ms, series: seriesOf(data as QueryData) };
  }

  return {
    instant: (expression, time) => query('query', { query: expression, time }),
    range: (expression, { startSeconds, endSeconds, stepSeconds }) =>
      query('query_range', {
        query: expression,
        start: startSeconds,
        end: endSeconds,
        step: stepSeconds,
      }),
    async labelValues(label, selector, { startSeconds, endSeconds }) {
      const parameters = new URLSearchParams({
        start: String(startSeconds),
        end: String(endSeconds),
        ...(selector !== undefined && { 'match[]': selector }),
      });
      const response = await fetch(`${url}/api/v1/label/${label}/values?${parameters.toString()}`);
      const { error, data } = (await response.json()) as Body;
      if (data === undefined) throw new Error(error);
      return data as string[];
    },
  };
}

function seriesOf({ resultType, result }: QueryData): Series[] {
  if (resultType === 'matrix') return result as Series[];
  if (resultType === 'vector')
    return (result as { metric: Series['metric']; value: Series['values'][number] }[]).map(
      ({ metric, value }) => ({ metric, values: [value] }),
    );
  return [{ metric: {}, values: [result as Series['values'][number]] }];
}
