import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CONFORMANCE_SCRIPTS } from '../support/conformance-programs.ts';
import { freePort } from '../support/free-port.ts';
import { SCRIPTS } from '../support/server-programs.ts';
import { httpServer, type StartedGateway, startGateway } from '../support/start-gateway.ts';
import {
  CONFORMANCE_RUNS,
  type ConformanceRun,
  differencesOf,
  FURTHER_RUNS,
  runConformance,
} from './support/run-conformance.ts';
import { type Listener, startListener } from './support/start-listener.ts';
import { type Program, startProgram } from './support/start-program.ts';

/**
 * Goal: the MCP conformance suite cannot tell the gateway from the server behind it.
 * Method: each scenario once directly and once through the gateway; every check must end the same, word for word.
 */
const isFull = process.env['MCP_EXPORTER_FULL'] === '1';
const REBINDING = 'dns-rebinding-protection · localhost-host-rebinding-rejected';

let reference: Program;
let everything: Listener;
let gateway: StartedGateway;

beforeAll(async () => {
  reference = await startProgram(CONFORMANCE_SCRIPTS.referenceHttp);
  everything = await startListener(SCRIPTS.everything, ['streamableHttp'], await freePort());
  gateway = await startGateway({
    servers: [
      httpServer('reference', `http://127.0.0.1:${reference.port}/mcp`),
      httpServer('everything', `http://127.0.0.1:${everything.port}/mcp`),
    ],
  });
});

afterAll(async () => {
  await gateway?.stop();
  await reference?.stop();
  await everything?.stop();
});

const RUNS: readonly ConformanceRun[] = isFull
  ? [...CONFORMANCE_RUNS, ...FURTHER_RUNS]
  : CONFORMANCE_RUNS;

describe.each(RUNS)('$name', (run) => {
  test('ends the same through the gateway as directly, check by check', async () => {
    const direct = await runConformance(run, local(`http://127.0.0.1:${reference.port}/mcp`));
    const through = await runConformance(run, local(gateway.url('reference')));
    expect(direct.scenarios).toBeGreaterThanOrEqual(run.scenariosMin);
    expect(direct.checks.length).toBeGreaterThanOrEqual(run.checksMin);
    expect(differencesOf(direct, through)).toEqual({ lost: [], gained: [] });
    expect(through.checks.filter((check) => check.startsWith(REBINDING))).toEqual([
      expect.stringContaining('· SUCCESS ·'),
    ]);
    expect(gateway.load().reduce((sum, { inFlight }) => sum + inFlight, 0)).toBe(0);
  });
});

describe.each(isFull ? CONFORMANCE_RUNS : CONFORMANCE_RUNS.slice(0, 1))('$name', (run) => {
  test('ends the same in front of a server that fails most of it, but for rebinding, which the gateway stops', async () => {
    const direct = await runConformance(run, local(`http://127.0.0.1:${everything.port}/mcp`));
    const through = await runConformance(run, local(gateway.url('everything')));
    expect(direct.checks.filter((check) => check.includes('· FAILURE ·')).length).toBeGreaterThan(
      10,
    );
    const { lost, gained } = differencesOf(direct, through);
    expect([...lost, ...gained].filter((check) => !check.startsWith(REBINDING))).toEqual([]);
    expect(through.checks.filter((check) => check.startsWith(REBINDING))).toEqual([
      expect.stringContaining('· SUCCESS ·'),
    ]);
  });
});

test('the comparison sees the difference between two servers', async () => {
  const [run] = CONFORMANCE_RUNS;
  if (!run) throw new Error('no run');
  const one = await runConformance(run, local(gateway.url('reference')));
  const other = await runConformance(run, local(gateway.url('everything')));
  expect(differencesOf(one, other).lost.length).toBeGreaterThan(10);
});

/** The suite checks rebinding only for addresses with a local name. */
function local(url: string): string {
  return url.replace('127.0.0.1', 'localhost');
}
