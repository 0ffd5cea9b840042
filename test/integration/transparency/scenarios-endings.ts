import type { Lane } from './lanes.ts';
import { call, type Scenario, type Stage } from './scenario.ts';

const remoteOnly = ({ route }: Lane): string | undefined =>
  route.server === 'stdio' ? 'a process has no sessions to lose' : undefined;
const stdioOnly = ({ route }: Lane): string | undefined =>
  route.server === 'stdio' ? undefined : 'only a process can exit';

function waits(stage: Stage, name: string): Promise<void> {
  return stage.serverSees(({ waits }) => waits === name);
}

function aborts(stage: Stage, name: string): Promise<void> {
  return stage.serverSees(({ aborted }) => aborted === name);
}

/** Scenarios in which something ends early. */
export const ENDINGS: readonly Scenario[] = [
  {
    name: 'cancelled by the client',
    run: async (stage) => {
      const controller = new AbortController();
      const { signal } = controller;
      const calling = call(stage, 'wait', { name: 'cancelled' }, { signal });
      await waits(stage, 'cancelled');
      controller.abort('the user changed their mind');
      const outcome = await calling;
      await aborts(stage, 'cancelled');
      return [outcome, await call(stage, 'echo', { still: 'there' })];
    },
  },
  {
    name: 'timeout of the client',
    // A busy server may begin after it.
    isUnordered: true,
    run: async (stage) => {
      const calling = call(stage, 'wait', { name: 'timeout' }, { timeout: 1_000 });
      await waits(stage, 'timeout');
      const outcome = await calling;
      await aborts(stage, 'timeout');
      return [outcome, await call(stage, 'echo', { still: 'there' })];
    },
  },
  {
    name: 'the client ends the session',
    hasOwnClient: true,
    run: async ({ peer }) => {
      await peer.terminate();
      return peer.request('tools/list');
    },
  },
  {
    name: 'the server restarts',
    hasOwnClient: true,
    notApplicable: remoteOnly,
    run: async (stage) => {
      await stage.forget();
      const lost = await call(stage, 'echo', { after: 'the restart' });
      const again = await stage.connect();
      return [lost, await call({ peer: again }, 'echo', { with: 'a new client' })];
    },
  },
  {
    name: 'the server exits during a call',
    hasOwnClient: true,
    notApplicable: stdioOnly,
    run: async (stage) => {
      const lost = await call(stage, 'exit');
      const again = await stage.connect();
      return [lost, await call({ peer: again }, 'echo', { with: 'a new client' })];
    },
  },
];
