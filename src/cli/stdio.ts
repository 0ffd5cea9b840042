import { findConfig, readText } from '../settings/files.ts';
import { localUrl, peekGateway } from '../settings/gateway-address.ts';
import type { Problem } from '../settings/source-file.ts';
import { createHttpChannel, type HttpChannel } from '../protocol/http/http-channel.ts';
import type { TlsTrust } from '../protocol/http/connections.ts';
import { describeLimit } from '../protocol/lost-message.ts';
import type { ChannelFailure, MessageChannel } from '../protocol/message-channel.ts';
import { isRequest, type MessageFacts } from '../protocol/message-facts.ts';
import { createLineReader } from '../protocol/stdio/child-lines.ts';
import { endsWithin, resultUnlessAborted, startDeadline } from '../facts/deadline.ts';
import { renderRefusal } from '../facts/refusal.ts';
import { stripControls } from './strip-controls.ts';
import { maskText } from '../facts/rules/mask-text.ts';
import { Secret } from '../facts/secret.ts';
import type { ServerSpec } from '../facts/server.ts';
import type { TlsSettings } from '../facts/web-config.ts';
import { type BridgeRoute, createStdioBridge, type StdioBridge } from './bridge-stdio.ts';
import { askGateway, type GatewayAnswer } from './ask-gateway.ts';
import { type CommandContext, EXIT, type ExitCode } from './command-context.ts';
import { suggestName } from './suggest-name.ts';

export interface StdioOptions {
  readonly name: string;
  readonly config?: string | undefined;
}

/** Results of 10 MB and more have been seen in gateways. */
const LINE_BYTES_MAX = 64 * 1024 * 1024;
/** Output buffered for a client that does not read. */
const UNREAD_BYTES_MAX = 256 * 1024 * 1024;
/** How long to wait for pending answers after the end of standard input. */
const LAST_ANSWERS_MS_MAX = 10_000;
/** Clients kill a server two seconds after they close its input. */
const STOP_MS_MAX = 1_500;
/** A restarted gateway is available again within this time. */
const GATEWAY_RESTART_MS_MAX = 1_500;

type SessionEnd =
  { readonly how: 'input_ended' | 'stopped' } | { readonly how: 'lost'; readonly detail: string };

/**
 * Replaces the server's command in a client's configuration: passes lines between the client and the gateway. If the
 * gateway cannot be reached, it starts the server itself, so that monitoring never causes an outage.
 */
export async function stdio(options: StdioOptions, context: CommandContext): Promise<ExitCode> {
  const complain = (line: string): void => {
    context.stderr.stream.write(`mcp-exporter: ${line}\n`);
  };
  const file = options.config ?? (await findConfig());
  if (file === undefined) {
    complain('no configuration: name one with --config');
    return EXIT.usage;
  }
  const search = await findGateway(options.name, file, context);
  if (search.kind === 'unusable') {
    complain(search.message);
    return EXIT.usage;
  }
  return new StdioSession(options.name, search, context, complain).run();
}

type Search =
  /** The gateway is running and knows this server; the server's own configuration is read only if needed. */
  | {
      readonly kind: 'gateway';
      readonly url: string;
      readonly token?: Secret;
      readonly tls: TlsTrust;
      readonly load: () => Promise<FoundServer>;
    }
  /** The gateway cannot be used, for the given reason. */
  | { readonly kind: 'direct'; readonly why: string; readonly spec: ServerSpec }
  | { readonly kind: 'unusable'; readonly message: string };

async function findGateway(name: string, file: string, context: CommandContext): Promise<Search> {
  const load = (): Promise<FoundServer> => loadSpec(name, file, context);
  const peek = await peekGateway(file, readText);
  if (peek.kind === 'address') {
    const url = localUrl(peek.listen);
    const answer = await askGateway(url, name, context.clock);
    if (answer === 'knows_server')
      return { kind: 'gateway', url, tls: { tlsSkipVerify: false }, load };
    const found = await load();
    return found.ok
      ? { kind: 'direct', why: describeAbsence(answer, url), spec: found.spec }
      : { kind: 'unusable', message: found.message };
  }
  const found = await load();
  if (!found.ok) return { kind: 'unusable', message: found.message };
  const { listen, authentication } = found.gateway;
  const direct = (why: string): Search => ({ kind: 'direct', why, spec: found.spec });
  if (!listen) return direct('the gateway is switched off');
  const token = authentication?.bearerTokens[0]?.token;
  if (authentication && !token) return direct('the gateway takes no bearer token of its own file');
  const { tls: served } = found;
  if (served?.clientAuth.startsWith('Require'))
    return direct('the gateway asks for a certificate of its clients');
  const tls = {
    tlsSkipVerify: false,
    ...(served && { pinned: served.cert }),
  };
  const url = localUrl(listen, served ? 'https' : 'http');
  const answer = await askGateway(url, name, context.clock, tls);
  if (answer !== 'knows_server') return direct(describeAbsence(answer, url));
  return { kind: 'gateway', url, tls, ...(token && { token }), load: async () => found };
}

function describeAbsence(answer: Exclude<GatewayAnswer, 'knows_server'>, url: string): string {
  switch (answer) {
    case 'absent':
      return `no gateway answers at ${url}`;
    case 'other_program':
      return `what answers at ${url} is not this gateway`;
    case 'unknown_server':
      return `the gateway at ${url} does not have this server`;
  }
}

type FoundServer =
  | {
      readonly ok: true;
      readonly spec: ServerSpec;
      readonly gateway: {
        readonly listen?: { readonly host: string; readonly port: number };
        readonly authentication?: { readonly bearerTokens: readonly { readonly token: Secret }[] };
      };
      readonly tls: TlsSettings | undefined;
    }
  | { readonly ok: false; readonly message: string };

async function loadSpec(
  name: string,
  path: string,
  { env, stderr }: CommandContext,
): Promise<FoundServer> {
  const [{ loadOneServer }, { formatProblems }] = await Promise.all([
    import('../settings/load-config.ts'),
    import('../settings/source-file.ts'),
  ]);
  const format = (problems: readonly Problem[]): string => formatProblems(problems, 10);
  const loaded = await loadOneServer(name, { path, env });
  if (!loaded.ok) return { ok: false, message: format(loaded.problems) };
  const { spec, gateway, tls, names, problems } = loaded;
  if (!spec)
    return {
      ok: false,
      message: `${path} has no server ${JSON.stringify(name)}${suggestName(name, names)}`,
    };
  if (spec.unresolved !== undefined)
    return { ok: false, message: `${name} cannot be started: ${spec.unresolved}` };
  if (problems.length > 0)
    stderr.stream.write(
      `mcp-exporter: ${path} has mistakes elsewhere, which are passed over:\n${format(problems)}\n`,
    );
  return { ok: true, spec, gateway, tls };
}

/** One client, from its first line to the end of its standard input. */
class StdioSession {
  readonly #name: string;
  readonly #search: Exclude<Search, { kind: 'unusable' }>;
  readonly #context: CommandContext;
  readonly #complain: (line: string) => void;
  readonly #channels: MessageChannel[] = [];
  readonly #removals: (() => void)[] = [];
  readonly #ended = Promise.withResolvers<SessionEnd>();
  #observed: HttpChannel | undefined;

  constructor(
    name: string,
    search: Exclude<Search, { kind: 'unusable' }>,
    context: CommandContext,
    complain: (line: string) => void,
  ) {
    this.#name = name;
    this.#search = search;
    this.#context = context;
    this.#complain = complain;
  }

  async run(): Promise<ExitCode> {
    const route = await this.#openObserved();
    const bridge = createStdioBridge(route, {
      toClient: (text) => this.#toClient(text),
      openDirect: () => this.#openDirect(bridge),
      onReplayRefused: (message) =>
        this.#lose(`the server did not take the session over: ${message}`),
    });
    this.#fromServer = (text) => bridge.fromServer(text);
    this.#onUndelivered = (text) => bridge.onUndelivered(text);
    this.#listen(bridge);

    const end = await this.#ended.promise;
    if (end.how === 'lost') this.#complain(`${this.#name}: ${end.detail}`);
    await this.#finish(end, bridge);
    for (const remove of this.#removals) remove();
    return end.how === 'lost' ? EXIT.failed : EXIT.ok;
  }

  /** Waits for the last answers and closes everything, within the time limits of clients. */
  async #finish({ how }: SessionEnd, bridge: StdioBridge): Promise<void> {
    const { clock } = this.#context;
    const isStopped = this.#whenStopped();
    if (how === 'input_ended') {
      const deadline = startDeadline(clock, LAST_ANSWERS_MS_MAX);
      await Promise.race([
        isStopped,
        resultUnlessAborted(this.#whenAnswered(bridge), deadline.signal),
      ]);
      deadline.end();
    }
    const closed = Promise.all(this.#channels.map((channel) => channel.close()));
    await (how === 'input_ended'
      ? Promise.race([closed, isStopped])
      : endsWithin(clock, STOP_MS_MAX, closed));
  }

  async #whenAnswered(bridge: StdioBridge): Promise<void> {
    const { stream } = this.#context.stdout;
    await bridge.whenIdle();
    if (stream.writableLength === 0) return;
    const { promise: written, resolve } = Promise.withResolvers<void>();
    // Called once all earlier output is written.
    stream.write('', () => resolve());
    await written;
  }

  #fromServer: (text: string) => void = () => undefined;
  #onUndelivered: (text: string) => void = () => undefined;

  async #openObserved(): Promise<BridgeRoute | undefined> {
    if (this.#search.kind === 'direct') {
      this.#sayUnobserved(this.#search.why);
      return undefined;
    }
    const { url, token, tls } = this.#search;
    this.#observed = await createHttpChannel(
      {
        url: new URL(`${url}/${encodeURIComponent(this.#name)}/mcp`),
        headers: token ? { authorization: new Secret(`Bearer ${token.reveal()}`) } : {},
        tls,
        clock: this.#context.clock,
        restartMsMax: GATEWAY_RESTART_MS_MAX,
      },
      {
        onMessage: (text) => this.#fromServer(text),
        onClose: ({ detail }) => this.#lose(detail),
        onUndelivered: (text) => this.#onUndelivered(text),
      },
    );
    this.#channels.push(this.#observed);
    return this.#observed;
  }

  async #openDirect(bridge: StdioBridge): Promise<BridgeRoute | undefined> {
    const { clock, stderr } = this.#context;
    const opening = Promise.all([
      import('../protocol/open-channel.ts'),
      import('../protocol/stdio/child-messages.ts'),
    ]);
    const spec = await this.#specOfServer();
    if (!spec) return undefined;
    const [{ openDirect }, { createChildChannels }] = await opening;
    const children = createChildChannels(clock, {
      onErrorOutput: (chunk) => stderr.stream.write(chunk),
      onLost: (server, bytesMax) =>
        this.#complain(`${server} sent a message of more than ${bytesMax} bytes, which is lost`),
    });
    const removeListener = this.#context.onExit(() => children.killChildren());
    this.#removals.push(() => {
      children.killChildren();
      removeListener();
    });
    const result = await openDirect(
      spec,
      children,
      {
        onMessage: (text) => bridge.fromServer(text),
        onRequestFailed: (id, failure) => bridge.onUnanswered({ ...failure, id }),
        onClose: (failure) => this.#lose(describeFailure(failure, spec)),
      },
      clock,
    );
    if (result.ok) {
      this.#channels.push(result.channel);
      return result.channel;
    }
    this.#lose(describeFailure(result.failure, spec));
    return undefined;
  }

  async #specOfServer(): Promise<ServerSpec | undefined> {
    if (this.#search.kind === 'direct') return this.#search.spec;
    this.#observed?.retire();
    const found = await this.#search.load();
    if (!found.ok) {
      this.#lose(`the gateway went away, and the server cannot be started: ${found.message}`);
      return undefined;
    }
    this.#sayUnobserved(`the gateway at ${this.#search.url} went away`);
    return found.spec;
  }

  #sayUnobserved(why: string): void {
    this.#complain(`${why}; ${this.#name} is served directly and unobserved`);
  }

  #toClient(text: string): void {
    const { stream } = this.#context.stdout;
    stream.write(`${text}\n`);
    if (stream.writableLength > UNREAD_BYTES_MAX) this.#lose('the client does not read');
  }

  #lose(detail: string): void {
    this.#ended.resolve({ how: 'lost', detail });
  }

  #listen(bridge: StdioBridge): void {
    const { stdin, stdout } = this.#context;
    const lines = createLineReader({
      lineBytesMax: LINE_BYTES_MAX,
      onLine: (line) => bridge.fromClient(line),
      onOversizedLine: () => undefined,
      onSkimmedLine: (messages) => this.#refuseTooLarge(messages, bridge),
    });
    const end = (how: 'input_ended' | 'stopped') => () => this.#ended.resolve({ how });
    stdin.on('data', (chunk: Buffer) => lines.push(chunk));
    stdin.once('end', end('input_ended'));
    stdin.once('error', end('input_ended'));
    // The client has gone away.
    stdout.stream.once('error', end('stopped'));
    this.#removals.push(
      () => stdin.destroy(),
      this.#context.onFatal((error) =>
        this.#lose(error instanceof Error ? (error.stack ?? error.message) : String(error)),
      ),
    );
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      this.#removals.push(this.#context.onSignal(signal, end('stopped')));
  }

  /** Of the client. What it answers to a request of the server becomes an error, so that the server waits no longer. */
  #refuseTooLarge(messages: readonly MessageFacts[], bridge: StdioBridge): void {
    const refusal = (id: string | undefined): string =>
      renderRefusal('body_too_large', id, describeLimit(LINE_BYTES_MAX));
    for (const facts of messages) {
      if (isRequest(facts)) this.#toClient(refusal(facts.id));
      else if (facts.id !== undefined) bridge.fromClient(refusal(facts.id));
    }
    if (messages.length === 0) this.#toClient(refusal(undefined));
  }

  /** Resolves with the next signal, after which the shutdown must not wait any longer. */
  async #whenStopped(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      this.#removals.push(this.#context.onSignal(signal, resolve));
    this.#context.stdout.stream.once('error', () => resolve());
    await promise;
  }
}

function describeFailure({ detail }: ChannelFailure, { secrets }: ServerSpec): string {
  return `the server ended: ${stripControls(maskText(detail, secrets))}`;
}
