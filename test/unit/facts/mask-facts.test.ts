import { expect, test } from 'vitest';
import type { Fact } from '../../../src/facts/facts.ts';
import { createHub } from '../../../src/facts/hub.ts';
import { createFactMask } from '../../../src/facts/mask-facts.ts';
import { Secret } from '../../../src/facts/secret.ts';
import { asEpochMs } from '../../../src/facts/time.ts';
import { buildCall } from '../../fakes/build-call.ts';
import { buildServer } from '../../fakes/build-server.ts';

const CONFIGURED = 'configured-secret';
const LATER = 'access-token-of-later';
const server = { ...buildServer('files'), secrets: [new Secret(CONFIGURED)] };

/** What listeners get of facts that are published after the server was added. */
function publishAll(facts: readonly Fact[]): Fact[] {
  const got: Fact[] = [];
  const hub = createHub(
    (error) => {
      throw error;
    },
    createFactMask(() => [new Secret(LATER)]),
  );
  hub.publish({ fact: 'server_added', server });
  hub.subscribe((fact) => void got.push(fact));
  for (const fact of facts) hub.publish(fact);
  return got;
}

const planted = (text: string): string => `${text} ${CONFIGURED} ${LATER}`;
const common = { server: 'files', atMs: asEpochMs(1) } as const;

test('no listener gets a secret that a server or a client wrote into any text of a fact', () => {
  const facts: readonly Fact[] = [
    buildCall({
      server: 'files',
      operation: planted('method'),
      target: planted('tool'),
      requestId: planted('id'),
      client: { name: planted('name'), version: planted('version') },
      protocolVersion: planted('revision'),
      errorMessage: planted('failed with Authorization: Bearer abc123xyz9,'),
      errorStack: planted('at x --token=abc123xyz9'),
      argumentsText: planted('{}'),
    }),
    { fact: 'status', ...common, from: 'healthy', to: 'critical', reason: planted('x') },
    { fact: 'disagreement', server: 'files', disagrees: true, detail: planted('x') },
    { fact: 'tools_listed', server: 'files', names: [planted('tool')] },
    {
      fact: 'definitions',
      ...common,
      changes: [{ kind: 'tools', change: 'added', name: planted('tool') }],
    },
    {
      fact: 'child_exit',
      server: 'files',
      reason: 'exit_nonzero',
      code: 1,
      signal: null,
      stderrTail: planted('PASSWORD=abc123xyz9'),
    },
  ];
  const got = publishAll(facts);
  expect(got).toHaveLength(facts.length);
  const text = JSON.stringify(got);
  for (const secret of [CONFIGURED, LATER, 'abc123xyz9']) expect(text).not.toContain(secret);
  expect(got.map(({ fact }) => fact)).toEqual(facts.map(({ fact }) => fact));
});

test('a call without anything to mask is passed on as it is', () => {
  const call = buildCall({ server: 'files', target: 'read_file' });
  expect(publishAll([call])[0]).toBe(call);
});
