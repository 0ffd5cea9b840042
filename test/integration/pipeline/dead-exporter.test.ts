import { afterAll, expect, test } from 'vitest';
import { isMissing } from '../../rules/support/programs.ts';
import { until } from '../support/until.ts';
import { createMeasuredTimes } from './support/measured-times.ts';
import { subjects } from './support/start-pipeline.ts';
import { startWeatherStation } from './support/start-weather-station.ts';

// Goal: who watches the servers is watched too. Method: as in dead-server.test.ts.
const SKIPPED = isMissing('prometheus', 'alertmanager');
const INTERVAL_S = 2;
/** For a machine that is busy with something else. */
const TEST_MS_MAX = 600_000;
const IS_FULL = process.env['MCP_EXPORTER_FULL'] === '1';
/** Until it would be told that notifications are lost: `for`, and some more. */
const NOTIFICATIONS_LOST_S = 660;
/** Until that would at least be pending. */
const EVALUATIONS_S = 60;

const times = createMeasuredTimes();
afterAll(() => times.print('The alerting pipeline, a dead exporter:'));

test.skipIf(SKIPPED)(
  'an exporter that is killed is missed, and what follows from that wakes nobody again',
  async () => {
    const { pipeline } = await startWeatherStation(INTERVAL_S);
    const { alerts, pages, query, service } = pipeline;
    // By that Prometheus knows which exporter keeps the history.
    const heard = 'mcp_watchdog_last_received_timestamp_seconds';
    await until(async () => (await query(heard)).size > 0);
    const killedAtMs = Date.now();
    service.child.kill('SIGKILL');
    const fired = await until(() => pages()[0]);
    times.note(`${INTERVAL_S} s: kill of the exporter → mail`, fired.receivedAtMs - killedAtMs);
    expect(fired.text).toContain('the MCP servers are not monitored');
    // The history is in the exporter that is gone, so that what is sent there fails.
    const failed = 'sum(alertmanager_notifications_failed_total)';
    await until(async () => ((await query(failed)).get('') ?? 0) > 0);
    await until(async () => (await alerts('alertstate="firing"')).includes('McpGatewayDown'));
    await pipeline.outlast(IS_FULL ? NOTIFICATIONS_LOST_S : EVALUATIONS_S);
    // The second one is muted by the first, and no other waits for its time.
    expect((await alerts('severity="critical"')).toSorted()).toEqual([
      'McpExporterAbsent',
      'McpGatewayDown',
    ]);
    expect(subjects(pages())).toEqual(['[FIRING:1] McpExporterAbsent (critical)']);
  },
  TEST_MS_MAX,
);
