import { createInterface } from 'node:readline';

/** A stdio server without any library, which does what the name of the called tool says. */
interface Message {
  readonly id?: number | string;
  readonly method: string;
  readonly params?: { readonly name?: string };
}

const SERVER_INFO = { name: 'rough', version: '0' };

function say(line: string | Buffer): void {
  process.stdout.write(Buffer.concat([Buffer.from(line), Buffer.from('\n')]));
}

function answer(id: Message['id'], text: string): string {
  return JSON.stringify({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text }] } });
}

const TOOLS: Readonly<Record<string, (id: Message['id']) => void>> = {
  echo: (id) => say(answer(id, 'echo')),
  never: () => undefined,
  exit: () => process.exit(3),
  crash: () => process.kill(process.pid, 'SIGSEGV'),
  twice: (id) => {
    say(answer(id, 'first'));
    say(answer(id, 'second'));
  },
  'wrong id': (id) => say(answer(`not ${id}`, 'lost')),
  garbage: (id) => {
    say('Listening on nothing');
    say('{"jsonrpc":"2.0","id":');
    say(Buffer.from([0xff, 0xfe, 0x00]));
    say('');
    say('[]');
    say('{"level":"info"}');
    say('null');
    say(answer(id, 'after the garbage'));
  },
  'ten megabytes': (id) => say(answer(id, 'ü'.repeat(5_000_000))),
  'half a line': (id) => {
    process.stdout.write(answer(id, 'cut off').slice(0, 20));
    process.exit(0);
  },
};

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line) as Message;
  if (method === 'initialize') {
    const result = { protocolVersion: '2025-06-18', capabilities: {}, serverInfo: SERVER_INFO };
    say(JSON.stringify({ jsonrpc: '2.0', id, result }));
  } else if (method === 'tools/call') {
    TOOLS[params?.name ?? '']?.(id);
  }
});
