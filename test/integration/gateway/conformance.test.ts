import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CONFORMANCE_SCRIPTS } from '../support/conformance-programs.ts';
import { serverSpec } from '../support/server-spec.ts';
import { startGateway, type StartedGateway } from '../support/start-gateway.ts';
import { CONFORMANCE_RUNS, differencesOf, runConformance } from './support/run-conformance.ts';
import { startProgram, type Program } from './support/start-program.ts';

/**
 * Goal: the MCP conformance suite cannot tell the gateway from the server behind it.
 * Method: each run once directly and once through the gateway; every check must end the same, word for word.
 */
let program: Program;
let gateway: StartedGateway;

beforeAll(async () => {
  program = await startProgram(CONFORMANCE_SCRIPTS.referenceHttp);
  const target = {
    kind: 'http',
    url: `http://127.0.0.1:${program.port}/mcp`,
    transport: 'http',
    headers: {},
    tlsSkipVerify: false,
  } as const;
  gateway = await startGateway({ servers: [serverSpec('reference', target)] });
});

afterAll(async () => {
  await gateway?.stop();
  await program?.stop();
});

describe.each(CONFORMANCE_RUNS)('$name', (run) => {
  test('ends the same through the gateway as directly, check by check', async () => {
    // The suite wants a local name in the address for its check of rebinding.
    const direct = await runConformance(run, `http://localhost:${program.port}/mcp`);
    const through = await runConformance(
      run,
      gateway.url('reference').replace('127.0.0.1', 'localhost'),
    );
    expect(direct.scenarios).toBeGreaterThanOrEqual(run.scenariosMin);
    expect(direct.checks.length).toBeGreaterThanOrEqual(run.checksMin);
    expect(differencesOf(direct, through)).toEqual({ lost: [], gained: [] });
    console.log(
      run.name,
      direct.scenarios,
      direct.checks.length,
      direct.checks.filter((c) => c.includes('· SUCCESS')).length,
      direct.checks.filter((c) => c.includes('· FAILURE')).length,
    );
  });
});
