import { expect, test } from 'vitest';
import { startChannelGateway } from '../../../fakes/start-channel-gateway.ts';

// Goal: a child that starts slowly is not taken for a legacy server, and one that never answers is.
// Method: a scripted channel and a fake clock.

const START_MS = 30_000;
const ANSWER_MS = 100_000;
const LIMITS = { discoverTimeoutMs: START_MS, answerTimeoutMs: ANSWER_MS };

/** `server/discover` on its way to a child that has not answered anything. */
async function discover(assumedEra: () => 'legacy' | undefined = () => undefined) {
  const started = await startChannelGateway({ ...LIMITS, assumedEra });
  const answer = started.postModern('d', 'server/discover');
  await expect.poll(() => started.sent.length).toBe(1);
  return { ...started, answer, wireId: started.sent[0]?.id };
}

test('a child that answers after its start timeout is modern all the same', async () => {
  const { clock, emit, answer, wireId, records } = await discover();
  await clock.advance(2.5 * START_MS);
  emit({ id: wireId, result: { supportedVersions: ['2026-07-28'] } });
  const response = await answer;
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ id: 'd', result: {} });
  expect(records).toMatchObject([{ outcome: 'success' }]);
});

test('a child that says nothing until the deadline of the request is a timeout, not a legacy server', async () => {
  const { clock, answer, records } = await discover();
  await clock.advance(ANSWER_MS);
  expect(await (await answer).json()).toMatchObject({
    id: 'd',
    error: { data: { reason: 'timeout' } },
  });
  expect(records).toMatchObject([{ outcome: 'timeout' }]);
});

test('a child that sent a notification runs, so that its silence makes it a legacy server', async () => {
  const { clock, emit, answer } = await discover();
  emit({ method: 'notifications/message', params: { level: 'info', data: 'ready' } });
  await clock.advance(START_MS);
  expect(await (await answer).json()).toMatchObject({
    error: { data: { reason: 'legacy_server' } },
  });
});

test('what the prober learns meanwhile decides about a silent child', async () => {
  let isLearned = false;
  const { clock, answer } = await discover(() => (isLearned ? 'legacy' : undefined));
  await clock.advance(START_MS);
  isLearned = true;
  await clock.advance(START_MS);
  const { error } = (await (await answer).json()) as { error: { message: string } };
  expect(error.message).toContain('did not answer server/discover within 60 s');
});
