import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CONFORMANCE_SCRIPTS } from '../support/conformance-programs.ts';
import {
  httpServer,
  nodeServer,
  type StartedGateway,
  startGateway,
} from '../support/start-gateway.ts';
import {
  CONFORMANCE_RUNS,
  type ConformanceRun,
  differencesOf,
  runConformance,
} from './support/run-conformance.ts';
import { type Program, startProgram } from './support/start-program.ts';

/**
 * Goal: a server that talks over stdio or HTTP+SSE looks, through the gateway, like the same server over Streamable HTTP.
 * Method: the suite against the reference server over HTTP, and against the same code behind a bridge. What only a
 * server's own HTTP side can do is listed here, with the reason; everything else must end the same.
 */
const isFull = process.env['MCP_EXPORTER_FULL'] === '1';

/** Checks that the bridges cannot pass on, by the beginning of their line. */
const LEGACY_LIMITS = [
  // The bridge answers with plain JSON where the server sent nothing but the answer.
  'server-sse-multiple-streams · server-sse-streams-functional ·',
  // Streams that break off and are taken up again exist in Streamable HTTP only.
  'server-sse-polling · ',
];
const MODERN_LIMITS = [
  // Which arguments are repeated in headers stands in the tool's schema, which the bridge does not know.
  'http-custom-header-server-validation · sep-2243-server-reject-invalid-param-chars ·',
  'http-custom-header-server-validation · sep-2243-server-reject-param-mismatch ·',
  'http-custom-header-server-validation · sep-2243-server-validate-param-match ·',
  // The stdio server of the SDK serves a request of an unknown revision once its era is settled.
  'server-stateless · sep-2575-http-server-unsupported-version-400 ·',
  'server-stateless · sep-2575-server-unsupported-version-error ·',
];

interface Bridged {
  readonly server: 'stdio' | 'sse';
  readonly run: ConformanceRun;
  readonly limits: readonly string[];
  readonly isQuick: boolean;
}

const [everyScenario, legacy, modern] = CONFORMANCE_RUNS as [
  ConformanceRun,
  ConformanceRun,
  ConformanceRun,
];
const BRIDGED: readonly Bridged[] = [
  { server: 'sse', run: legacy, limits: LEGACY_LIMITS, isQuick: true },
  { server: 'stdio', run: modern, limits: MODERN_LIMITS, isQuick: true },
  // A child for each of some thirty sessions takes a while.
  { server: 'stdio', run: legacy, limits: LEGACY_LIMITS, isQuick: false },
  { server: 'sse', run: everyScenario, limits: LEGACY_LIMITS, isQuick: false },
  { server: 'stdio', run: everyScenario, limits: LEGACY_LIMITS, isQuick: false },
];

let http: Program;
let sse: Program;
let gateway: StartedGateway;

beforeAll(async () => {
  http = await startProgram(CONFORMANCE_SCRIPTS.referenceHttp);
  sse = await startProgram(CONFORMANCE_SCRIPTS.referenceSse);
  gateway = await startGateway({
    servers: [
      nodeServer('stdio', [CONFORMANCE_SCRIPTS.referenceStdio], { maxSessions: 100 }),
      httpServer('sse', `http://127.0.0.1:${sse.port}/sse`, { maxSessions: 100 }, 'sse'),
    ],
  });
});

afterAll(async () => {
  await gateway?.stop();
  await http?.stop();
  await sse?.stop();
});

describe.each(BRIDGED.filter(({ isQuick }) => isFull || isQuick))(
  '$run.name, over $server',
  ({ server, run, limits }) => {
    test('ends the same through the bridge as directly over HTTP, but for what is listed', async () => {
      const direct = await runConformance(run, `http://localhost:${http.port}/mcp`);
      const through = await runConformance(
        run,
        gateway.url(server).replace('127.0.0.1', 'localhost'),
      );
      const isUnlisted = (check: string) => !limits.some((limit) => check.startsWith(limit));
      const { lost, gained } = differencesOf(direct, through);
      expect(lost.filter(isUnlisted)).toEqual([]);
      expect(gained.filter(isUnlisted)).toEqual([]);
      // A limit that is none any more has to leave the list.
      for (const limit of limits)
        expect(
          lost.some((check) => check.startsWith(limit)),
          limit,
        ).toBe(true);
      expect(direct.checks.length - lost.length).toBeGreaterThan(40);
    });
  },
);
