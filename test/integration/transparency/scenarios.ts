import { createHash } from 'node:crypto';
import { type Lane, usesStdio } from './lanes.ts';
import { ENDINGS } from './scenarios-endings.ts';
import { TALK } from './scenarios-talk.ts';
import { call, legacyOnly, modernOnly, type Scenario } from './scenario.ts';

const PARALLEL = 50;
const LARGE_BYTES = 20_000_000;
/** Below `gateway.bodyLimit`. */
const LARGE_ARGUMENT_BYTES = 5_000_000;
/** The SDKs read standard input and output, and version 2 event streams too, in a time that grows with the square of the length. */
const STDIO_BYTES = 200_000;
const UNICODE = 'zażółć 漢字 🧑‍🚀 \u2028\u2029 \u0000\u001f\u007f "\\/ é é 𝄞 \ufeff';
const LISTS = ['tools/list', 'prompts/list', 'resources/list', 'resources/templates/list'];
const NUMBERS = [0, -0.5, 1e21, 1e-7, 2 ** 53 - 1];

const REQUESTS: readonly Scenario[] = [
  {
    name: 'opening',
    isOpening: true,
    comparesStreams: true,
    run: async ({ peer }) => ({ era: peer.era, knows: peer.describe() }),
  },
  { name: 'ping', notApplicable: legacyOnly, run: ({ peer }) => peer.request('ping') },
  {
    name: 'server/discover',
    notApplicable: modernOnly,
    run: ({ peer }) => peer.request('server/discover'),
  },
  {
    name: 'lists, page by page',
    run: async ({ peer }) => {
      const pages: unknown[] = [];
      for (const list of LISTS)
        for (const cursor of [undefined, 'the rest / ü', 'no cursor of this server'])
          pages.push(await peer.request(list, cursor === undefined ? {} : { cursor }));
      return pages;
    },
  },
  {
    name: 'structured content, checked by the client',
    run: async ({ peer }) => {
      const listed = await peer.listTools();
      const args = { any: UNICODE, numbers: NUMBERS, nested: { deep: [{}, [], null, false] } };
      return [listed, await peer.callTool({ name: 'echo', arguments: args })];
    },
  },
  {
    name: '_meta in both directions',
    run: (stage) => call(stage, 'echo', {}, { meta: { 'test/own': { ü: [1] }, plain: UNICODE } }),
  },
  { name: 'tool error', run: (stage) => call(stage, 'fail') },
  { name: 'exception in a tool', run: (stage) => call(stage, 'throw') },
  {
    name: 'JSON-RPC errors',
    run: async (stage) => {
      const errors: unknown[] = [];
      for (const code of [-32_000, -32_002, -32_602, -32_603, -32_700, -1, 0, 40_000])
        errors.push(await call(stage, 'rpc-error', { code }));
      return errors;
    },
  },
  {
    name: 'unknown tool, prompt, resource and method',
    run: async (stage) => [
      await call(stage, 'no such tool ü'),
      await stage.peer.request('prompts/get', { name: 'none' }),
      await stage.peer.request('resources/read', { uri: 'test://none' }),
    ],
  },
  {
    name: 'prompts, resources and completion',
    run: async ({ peer }) => [
      await peer.request('prompts/get', { name: 'greet', arguments: { who: UNICODE } }),
      await peer.request('resources/read', { uri: 'test://text' }),
      await peer.request('resources/read', { uri: 'test://blob' }),
      await peer.request('resources/read', { uri: 'test://item/%C3%BC?q=1' }),
      await peer.request('completion/complete', {
        ref: { type: 'ref/prompt', name: 'greet' },
        argument: { name: 'who', value: 'ü' },
        context: { arguments: { other: 'value' } },
      }),
    ],
  },
  {
    name: 'notification of a kind of its own',
    notApplicable: legacyOnly,
    run: async ({ peer, serverSees }) => {
      await peer.notify('notifications/test', { any: UNICODE });
      await serverSees(({ message }) => message?.['method'] === 'notifications/test');
    },
  },
  {
    name: 'parallel calls',
    isUnordered: true,
    run: async (stage) =>
      Promise.all(
        Array.from({ length: PARALLEL }, (_, index) => call(stage, 'echo', { index, UNICODE })),
      ),
  },
  {
    name: 'large result',
    hasOwnClient: true,
    run: async (stage) =>
      digest(await call(stage, 'large', { bytes: largeBytes(stage.lane, LARGE_BYTES) })),
  },
  {
    name: 'large argument',
    hasOwnClient: true,
    run: async (stage) =>
      call(stage, 'measure', {
        text: 'ü漢🧑x'.repeat(largeBytes(stage.lane, LARGE_ARGUMENT_BYTES) / 10),
      }),
  },
];

export const SCENARIOS: readonly Scenario[] = [...REQUESTS, ...TALK, ...ENDINGS];

function largeBytes(lane: Lane, overHttp: number): number {
  return usesStdio(lane) || lane.client === 'v2' ? STDIO_BYTES : overHttp;
}

function digest(value: unknown): unknown {
  const text = JSON.stringify(value);
  if (text.length < 10_000) return value;
  return { length: text.length, sha256: createHash('sha256').update(text).digest('hex') };
}
