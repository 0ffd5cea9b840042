import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request as sendRequest } from 'node:http';
import { PassThrough } from 'node:stream';
import { text as readAll } from 'node:stream/consumers';
import { createSystemClock } from '../../../../../src/app/system-clock.ts';
import { stdio } from '../../../../../src/cli/stdio.ts';
import { createFakeContext, type FakeContext } from '../../../../fakes/fake-context.ts';
import { text } from './played-server.ts';

/** A client with one call, which does what the test says. */
export interface PlayedClient {
  /** Begins its session, if there is one. */
  open(): Promise<void>;
  call(): void;
  /** The client has seen this text in what it got so far. */
  seen(part: string): Promise<void>;
  cancel(): void;
  endSession(): void;
  closeStream(): void;
  /** Resolves when the server has taken the resumption. */
  comeBack(): Promise<void>;
  /** Another request of the session. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

const CALL_ID = 7;
const META = { progressToken: 'the-token' };
const CLIENT = { name: 'player', version: '1' };
const LEGACY = '2025-11-25';
const MODERN = '2026-07-28';
const INITIALIZE = text({
  id: 0,
  method: 'initialize',
  params: { protocolVersion: LEGACY, capabilities: {}, clientInfo: CLIENT },
});
const INITIALIZED = text({ method: 'notifications/initialized' });
const CALL = { id: CALL_ID, method: 'tools/call' };
const LEGACY_CALL = text({ ...CALL, params: { name: 'wait', arguments: {}, _meta: META } });
const ENVELOPE = {
  'io.modelcontextprotocol/protocolVersion': MODERN,
  'io.modelcontextprotocol/clientInfo': CLIENT,
  'io.modelcontextprotocol/clientCapabilities': {},
};
const MODERN_CALL = text({
  ...CALL,
  params: { name: 'wait', arguments: {}, _meta: { ...META, ...ENVELOPE } },
});
const MODERN_HEADERS = {
  'mcp-protocol-version': MODERN,
  'mcp-method': 'tools/call',
  'mcp-name': 'wait',
};
const CANCEL = text({ method: 'notifications/cancelled', params: { requestId: CALL_ID } });
const PING = text({ id: 8, method: 'ping' });

/** What a client has got, and who waits for a part of it. */
class Inbox {
  #text = '';
  #looks: (() => void)[] = [];

  add(chunk: string): void {
    this.#text += chunk;
    for (const look of this.#looks) look();
  }

  get text(): string {
    return this.#text;
  }

  seen(part: string): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.#text.includes(part)) resolve();
      };
      this.#looks.push(look);
      look();
    });
  }
}

abstract class HttpSender {
  protected readonly inbox = new Inbox();
  protected readonly headers: Record<string, string> = {};
  readonly #requests: ClientRequest[] = [];

  seen(part: string): Promise<void> {
    return this.inbox.seen(part);
  }

  async close(): Promise<void> {
    for (const request of this.#requests) request.destroy();
  }

  /** On a connection of its own; what comes back goes to the inbox. */
  protected send(
    method: string,
    url: string,
    body?: string,
    headers: Readonly<Record<string, string>> = {},
  ): ClientRequest {
    const request = sendRequest(url, {
      method,
      agent: false,
      headers: {
        accept: 'application/json, text/event-stream',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...this.headers,
        ...headers,
      },
    });
    this.#requests.push(request);
    request.on('error', () => undefined);
    request.on('response', (response) => {
      response.on('error', () => undefined);
      response.setEncoding('utf8').on('data', (chunk: string) => this.inbox.add(chunk));
    });
    request.end(body);
    return request;
  }

  /** Waits for the whole answer. */
  protected async exchange(method: string, url: string, body?: string): Promise<IncomingMessage> {
    const [response] = (await once(this.send(method, url, body), 'response')) as [IncomingMessage];
    await readAll(response);
    return response;
  }
}

/** Streamable HTTP; `modern`: revision 2026-07-28, without a session. */
export class HttpClient extends HttpSender implements PlayedClient {
  readonly #url: string;
  readonly #era: 'legacy' | 'modern';
  #call: ClientRequest | undefined;

  constructor(url: string, era: 'legacy' | 'modern') {
    super();
    this.#url = url;
    this.#era = era;
  }

  async open(): Promise<void> {
    if (this.#era === 'modern') return;
    const { headers } = await this.exchange('POST', this.#url, INITIALIZE);
    this.headers['mcp-session-id'] = String(headers['mcp-session-id']);
    this.headers['mcp-protocol-version'] = LEGACY;
    await this.exchange('POST', this.#url, INITIALIZED);
  }

  call(): void {
    this.#call =
      this.#era === 'modern'
        ? this.send('POST', this.#url, MODERN_CALL, MODERN_HEADERS)
        : this.send('POST', this.#url, LEGACY_CALL);
  }

  cancel(): void {
    this.send('POST', this.#url, CANCEL);
  }

  endSession(): void {
    this.send('DELETE', this.#url);
  }

  closeStream(): void {
    this.#call?.destroy();
  }

  async comeBack(): Promise<void> {
    this.#call?.destroy();
    await once(this.send('GET', this.#url, undefined, { 'last-event-id': '1' }), 'response');
  }

  async ping(): Promise<void> {
    await this.exchange('POST', this.#url, PING);
  }
}

/** HTTP+SSE. */
export class SseClient extends HttpSender implements PlayedClient {
  readonly #url: string;
  #stream: ClientRequest | undefined;
  #address = '';

  constructor(url: string) {
    super();
    this.#url = url;
  }

  async open(): Promise<void> {
    this.#stream = this.send('GET', this.#url);
    await this.seen('\n\n');
    const [, path = ''] = /data: (\S+)/.exec(this.inbox.text) ?? [];
    this.#address = new URL(path, this.#url).href;
    this.send('POST', this.#address, INITIALIZE);
    await this.seen('serverInfo');
  }

  call(): void {
    this.send('POST', this.#address, LEGACY_CALL);
  }

  cancel(): void {
    this.send('POST', this.#address, CANCEL);
  }

  endSession(): void {
    throw new Error('HTTP+SSE has no DELETE');
  }

  closeStream(): void {
    this.#stream?.destroy();
  }

  comeBack(): Promise<void> {
    throw new Error('HTTP+SSE cannot be resumed');
  }

  async ping(): Promise<void> {
    await this.exchange('POST', this.#address, PING);
  }
}

/** A stdio client with the command `mcp-exporter stdio NAME`, in this process. */
export class WrapperClient implements PlayedClient {
  readonly #start: () => RunningCommand;
  #command: RunningCommand;

  constructor(name: string, config: string) {
    this.#start = () => runCommand(name, config);
    this.#command = this.#start();
  }

  async open(): Promise<void> {
    this.#write(INITIALIZE);
    await this.seen('serverInfo');
    if (this.#command.context.err().includes('unobserved')) {
      // The machine was too busy for the gateway to say in time who it is.
      await this.close();
      this.#command = this.#start();
      await this.open();
      return;
    }
    this.#write(INITIALIZED);
  }

  call(): void {
    this.#write(LEGACY_CALL);
  }

  seen(part: string): Promise<void> {
    return this.#command.inbox.seen(part);
  }

  cancel(): void {
    this.#write(CANCEL);
  }

  endSession(): void {
    this.#command.context.send('SIGTERM');
  }

  closeStream(): void {
    this.#command.context.stdin.end();
  }

  comeBack(): Promise<void> {
    throw new Error('a pipe cannot be resumed');
  }

  async ping(): Promise<void> {
    this.#write(PING);
    await this.seen('"id":8');
  }

  async close(): Promise<void> {
    const { context, ended } = this.#command;
    context.send('SIGTERM');
    // With the second one it no longer waits for answers.
    context.send('SIGTERM');
    await ended;
  }

  #write(line: string): void {
    this.#command.context.stdin.write(`${line}\n`);
  }
}

interface RunningCommand {
  readonly context: FakeContext;
  readonly inbox: Inbox;
  readonly ended: Promise<unknown>;
}

function runCommand(name: string, config: string): RunningCommand {
  const context = createFakeContext();
  const inbox = new Inbox();
  const stream = new PassThrough();
  stream.setEncoding('utf8').on('data', (chunk: string) => inbox.add(chunk));
  const stdout = { ...context.stdout, stream };
  const ended = stdio({ name, config }, { ...context, clock: createSystemClock(), stdout });
  return { context, inbox, ended };
}
