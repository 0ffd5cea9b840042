import { expect, test } from 'vitest';
import { run } from '../../../src/cli/run.ts';
import { createFakeContext } from '../../fakes/fake-context.ts';

test.each([
  [['add'], 'give either the names of servers or --all'],
  [['add', 'files', '--all', '--for', '1h'], 'give either the names of servers or --all'],
  [['add', 'files'], 'give --for or --until'],
  [['add', 'files', '--for', '1h', '--from', '22:00'], 'give --for or --until'],
  [['add', 'files', '--days', 'someday'], 'It must be days'],
  [['add', 'files', '--for', '1 hour'], 'It must be a duration'],
  [['cancel'], "missing required argument 'id'"],
])('the command maintenance %j is wrong, and says why', async (args, message) => {
  const context = createFakeContext();
  expect(await run(['maintenance', ...args], context)).toBe(2);
  expect(context.err()).toContain(message);
});
