import { expect, test } from 'vitest';
import { isMissing } from '../../rules/support/programs.ts';
import { until } from '../support/until.ts';
import { startEverything } from './support/start-everything.ts';
import { startPipeline, subjects } from './support/start-pipeline.ts';
import { startSwitch } from './support/start-switch.ts';

// Goal: a server that cannot decide is told in few words. Method: as in dead-server.test.ts.
const SKIPPED = isMissing('prometheus', 'alertmanager');
const INTERVAL_S = 2;
/** For a machine that is busy with something else. */
const TEST_MS_MAX = 600_000;
/** `group_interval` of critical alerts. */
const NEXT_GROUP_S = 60;

test.skipIf(SKIPPED)(
  'a server that comes and goes is no storm of mails, but a ticket',
  async () => {
    const CYCLES = 5;
    const server = await startEverything();
    const way = await startSwitch(server.url);
    const pipeline = await startPipeline({
      servers: { moody: way.url, steady: server.url },
      intervalS: INTERVAL_S,
    });
    const { alerts, mails, query, service } = pipeline;
    const becomes = async (status: string): Promise<boolean> =>
      until(async () => (await service.servers()).get('moody')?.status === status);
    for (let cycle = 0; cycle < CYCLES; cycle += 1) {
      await way.off();
      await becomes('offline');
      await way.on();
      await becomes('healthy');
    }
    await until(async () => (await alerts('alertstate="firing"')).includes('McpServerFlapping'));
    await pipeline.outlast(NEXT_GROUP_S);
    const changes = await query('sum(mcp_server_status_changes_total{server="moody"})');
    expect(changes.get('')).toBeGreaterThanOrEqual(2 * CYCLES);
    expect(mails().length).toBeLessThanOrEqual(3);
    expect(subjects(mails())[0]).toContain('McpServerOffline on moody');
  },
  TEST_MS_MAX,
);
