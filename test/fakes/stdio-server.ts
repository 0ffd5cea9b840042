// A small MCP server over standard input and output; argv[2] holds its behaviour as JSON.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { StdioBehaviour } from './stdio-behaviour.ts';

const MODERN = '2026-07-28';
const behaviour = JSON.parse(process.argv[2] ?? '{}') as StdioBehaviour;

interface Message {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: Record<string, Record<string, unknown> | undefined>;
  readonly result?: unknown;
  readonly error?: { readonly code: number };
}

if (behaviour.exitAtOnce) {
  process.stderr.write(behaviour.exitAtOnce.stderr ?? '');
  process.exitCode = behaviour.exitAtOnce.code;
} else {
  run();
}

function run(): void {
  const version = startGrandchild() ?? '1.0.0';
  const serverInfo = { name: 'fake', version };
  let isModern = false;
  let hasTurned = false;
  let asked: Message | undefined;
  let answers: Message[] = [];
  let requests = 0;

  if (behaviour.isStubborn) {
    process.on('SIGTERM', () => {});
    setInterval(() => {}, 60_000);
  }
  const flooded = flood(behaviour.stderrBytes ?? 0);

  function send({
    id,
    ...fields
  }: {
    readonly id?: unknown;
    readonly [key: string]: unknown;
  }): void {
    const sentId = behaviour.idsAsText && typeof id === 'number' ? String(id) : id;
    const message = { ...fields, ...(id !== undefined && { id: sentId }) };

    for (let count = 0; count < (behaviour.garbageLines ?? 0); count += 1) {
      process.stdout.write(`listening, token is ${process.env['FAKE_TOKEN'] ?? 'unset'}\n`);
    }
    process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  }

  function refuse({ id }: Message, code: number, data?: unknown): void {
    send({ id, error: { code, message: 'refused', ...(data !== undefined && { data }) } });
  }

  function discover(message: Message): void {
    switch (hasTurned ? 'unknown_method' : (behaviour.discover ?? 'unknown_method')) {
      case 'modern':
      case 'legacy_versions': {
        isModern = behaviour.discover === 'modern';
        const supportedVersions = isModern ? [MODERN] : ['2025-11-25'];
        const meta = { 'io.modelcontextprotocol/serverInfo': serverInfo };
        const rest = { resultType: 'complete', ttlMs: 0, cacheScope: 'private' };
        const result = { supportedVersions, capabilities: { tools: {} }, _meta: meta, ...rest };
        setTimeout(() => send({ id: message.id, result }), behaviour.discoverDelayMs ?? 0);
        return;
      }
      case 'unknown_method':
        return refuse(message, -32601);
      case 'silent':
        return;
      case 'exit':
        process.stderr.write('Error: expect initialized request\n', () => process.exit(1));
    }
  }

  function initialize(message: Message): void {
    if (behaviour.initialize === 'silent') return;
    if (behaviour.initialize === 'take_over') {
      isModern = false;
      hasTurned = true;
    }
    if (isModern) return refuse(message, -32022, { supported: [MODERN] });
    if (behaviour.initialize === 'refuse') return refuse(message, -32000);
    send({
      id: message.id,
      result: { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo },
    });
  }

  function ping(message: Message): void {
    switch (behaviour.ping ?? 'answer') {
      case 'answer':
        return send({ id: message.id, result: {} });
      case 'unknown_method':
        return refuse(message, -32601);
      case 'silent':
        return;
      case 'crash':
        process.kill(process.pid, 'SIGSEGV');
        return;
      case 'huge_line':
        process.stdout.write(
          `{"jsonrpc":"2.0","id":0,"result":{"text":"${'x'.repeat(10_000_000)}"}}\n`,
        );
        return;
      case 'ask_first':
        asked = message;
        answers = [];
        send({ id: 'ask-1', method: 'ping' });
        send({ id: 0, method: 'sampling/createMessage', params: {} });
        return;
      case 'null_id':
        return send({ id: null, error: { code: -32700, message: 'unreadable' } });
    }
  }

  function onAnswer(message: Message): void {
    answers.push(message);
    if (asked && answers.length === 2) send({ id: asked.id, result: { answers } });
  }

  function listTools(message: Message): void {
    if (behaviour.refusesLists === true) return refuse(message, -32603);
    if (
      isModern &&
      message.params?.['_meta']?.['io.modelcontextprotocol/protocolVersion'] !== MODERN
    ) {
      return refuse(message, -32602);
    }
    const tools = [{ name: 'echo', inputSchema: { type: 'object' } }];
    const rest = isModern ? { resultType: 'complete', ttlMs: 0, cacheScope: 'private' } : {};
    send({ id: message.id, result: { tools, ...rest } });
    if (behaviour.exitsAfterList === true) process.exit(0);
  }

  const handlers: Record<string, (message: Message) => void> = {
    'server/discover': discover,
    initialize,
    ping,
    'tools/list': listTools,
    environment: ({ id }) => send({ id, result: { env: process.env, cwd: process.cwd() } }),
    ids: ({ id }) => send({ id, result: { id } }),
    flooded: ({ id }) => void flooded.then(() => send({ id, result: {} })),
    never: () => {},
  };

  function listen(): void {
    createInterface({ input: process.stdin }).on('line', (line) => {
      const message = JSON.parse(line) as Message;
      if (message.method === undefined) onAnswer(message);
      else if (message.id !== undefined && (requests += 1) > (behaviour.answersMax ?? Infinity))
        refuse(message, -32001);
      else if (message.id !== undefined)
        (handlers[message.method] ?? ((m) => refuse(m, -32601)))(message);
    });
  }

  setTimeout(listen, behaviour.startDelayMs ?? 0);
}

function startGrandchild(): string | undefined {
  if (behaviour.grandchild === undefined) return undefined;
  // `timeout` makes a process group of its own.
  const [command, ...args] =
    behaviour.grandchild === 'own_group'
      ? (['timeout', '900', 'sleep', '900'] as const)
      : (['sleep', '900'] as const);
  const grandchild = spawn(command, args, { stdio: 'inherit' });
  // It must not keep us alive: nothing but us would end it.
  grandchild.unref();
  return String(grandchild.pid);
}

/** Writes that much to standard error, as fast as it is read. */
function flood(totalBytes: number): Promise<void> {
  if (totalBytes === 0) return Promise.resolve();
  const line = `${'e'.repeat(99)}\n`.repeat(640);
  let leftBytes = totalBytes;
  return new Promise((resolve) => {
    const write = (): void => {
      leftBytes -= line.length;
      if (leftBytes > 0) process.stderr.write(line, write);
      else process.stderr.write('flooded\n', () => resolve());
    };
    write();
  });
}
