import { findConfig } from '../settings/files.ts';
import { createHttpChannel, type HttpChannel } from '../protocol/http/http-channel.ts';
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
import { type BridgeRoute, createStdioBridge, type StdioBridge } from './bridge-stdio.ts';
import { askGateway } from './ask-gateway.ts';
import { type CommandContext, EXIT, type ExitCode } from './command-context.ts';
import { findGateway, type GatewayPlace, type Search } from './find-gateway.ts';
import { createGatewayWatch, type GatewayWatch } from './gateway-watch.ts';

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

/** One client, from its first line to the end of its standard input. */
class StdioSession {
  readonly #name: string;
  readonly #search: Exclude<Search, { kind: 'unusable' }>;
  readonly #context: CommandContext;
  readonly #complain: (line: string) => void;
  readonly #channels = new Set<Pick<MessageChannel, 'close'>>();
  readonly #removals: (() => void)[] = [];
  readonly #ended = Promise.withResolvers<SessionEnd>();
  /** Absent if the gateway cannot be used by its configuration. */
  readonly #watch: GatewayWatch | undefined;
  #bridge: StdioBridge | undefined;
  /** The connection to the gateway that is in use, or was until the gateway went away. */
  #observed: HttpChannel | undefined;
  /** A new one that has not taken over yet. */
  #returning: HttpChannel | undefined;
  #direct: Pick<MessageChannel, 'close'> | undefined;

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
    const { place } = search;
    const { clock } = context;
    this.#watch =
      place &&
      createGatewayWatch({
        clock,
        ask: async () => (await askGateway(place.url, name, clock, place.tls)) === 'knows_server',
        onFound: () => void this.#return(place),
      });
  }

  async run(): Promise<ExitCode> {
    const route = await this.#openFirst();
    const bridge = createStdioBridge(route, {
      toClient: (text) => this.#toClient(text),
      openDirect: () => this.#openDirect(),
      onReplayRefused: (message) =>
        this.#lose(`the server did not take the session over: ${message}`),
      onTakenOver: () => this.#endDirect(),
      onReturnFailed: () => this.#giveUpReturn(),
    });
    this.#bridge = bridge;
    this.#removals.push(() => this.#watch?.stop());
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
    this.#watch?.stop();
    const closed = Promise.all([...this.#channels].map((channel) => channel.close()));
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

  async #openFirst(): Promise<BridgeRoute | undefined> {
    if (this.#search.kind === 'gateway') {
      this.#observed = await this.#openObserved(this.#search.place);
      return this.#observed;
    }
    this.#sayUnobserved(this.#search.why);
    return undefined;
  }

  async #openObserved({ url, token, tls }: GatewayPlace): Promise<HttpChannel> {
    const channel: HttpChannel = await createHttpChannel(
      {
        url: new URL(`${url}/${encodeURIComponent(this.#name)}/mcp`),
        headers: token ? { authorization: new Secret(`Bearer ${token.reveal()}`) } : {},
        tls,
        clock: this.#context.clock,
        restartMsMax: GATEWAY_RESTART_MS_MAX,
      },
      {
        onMessage: (text) => this.#bridge?.fromServer(text, channel),
        onClose: ({ detail }) => this.#lose(detail),
        onUndelivered: (text) => this.#bridge?.onUndelivered(text, channel),
      },
    );
    this.#channels.add(channel);
    return channel;
  }

  /** The gateway is there again: it takes over once it has the session. */
  async #return(place: GatewayPlace): Promise<void> {
    this.#returning = await this.#openObserved(place);
    this.#bridge?.onGatewayBack(this.#returning);
  }

  #giveUpReturn(): void {
    void this.#close(this.#returning);
    this.#returning = undefined;
    this.#watch?.retry();
  }

  /** No request waits any more for what the new connection replaces. */
  #endDirect(): void {
    for (const channel of [this.#direct, this.#observed]) void this.#close(channel);
    this.#direct = undefined;
    this.#observed = this.#returning;
    this.#returning = undefined;
    this.#complain(`the gateway is back; ${this.#name} is observed again`);
  }

  async #close(channel: Pick<MessageChannel, 'close'> | undefined): Promise<void> {
    if (!channel) return;
    await channel.close();
    this.#channels.delete(channel);
  }

  async #openDirect(): Promise<BridgeRoute | undefined> {
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
        onMessage: (text) => this.#bridge?.fromServer(text),
        onRequestFailed: (id, failure) => this.#bridge?.onUnanswered({ ...failure, id }),
        onClose: (failure) => this.#lose(describeFailure(failure, spec)),
      },
      clock,
    );
    if (result.ok) {
      this.#direct = result.channel;
      this.#channels.add(result.channel);
      this.#watch?.start();
      return result.channel;
    }
    this.#lose(describeFailure(result.failure, spec));
    return undefined;
  }

  async #specOfServer(): Promise<ServerSpec | undefined> {
    const { place } = this.#search;
    if (this.#observed && place) {
      this.#observed.retire();
      this.#sayUnobserved(`the gateway at ${place.url} went away`);
    }
    if (this.#search.kind === 'direct') return this.#search.spec;
    const found = await this.#search.load();
    if (!found.ok) {
      this.#lose(`the gateway went away, and the server cannot be started: ${found.message}`);
      return undefined;
    }
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
