import { onTestFinished } from 'vitest';
import { startTraffic } from '../../support/start-traffic.ts';
import { until } from '../../support/until.ts';
import { type Everything, startEverything } from './start-everything.ts';
import { type Pipeline, startPipeline } from './start-pipeline.ts';

const CALLS_BEFORE = 20;

/** Two servers, weather and notes, whose clients call them through the gateway ten times within each interval. */
export async function startWeatherStation(intervalS: number): Promise<{
  readonly weather: Everything;
  readonly pipeline: Pipeline;
  stopCalls(): Promise<void>;
}> {
  const [weather, notes] = await Promise.all([startEverything(), startEverything()]);
  const pipeline = await startPipeline({
    servers: { weather: weather.url, notes: notes.url },
    intervalS,
  });
  const clients = ['weather', 'notes'].map((name) =>
    startTraffic(`${pipeline.gatewayUrl}/${name}/mcp`, 100 * intervalS),
  );
  const stopCalls = async (): Promise<void> => {
    for (const client of clients) await client.stop();
  };
  onTestFinished(stopCalls);
  const calls = 'min(sum by (server) (mcp_requests_total))';
  await until(async () => ((await pipeline.query(calls)).get('') ?? 0) > CALLS_BEFORE);
  return { weather, pipeline, stopCalls };
}
