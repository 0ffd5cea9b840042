import { expect, test } from 'vitest';
import type { Definition } from '../../../src/facts/capability-snapshot.ts';
import { inputShapeOf } from '../../../src/facts/rules/input-shape.ts';
import { factsOfMessage, type MessageFacts } from '../../../src/protocol/message-facts.ts';
import { type FindListed, judgeAnswer, noteListed } from '../../../src/protocol/judge-answer.ts';
import { asEpochMs, asMonotonicMs } from '../../../src/facts/time.ts';

const ECHO: Definition = {
  name: 'echo',
  hash: '',
  description: '',
  input: inputShapeOf({ required: ['message'] })!,
};
const listsEcho: FindListed = (_kind, name) => (name === 'echo' ? ECHO : 'unlisted');

function message(value: object): MessageFacts {
  const facts = factsOfMessage({ jsonrpc: '2.0', id: 1, ...value });
  if (!facts) throw new Error('no message');
  return facts;
}

function request(name: string, args: object = { message: 'x' }, bytes = 100) {
  const carrier = {
    transport: 'http',
    verb: 'POST',
    era: 'legacy',
    receivedAtMs: asEpochMs(0),
    receivedMs: asMonotonicMs(0),
    bytes,
  } as const;
  const facts = message({ method: 'tools/call', params: { name, arguments: args } });
  return { facts, carrier };
}

const failed = (text: string): MessageFacts =>
  message({ result: { isError: true, content: [{ type: 'text', text }] } });
const answered = message({ result: { content: [] } });

test('a tool that fails is its own error, and a mistake is the caller’s with its own type', () => {
  const judge = (call: ReturnType<typeof request>, answer: MessageFacts) =>
    judgeAnswer(call, answer, new Set(), listsEcho);
  expect(judge(request('echo'), failed('disk is broken'))).toMatchObject({ outcome: 'tool_error' });
  const mistake = { outcome: 'client_error', status: 400, errorType: 'invalid_params' };
  expect(judge(request('echo', {}), failed('disk is broken'))).toEqual(mistake);
  expect(judge(request('nothing'), failed('disk is broken'))).toEqual(mistake);
});

test('a JSON-RPC error of the server is a mistake where the name or the arguments say so', () => {
  const error = message({ error: { code: -32603, message: 'Unknown tool: x' } });
  expect(judgeAnswer(request('x'), error, new Set(), undefined).outcome).toBe('client_error');
  expect(judgeAnswer(request('echo'), error, new Set(), listsEcho).outcome).toBe('rpc_error');
  expect(judgeAnswer(request('echo', {}), error, new Set(), listsEcho).outcome).toBe(
    'client_error',
  );
});

test('a tool that has answered exists although the list of our checks does not have it', () => {
  const proven = new Set<string>();
  const judge = (answer: MessageFacts) =>
    judgeAnswer(request('private'), answer, proven, listsEcho).outcome;
  expect(judge(failed('disk is broken'))).toBe('client_error');
  expect(judge(answered)).toBe('success');
  expect(judge(failed('disk is broken'))).toBe('tool_error');
});

test('a tool that a client was offered exists although the list of our checks does not have it', () => {
  const proven = new Set<string>();
  noteListed(proven, ['private']);
  const verdict = judgeAnswer(request('private'), failed('disk is broken'), proven, listsEcho);
  expect(verdict.outcome).toBe('tool_error');
});

test('names that have answered are bounded, and then no name is unlisted', () => {
  const proven = new Set<string>();
  for (let index = 0; index < 5_000; index += 1)
    judgeAnswer(request(`tool-${index}`), answered, proven, listsEcho);
  expect(proven.size).toBe(1_000);
  const verdict = judgeAnswer(request('nothing'), failed('broken'), proven, listsEcho);
  expect(verdict.outcome).toBe('tool_error');
});

test('the arguments of a request that was too large to be parsed whole are not judged', () => {
  const { facts, carrier } = request('echo', {}, 300_000);
  const { arguments: _unread, ...unread } = facts;
  const verdict = judgeAnswer({ facts: unread, carrier }, failed('no'), new Set(), listsEcho);
  expect(verdict.outcome).toBe('tool_error');
});
