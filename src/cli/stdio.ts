import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { findConfig } from '../adapters/config/find-config.ts';
import { loadConfig } from '../adapters/config/load-config.ts';
import { formatProblems } from '../adapters/config/problem.ts';
import { createHttpChannel } from '../adapters/gateway/http-channel.ts';
import type { ChannelFailure, MessageChannel } from '../adapters/gateway/message-channel.ts';
import type { Clock } from '../domain/clock.ts';
import { redact } from '../domain/secret.ts';
import type { ServerSpec } from '../domain/server.ts';
import { createStdioBridge } from '../gateway/bridge-stdio.ts';
import { createChildChannels, openDirect } from '../open-channel.ts';
import { EXIT, type ExitCode } from './command-context.ts';

export interface StdioOptions {
  readonly name: string;
  readonly config?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly clock: Clock;
  /** Resolves when the process shall end. */
  readonly ended: Promise<unknown>;
}

const ASK_MS_MAX = 1_500;
const LAST_ANSWERS_MS_MAX = 5_000;

/**
 * Stands where a client's configuration had the server's command: passes its lines to the gateway and back. If the
 * gateway is not there, it starts the server itself, so that monitoring never is the outage.
 */
export async function stdio(options: StdioOptions): Promise<ExitCode> {
  const complain = (line: string): void => {
    options.stderr.write(`mcp-exporter: ${line}\n`);
  };
  const file = options.config ?? (await findConfig());
  if (file === undefined) {
    complain('no configuration: name one with --config');
    return EXIT.usage;
  }
  const loaded = await loadConfig({ path: file, env: options.env });
  if (!loaded.ok) {
    options.stderr.write(`${formatProblems(loaded.problems)}\n`);
    return EXIT.usage;
  }
  const spec = loaded.config.servers.find((server) => server.name === options.name);
  if (!spec) {
    complain(`${file} has no server ${JSON.stringify(options.name)}`);
    return EXIT.usage;
  }
  const { listen } = loaded.config.gateway;
  const gateway =
    listen &&
    `http://${listen.host.includes(':') ? `[${listen.host}]` : listen.host}:${listen.port}`;
  return bridge(spec, gateway || undefined, options, complain);
}

async function bridge(
  spec: ServerSpec,
  gateway: string | undefined,
  options: StdioOptions,
  complain: (line: string) => void,
): Promise<ExitCode> {
  const children = createChildChannels(options.clock);
  const channels: MessageChannel[] = [];
  const { promise: lost, resolve: lose } = Promise.withResolvers<ChannelFailure>();
  const unobserved = (why: string): void =>
    complain(`${why}; ${spec.name} is served directly and unobserved`);
  const listener = {
    onMessage: (text: string) => stdioBridge.fromServer(text),
    onClose: (failure: ChannelFailure) => lose(failure),
  };
  const isThere = gateway !== undefined && (await knowsServer(gateway, spec.name));
  if (!isThere)
    unobserved(
      gateway === undefined
        ? 'the gateway is switched off'
        : `no gateway that knows it answers at ${gateway}`,
    );

  const observed = isThere
    ? createHttpChannel(
        {
          url: new URL(`${gateway}/${encodeURIComponent(spec.name)}/mcp`),
          headers: {},
          tls: { rejectUnauthorized: true },
        },
        {
          ...listener,
          onUndelivered(text) {
            unobserved(`the gateway at ${gateway} went away`);
            stdioBridge.onUndelivered(text);
          },
        },
      )
    : undefined;
  if (observed) channels.push(observed);
  const stdioBridge = createStdioBridge(observed, {
    toClient: (text) => void options.stdout.write(`${text}\n`),
    async openDirect() {
      const opening = await openDirect(spec, children, listener);
      if (opening.ok) {
        channels.push(opening.channel);
        return opening.channel;
      }
      lose(opening.failure);
      return undefined;
    },
  });

  const lines = createInterface({ input: options.stdin, crlfDelay: Number.POSITIVE_INFINITY });
  lines.on('line', (line) => {
    if (line.trim() !== '') stdioBridge.fromClient(line);
  });
  const closed = new Promise<'end'>((resolve) => lines.once('close', () => resolve('end')));
  const how = await Promise.race([closed, lost, options.ended.then(() => 'end' as const)]);
  if (how === 'end') await answersIn(stdioBridge.pending);
  else complain(`${spec.name}: ${redact(how.detail, spec.secrets)}`);
  lines.close();
  await Promise.all(channels.map((channel) => channel.close()));
  children.killChildren();
  return how === 'end' ? EXIT.ok : EXIT.failed;
}

/** Whether our own gateway listens there, and not some other program, and has this server. */
async function knowsServer(gateway: string, name: string): Promise<boolean> {
  try {
    const answer = await fetch(`${gateway}/-/identity?server=${encodeURIComponent(name)}`, {
      signal: AbortSignal.timeout(ASK_MS_MAX),
      redirect: 'error',
    });
    const said = (await answer.json()) as {
      readonly service?: unknown;
      readonly knowsServer?: unknown;
    };
    return said.service === 'mcp-exporter' && said.knowsServer === true;
  } catch {
    return false;
  }
}

async function answersIn(pending: () => number): Promise<void> {
  const deadline = Date.now() + LAST_ANSWERS_MS_MAX;
  while (pending() > 0 && Date.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 20));
}
