import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { EchoQuestion, EchoReply } from './echo-server.ts';
import type { LoadCommand, LoadReply } from './load-protocol.ts';

/** A forked program that answers each message with one message. */
interface Worker<Question, Reply> {
  readonly first: Reply;
  ask(question: Question): Promise<Reply>;
  stop(): Promise<void>;
}

async function startWorker<Question extends object | string, Reply>(
  file: string,
): Promise<Worker<Question, Reply>> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), { execArgv: [] });
  const first = await next<Reply>(child, file);
  return {
    first,
    ask(question) {
      const reply = next<Reply>(child, file);
      child.send(question);
      return reply;
    },
    async stop() {
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    },
  };
}

function next<Reply>(child: ChildProcess, file: string): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: unknown): void => {
      child.off('exit', onExit);
      resolve(message as Reply);
    };
    const onExit = (): void => {
      child.off('message', onMessage);
      reject(new Error(`${file} ended`));
    };
    child.once('message', onMessage);
    child.once('exit', onExit);
  });
}

export type EchoWorker = Worker<EchoQuestion, EchoReply>;
export type LoadWorker = Worker<LoadCommand, LoadReply>;

export const startEchoServer = (): Promise<EchoWorker> => startWorker('./echo-server.ts');
export const startLoadWorker = (): Promise<LoadWorker> => startWorker('./load-worker.ts');
