import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ByKind, UpstreamMessage, UpstreamTraffic } from './bench-upstreams.ts';

export interface Upstreams {
  readonly ports: ByKind<readonly number[]>;
  traffic(): Promise<ByKind<UpstreamTraffic>>;
  stop(): Promise<void>;
}

/** Starts so many listeners of each kind, all in one child process. */
export async function startUpstreams(counts: ByKind<number>): Promise<Upstreams> {
  const program = fileURLToPath(new URL('./bench-upstreams.ts', import.meta.url));
  const child = fork(program, [JSON.stringify(counts)], { execArgv: [] });
  const next = async (): Promise<UpstreamMessage> => {
    const [message] = (await once(child, 'message')) as [UpstreamMessage];
    return message;
  };
  const first = await next();
  if (!('ports' in first)) throw new Error('the upstreams did not start');
  return {
    ports: first.ports,
    async traffic() {
      const answered = next();
      child.send('traffic');
      const message = await answered;
      if (!('traffic' in message)) throw new Error('the upstreams answered something else');
      return message.traffic;
    },
    async stop() {
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    },
  };
}
