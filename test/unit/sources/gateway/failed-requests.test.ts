import { expect, onTestFinished, test } from 'vitest';
import type { CallRecord } from '../../../../src/facts/call-record.ts';
import type { Edge } from '../../../../src/sources/gateway/admission.ts';
import type { CallTracker } from '../../../../src/sources/gateway/call-tracker.ts';
import { createGateway } from '../../../../src/sources/gateway/create-gateway.ts';
import { failAdmitted } from '../../../../src/sources/gateway/fault.ts';
import type { AdmittedRequest, Upstream } from '../../../../src/sources/gateway/upstream.ts';
import { buildTracker, callsInto } from '../../../fakes/build-tracker.ts';
import { buildServer } from '../../../fakes/build-server.ts';
import { createFakeClock } from '../../../fakes/fake-clock.ts';

/* Goal: an exception before a request goes upstream is answered, reported and counted, each of its calls once. */
const OPEN: Edge = {
  admit: () => ({ ok: true, place: { enter: () => true, leave: () => undefined } }),
};
const LOAD = { sessions: {}, inFlight: {}, sessionless: {}, streams: {} };
const MISTAKE = new Error('a mistake');

async function start(
  handle: (admitted: AdmittedRequest, tracker: CallTracker) => void,
  edge = OPEN,
) {
  const clock = createFakeClock();
  const records: CallRecord[] = [];
  const faults: unknown[] = [];
  const createTracker = (server: string) =>
    buildTracker({ server, clock, hub: callsInto(records) });
  const gateway = createGateway({
    clock,
    edge,
    bodyBytesMax: 1_000,
    unknownServers: createTracker('_OTHER'),
    onFault: (error) => faults.push(error),
    createTracker,
    createUpstream: (_current, tracker) =>
      ({
        handle: (admitted: AdmittedRequest) => handle(admitted, tracker),
        hasSessionOf: () => false,
        load: () => LOAD,
        stop: () => Promise.resolve(),
      }) as unknown as Upstream,
  });
  gateway.apply([buildServer('a')]);
  const { port } = await gateway.listen('127.0.0.1', 0);
  onTestFinished(() => gateway.stop(0));
  const post = (body: string) => fetch(`http://127.0.0.1:${port}/a/mcp`, { method: 'POST', body });
  return { post, records, faults, clock };
}

const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
const COUNTED = { server: 'a', operation: 'ping', outcome: 'transport_error', status: 502 };

test('an upstream that throws costs no call', async () => {
  const { post, records, faults } = await start(() => {
    throw MISTAKE;
  });
  const answer = await post(`[${PING},${PING.replace('1', '2')}]`);
  expect(answer.status).toBe(502);
  expect(records).toMatchObject([COUNTED, { ...COUNTED, errorType: 'internal_error' }]);
  expect(faults).toEqual([MISTAKE]);
});

test('nor does one that throws later, before it has begun the call', async () => {
  const { post, records, faults } = await start((admitted, tracker) => {
    const options = { clock: createFakeClock(), onFault: (error: unknown) => faults.push(error) };
    queueMicrotask(() => failAdmitted({ ...options, tracker }, admitted, MISTAKE));
  });
  expect(await (await post(PING)).json()).toMatchObject({ id: 1, error: { code: -32603 } });
  expect(records).toMatchObject([COUNTED]);
  expect(faults).toEqual([MISTAKE]);
});

test('a call that was begun is not counted twice', async () => {
  const { post, records } = await start((admitted, tracker) => {
    admitted.arrival.isCounted = true;
    failAdmitted(
      { clock: createFakeClock(), onFault: () => undefined, tracker },
      admitted,
      MISTAKE,
    );
  });
  expect((await post(PING)).status).toBe(502);
  expect(records).toEqual([]);
});

test('an exception before the body was read counts as one request', async () => {
  const { post, records, faults } = await start(() => undefined, {
    admit() {
      throw MISTAKE;
    },
  });
  expect((await post(PING)).status).toBe(502);
  expect(records).toMatchObject([{ ...COUNTED, operation: '' }]);
  expect(faults).toEqual([MISTAKE]);
});
