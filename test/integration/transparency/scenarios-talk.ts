import type { Message } from './peer.ts';
import {
  call,
  isMethod,
  legacyOnly,
  modernOnly,
  sawMethod,
  type Scenario,
  type Stage,
} from './scenario.ts';

const STEPS = 100;
const LOG_LEVEL = { 'io.modelcontextprotocol/logLevel': 'debug' };
const LISTS = ['tools', 'prompts', 'resources'];
const NAMES = ['a', 'b', 'c'];
const RESOURCE = 'test://watched';
const FORM = {
  type: 'object',
  properties: { name: { type: 'string' }, age: { type: 'integer' }, ok: { type: 'boolean' } },
  required: ['name'],
};

/** What arrives for this call is in the messages that the client received: the SDKs may drop it if the result is in the same chunk. */
function talk(stage: Stage, args: Record<string, unknown>, isSilent = false) {
  return call(stage, 'talk', args, {
    ...(stage.lane.era === 'modern' && !isSilent && { meta: LOG_LEVEL }),
    ...(!isSilent && { onprogress: () => undefined }),
  });
}

function ask(stage: Stage, method: string, params: Record<string, unknown>) {
  return call(stage, 'ask', { method, params });
}

function isLogOf({ params }: Message, name: string, step: number): boolean {
  const { data } = (params ?? {}) as { readonly data?: Message };
  return data?.['name'] === name && data['step'] === step;
}

/** Scenarios in which the server sends more than an answer. */
export const TALK: readonly Scenario[] = [
  {
    name: 'progress and log messages in order',
    run: (stage) => talk(stage, { steps: STEPS }),
  },
  {
    name: 'no progress and no log where none was asked for',
    run: (stage) => talk(stage, { steps: 3 }, true),
  },
  {
    name: 'progress of parallel calls',
    isUnordered: true,
    run: (stage) =>
      Promise.all(
        NAMES.map((name, index) =>
          call(stage, 'talk', { name, steps: 3 + index }, { onprogress: () => undefined }),
        ),
      ),
  },
  {
    name: 'log messages of parallel calls',
    isUnordered: true,
    run: async (stage) => {
      const isLegacy = stage.lane.era === 'legacy';
      const options = isLegacy ? {} : { meta: LOG_LEVEL };
      const together = NAMES.length;
      const calls = NAMES.map((name, index) =>
        call(stage, 'talk', { name, steps: 3 + index, together }, options),
      );
      const outcomes = await Promise.all(calls);
      // A bridge has them on the stream of the session, and the results on those of the calls.
      if (isLegacy)
        for (const [index, name] of NAMES.entries())
          await stage.clientSees((message) => isLogOf(message, name, 3 + index));
      return outcomes;
    },
  },
  {
    name: 'sampling',
    run: async (stage) => [
      await ask(stage, 'sampling/createMessage', {
        messages: [{ role: 'user', content: { type: 'text', text: 'who? ü' } }],
        maxTokens: 100,
        systemPrompt: 'brief',
      }),
      await ask(stage, 'sampling/createMessage', {
        messages: [{ role: 'user', content: { type: 'text', text: 'refuse' } }],
        maxTokens: 1,
      }),
    ],
  },
  {
    name: 'elicitation',
    run: async (stage) => {
      const answers: unknown[] = [];
      for (const message of ['accept ü', 'decline', 'cancel'])
        answers.push(await ask(stage, 'elicitation/create', { message, requestedSchema: FORM }));
      return answers;
    },
  },
  { name: 'roots', run: (stage) => ask(stage, 'roots/list', {}) },
  {
    name: 'roots/list_changed of the client',
    notApplicable: legacyOnly,
    run: async ({ peer, serverSees }) => {
      await peer.notify('notifications/roots/list_changed');
      await serverSees(sawMethod('notifications/roots/list_changed'));
    },
  },
  {
    name: 'logging/setLevel',
    notApplicable: legacyOnly,
    run: ({ peer }) => peer.request('logging/setLevel', { level: 'debug' }),
  },
  {
    name: 'subscription to a resource',
    notApplicable: legacyOnly,
    isUnordered: true,
    run: async (stage) => {
      const { peer, clientSees } = stage;
      const subscribed = await peer.request('resources/subscribe', { uri: RESOURCE });
      const announced = await call(stage, 'announce', { what: ['resource'], uri: RESOURCE });
      await clientSees(isMethod('notifications/resources/updated'));
      const unsubscribed = await peer.request('resources/unsubscribe', { uri: RESOURCE });
      return [subscribed, announced, unsubscribed];
    },
  },
  {
    name: 'changed lists',
    notApplicable: legacyOnly,
    isUnordered: true,
    run: async (stage) => {
      const announced = await call(stage, 'announce', { what: LISTS });
      for (const list of LISTS)
        await stage.clientSees(isMethod(`notifications/${list}/list_changed`));
      return announced;
    },
  },
  {
    name: 'subscriptions/listen',
    notApplicable: modernOnly,
    isUnordered: true,
    run: async (stage) => {
      const subscription = await stage.peer.listen({
        toolsListChanged: true,
        promptsListChanged: true,
        resourceSubscriptions: [RESOURCE],
      });
      const announced = await call(stage, 'announce', {
        what: [...LISTS, 'resource'],
        uri: RESOURCE,
      });
      for (const method of ['tools/list_changed', 'prompts/list_changed', 'resources/updated'])
        await stage.clientSees(isMethod(`notifications/${method}`));
      await subscription.close();
      const { route } = stage.lane;
      // An HTTP server sees the end of the stream only, unless the client itself sends both.
      if (route.client === 'http' || route.server === 'stdio')
        await stage.serverSees(sawMethod('notifications/cancelled'));
      return announced;
    },
  },
  {
    name: 'a stream that is resumed',
    notApplicable: (lane) =>
      legacyOnly(lane) ?? (lane.route.server === 'http' ? undefined : 'only over Streamable HTTP'),
    hasOwnClient: true,
    comparesStreams: true,
    run: (stage) => call(stage, 'resume'),
  },
];
