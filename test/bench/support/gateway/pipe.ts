import type { ChildProcess } from 'node:child_process';

/** A conversation in lines over the standard streams of a child, with any number of requests in flight. */
export interface Pipe {
  /** The line that answers; rejects when the child ends. */
  request(line: string, id: number): Promise<string>;
  notify(line: string): void;
}

export function openPipe(child: ChildProcess): Pipe {
  const { stdin, stdout } = child;
  if (!stdin || !stdout) throw new Error('the child has no pipes');
  const waiting = new Map<
    number,
    { resolve: (line: string) => void; reject: (e: Error) => void }
  >();
  let rest = '';
  stdout.setEncoding('utf8');
  stdout.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const id = Number(/"id":(\d+)/.exec(line)?.[1]);
      const waiter = waiting.get(id);
      waiting.delete(id);
      waiter?.resolve(line);
    }
  });
  child.on('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error('the child ended'));
    waiting.clear();
  });
  stdin.on('error', () => undefined);
  return {
    request(line, id) {
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        stdin.write(`${line}\n`);
      });
    },
    notify: (line) => void stdin.write(`${line}\n`),
  };
}
