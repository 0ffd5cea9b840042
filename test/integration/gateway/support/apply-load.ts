import { createRawClient } from './raw-client.ts';
import { call, renderPost } from './post-message.ts';

export interface LoadOptions {
  readonly port: number;
  readonly path: string;
  readonly clients: number;
  /** What a call is, by its number; `call` by default. */
  readonly body?: (number: number) => string;
}

export interface Load {
  /** Requests that were sent, by their number. */
  readonly sent: ReadonlySet<number>;
  /** HTTP status by number; nothing where the connection broke before a whole answer. */
  readonly answers: ReadonlyMap<number, number>;
  /** Bodies of answers that were no 200. */
  readonly refusals: readonly string[];
  /** Lets the calls in flight end, and sends no more. Resolves when all clients are done. */
  stop(): Promise<void>;
}

/** Clients that call one after the other on connections that they keep, until they are told to stop or find nobody. */
export function applyLoad({ port, path, clients, body = call }: LoadOptions): Load {
  const sent = new Set<number>();
  const answers = new Map<number, number>();
  const refusals: string[] = [];
  let isOver = false;
  let numbers = 0;

  async function run(): Promise<void> {
    const client = createRawClient(port);
    while (!isOver) {
      const number = ++numbers;
      sent.add(number);
      try {
        const answer = await client.exchange('POST', [
          renderPost({ port, path, body: body(number) }),
        ]);
        const status = Number(answer.startLine.slice(9, 12));
        if (answer.framing !== 'broken') answers.set(number, status);
        if (status !== 200) refusals.push(answer.body.toString());
      } catch {
        // Refused or cut: nobody is there any more.
        break;
      }
    }
    client.close();
  }

  const done = Promise.all(Array.from({ length: clients }, run));
  return {
    sent,
    answers,
    refusals,
    async stop() {
      isOver = true;
      await done;
    },
  };
}
