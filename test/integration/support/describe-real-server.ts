import { beforeAll, describe, expect, test } from 'vitest';
import { isInstalled, type Observation, observeRealServer } from './observe-real-server.ts';
import type { RealServer } from './real-servers.ts';

const OBSERVE_MS_MAX = 150_000;

/** The tests that every real server must pass, over whichever transport. */
export function describeRealServer(server: RealServer): void {
  const where = `${server.name} (${server.madeWith}, ${server.protocolVersion})`;
  describe.skipIf(!isInstalled(server))(where, () => {
    let seen: Observation;
    beforeAll(async () => {
      seen = await observeRealServer(server);
    }, OBSERVE_MS_MAX);

    test('passes a steady check with its first connection', () => {
      expect(seen.first).toMatchObject({ kind: 'steady', outcome: 'ok' });
    });

    test('tells era, revision and transport in the handshake', () => {
      const { era, protocolVersion, transport } = server;
      expect(seen.first.identity).toMatchObject({ era, protocolVersion, transport });
      expect(seen.first.identity?.implementation).not.toBe('');
      expect(seen.deep.identity).toEqual(seen.first.identity);
    });

    test('passes a second steady check in what the first one has opened', () => {
      expect(seen.second).toMatchObject({ kind: 'steady', outcome: 'ok' });
      expect(seen.afterSecond).toEqual(expectedAfterSecond(server, seen));
    });

    test(`lists at least ${server.toolsMin} tools in a deep check`, () => {
      expect(seen.deep).toMatchObject({ kind: 'deep', outcome: 'ok' });
      const tools = seen.deep.snapshot?.lists.tools;
      expect(tools?.definitions.length).toBeGreaterThanOrEqual(server.toolsMin);
      expect(tools?.bytes).toBeGreaterThan(0);
    });

    test('is said to have served a fresh client only where there was one', () => {
      const said = server.transport === 'stdio' ? 'The kept process answered' : 'A fresh client';
      expect(seen.deep.detail).toContain(said);
    });

    test('keeps nothing of a deep check but the connection that stood before', () => {
      const { processes, openStreams, sessionsOpened, sessionsDeleted } = seen.afterDeep;
      const kept = server.hasSessions ? 1 : 0;
      expect(sessionsOpened - sessionsDeleted).toBe(kept);
      expect({ processes, openStreams }).toEqual({
        processes: seen.afterFirst.processes,
        openStreams: seen.afterFirst.openStreams,
      });
    });

    test('is left without process, stream or session when the connection closes', () => {
      for (const after of [seen.afterClose, seen.afterOnce]) {
        expect(after).toMatchObject({ processes: [], openStreams: 0 });
        expect(after.sessionsDeleted).toBe(after.sessionsOpened);
      }
      expect(seen.afterClose.sessionsOpened > 0).toBe(Boolean(server.hasSessions));
    });

    test('is found over its transport when nobody names one', () => {
      const { era, protocolVersion, transport } = server;
      expect(seen.once[0]?.identity).toMatchObject({ era, protocolVersion, transport });
    });

    const outcome = server.call?.outcome ?? 'ok';
    test(`ends a probe of its own with ${server.call?.tool ?? 'lists only'}: ${outcome}`, () => {
      const outcomes = seen.once.map((report) => report.outcome);
      expect(outcomes).toEqual(['ok', outcome]);
      expect(seen.once.at(-1)?.detail).not.toBe('');
    });
  });
}

/** Modern: one more discover. Legacy over HTTP without a session: one more initialize. Everything else: not even that. */
function expectedAfterSecond(server: RealServer, { afterFirst }: Observation): object {
  if (server.transport === 'stdio') return afterFirst;
  if (server.era === 'modern') return { ...afterFirst, discoveries: afterFirst.discoveries + 1 };
  if (server.transport === 'sse' || server.hasSessions) return afterFirst;
  return { ...afterFirst, initializations: afterFirst.initializations + 1 };
}
