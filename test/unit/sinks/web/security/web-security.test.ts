import type { IncomingMessage } from 'node:http';
import bcrypt from 'bcryptjs';
import { expect, onTestFinished, test } from 'vitest';
import { createWebSecurity } from '../../../../../src/sinks/web/security/create-web-security.ts';
import { Secret } from '../../../../../src/facts/secret.ts';
import { REAL_CLOCK } from '../../../../fakes/real-clock.ts';

function requestOf(user: string, password: string): IncomingMessage {
  const credentials = Buffer.from(`${user}:${password}`).toString('base64');
  return { headers: { authorization: `Basic ${credentials}` } } as IncomingMessage;
}

test('an unknown user is refused, with a known password too, and takes as long as a known one', async () => {
  const users = { alice: new Secret(bcrypt.hashSync('right', 4)) };
  const security = createWebSecurity({ users, headers: {} }, REAL_CLOCK);
  onTestFinished(() => security.stop());
  const check = async (user: string, password: string) => {
    const startedMs = performance.now();
    const { kind } = await security.check(requestOf(user, password));
    return { kind, ms: performance.now() - startedMs };
  };
  expect(await check('alice', 'right')).toMatchObject({ kind: 'known' });
  expect(await check('mallory', 'right')).toMatchObject({ kind: 'refused' });
  const known: number[] = [];
  const unknown: number[] = [];
  for (let i = 0; i < 3; i++) {
    known.push((await check('alice', `wrong ${i}`)).ms);
    unknown.push((await check('mallory', `guess ${i}`)).ms);
  }
  // A hash of the usual cost takes sixty times as long.
  expect(Math.min(...unknown)).toBeLessThan(Math.min(...known) * 10);
});
