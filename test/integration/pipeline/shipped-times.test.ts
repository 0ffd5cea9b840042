import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { isMissing } from '../../rules/support/programs.ts';
import { until } from '../support/until.ts';
import { createMeasuredTimes } from './support/measured-times.ts';
import { startEverything } from './support/start-everything.ts';
import { subjects } from './support/start-pipeline.ts';
import { startWeatherStation } from './support/start-weather-station.ts';

// Goal: a minute from the death of a server to the mail, as it is shipped. Method: as in dead-server.test.ts, in real time.
const SKIPPED = process.env['MCP_EXPORTER_FULL'] !== '1' || isMissing('prometheus', 'alertmanager');
const INTERVAL_S = 15;
const MAIL_GOAL_MS = 60_000;
const TEST_MS_MAX = 3_600_000;
/** With calls that fail and bring the next check forward, and as many without. */
const RUNS = 3;
/** The longest window of an alert that pages, less what the mail about the end waits for. */
const AFTERMATH_S = 180;

const times = createMeasuredTimes();
afterAll(() => times.print('The alerting pipeline, with the times as they are shipped:'));

const SUBJECTS = [
  '[FIRING:1] McpServerOffline on weather (critical)',
  '[RESOLVED] McpServerOffline on weather (critical)',
];

test.skipIf(SKIPPED)(
  'with the times as they are shipped the mail comes within a minute',
  async () => {
    const started = await startWeatherStation(INTERVAL_S);
    const { pipeline } = started;
    const { pages } = pipeline;
    let { weather } = started;
    const resolvesMs: number[] = [];
    const weigh = async (what: string): Promise<void> => {
      const waitsMs: number[] = [];
      for (let run = 0; run < RUNS; run += 1) {
        const before = pages().length;
        // At any moment between two checks, scrapes and evaluations.
        await delay(Math.random() * INTERVAL_S * 1_000);
        const killedAtMs = Date.now();
        await weather.kill();
        const fired = await until(() => pages()[before]);
        waitsMs.push(fired.receivedAtMs - killedAtMs);
        const returnedAtMs = Date.now();
        weather = await startEverything(weather.port);
        const resolved = await until(() => pages()[before + 1]);
        resolvesMs.push(resolved.receivedAtMs - returnedAtMs);
      }
      times.noteAll(`kill → mail, ${what}`, waitsMs, MAIL_GOAL_MS);
    };
    await weigh('with calls');
    await started.stopCalls();
    await weigh('without calls');
    times.noteAll('return → mail "resolved"', resolvesMs);
    await pipeline.outlast(AFTERMATH_S);
    expect(subjects(pages())).toEqual(Array.from({ length: 2 * RUNS }, () => SUBJECTS).flat());

    const killedAtMs = Date.now();
    pipeline.service.child.kill('SIGKILL');
    const missed = await until(() => pages()[4 * RUNS]);
    times.note('kill of the exporter → mail', missed.receivedAtMs - killedAtMs);
    expect(missed.subject).toBe('[FIRING:1] McpExporterAbsent (critical)');
  },
  TEST_MS_MAX,
);
