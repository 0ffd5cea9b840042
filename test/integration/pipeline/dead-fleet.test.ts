import { afterAll, expect, test } from 'vitest';
import { isMissing } from '../../rules/support/programs.ts';
import { until } from '../support/until.ts';
import { createMeasuredTimes } from './support/measured-times.ts';
import { startEverything } from './support/start-everything.ts';
import { startPipeline, subjects } from './support/start-pipeline.ts';

// Goal: a bad day is told in few words. Method: as in dead-server.test.ts, with a whole fleet on one machine.
const SKIPPED = isMissing('prometheus', 'alertmanager');
/** Long enough for so many on a busy machine. */
const INTERVAL_S = 5;
/** For a machine that is busy with something else. */
const TEST_MS_MAX = 600_000;
/** `group_interval` of critical alerts. */
const NEXT_GROUP_S = 60;

const times = createMeasuredTimes();
afterAll(() => times.print('The alerting pipeline, a dead fleet:'));

test.skipIf(SKIPPED)(
  '40 servers that die at once are one mail and at most one update',
  async () => {
    const FLEET = 40;
    const server = await startEverything();
    const names = Array.from({ length: FLEET }, (_, index) => `fleet-${index}`);
    const pipeline = await startPipeline({
      servers: Object.fromEntries(names.map((name) => [name, server.url])),
      intervalS: INTERVAL_S,
      // The last of the checks must not come later than the update only because the machine is busy.
      patience: 2,
    });
    const { mails, pageNotifications } = pipeline;

    const killedAtMs = Date.now();
    await server.kill();
    const first = await until(() => mails()[0]);
    times.note('40 servers: kill → first mail', first.receivedAtMs - killedAtMs);
    const told = await until(() =>
      pageNotifications().find(({ alerts }) => alerts.length === FLEET),
    );
    times.note('40 servers: kill → all of them told', told.receivedAtMs - killedAtMs);
    await pipeline.outlast(NEXT_GROUP_S);
    const all = subjects(mails());
    expect(all.at(-1)).toBe(`[FIRING:${FLEET}] McpServerOffline on ${FLEET} servers (critical)`);
    expect(all.length).toBeLessThanOrEqual(2);
    expect(pageNotifications()).toHaveLength(all.length);
    for (const name of names) expect(mails().at(-1)?.text).toContain(`${name} at default`);
  },
  TEST_MS_MAX,
);
