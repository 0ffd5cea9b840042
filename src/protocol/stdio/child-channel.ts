import type { FailureFacts } from '../classify-failure.ts';
import {
  type Answer,
  METHOD_NOT_FOUND,
  parseMessages,
  type RpcId,
  type RpcMessage,
} from '../json-rpc.ts';
import type { JsonObject } from '../../facts/json-object.ts';
import type { StdioTarget } from '../../facts/server.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import { type Child, type ChildExit, LINE_BYTES_MAX, startChild } from './child-process.ts';
import { createOddLines } from './child-odd-lines.ts';
import { timeoutFacts } from '../timeout-facts.ts';
import type { ProcessTable } from './process-usage.ts';

/** Checks of one server never overlap, and a check has one request in flight; the rest are late answers. */
const PENDING_MAX = 64;

export type ChildReply =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly facts: FailureFacts };

export interface ChildEnd extends ChildExit {
  /** Whether we asked for it. */
  readonly wasStopped: boolean;
  readonly livedMs: number;
  readonly stderrTail: string;
}

/** JSON-RPC with one child: ids, pending requests, and what a client owes a server. */
export interface ChildChannel {
  readonly pid: number;
  readonly bytes: Child['bytes'];
  /** Resolves once the child and all that it started are gone. */
  readonly gone: Promise<void>;
  /**
   * Sends a request under an id of its own; `settle` is called once, never before this returns.
   *
   * @returns forgets the request: its answer is then dropped
   */
  send(
    method: string,
    params: JsonObject | undefined,
    settle: (reply: ChildReply) => void,
  ): () => void;
  /** Like `send`, until `signal` aborts. Never rejects. */
  request(method: string, params: JsonObject | undefined, signal: AbortSignal): Promise<ChildReply>;
  notify(method: string, params?: JsonObject): void;
  /** @returns stops listening */
  subscribe(listener: ChannelListener): () => void;
  end(): ChildEnd | undefined;
  pendingCount(): number;
  /** What the child printed since the last call that is no message, in words; empty if nothing. */
  takeOddities(): string;
  close(): Promise<void>;
  killGroup(): void;
}

export interface ChannelListener {
  onNotification?(message: JsonObject): void;
  onEnd?(end: ChildEnd): void;
}

export interface ChannelOptions {
  readonly target: StdioTarget;
  readonly table: ProcessTable;
  readonly clock: Clock;
  /** Applied to everything that the child wrote and a person may read. */
  mask(text: string): string;
  /** Time from the start to the child's first message. */
  onFirstMessage(pid: number, startMs: number): void;
  onEnd(channel: ChildChannel, end: ChildEnd): void;
}

export type ChannelStart =
  | { readonly ok: true; readonly channel: ChildChannel }
  | { readonly ok: false; readonly facts: FailureFacts };

/** Starts a child and talks JSON-RPC with it. Never rejects. */
export async function startChannel(options: ChannelOptions): Promise<ChannelStart> {
  const { target, table, clock } = options;
  const startedAtMs = clock.monotonicMs();
  const start = await startChild(target, table, clock);
  if (start.ok) return { ok: true, channel: createChannel(start.child, startedAtMs, options) };
  const code = options.mask(start.code);
  return { ok: false, facts: { kind: 'spawn', command: target.command, code } };
}

/** What the end of a child means for whoever waits for an answer. */
export function exitFacts(end: ChildEnd): FailureFacts {
  return {
    kind: 'exit',
    code: end.code,
    signal: end.signal,
    lastLine: tellingLine(end.stderrTail),
  };
}

function createChannel(child: Child, startedAtMs: number, options: ChannelOptions): ChildChannel {
  const { clock } = options;
  const pending = new Map<number, { readonly method: string; settle(reply: ChildReply): void }>();
  const listeners = new Set<ChannelListener>();
  const oddLines = createOddLines(options.mask);
  let lastId = 0;
  let isStopped = false;
  let hasAnswered = false;
  let ended: ChildEnd | undefined;

  function settleAll(factsFor: (method: string) => FailureFacts): void {
    const waiting = [...pending.values()];
    pending.clear();
    for (const { method, settle } of waiting) settle({ ok: false, facts: factsFor(method) });
  }

  function takePending(
    answer: Answer,
  ): { settle(reply: ChildReply): void; method: string } | undefined {
    const id = pendingIdOf(answer);
    const found = id === undefined ? undefined : pending.get(id);
    if (id !== undefined) pending.delete(id);
    return found;
  }

  function pendingIdOf(answer: Answer): number | undefined {
    const { id } = answer;
    if (typeof id === 'number' && pending.has(id)) return id;
    const [onlyId, ...others] = pending.keys();
    const isMadeUp = answer.kind === 'error' && !wasIssued(id);
    return isMadeUp && others.length === 0 ? onlyId : undefined;
  }

  function wasIssued(id: RpcId | null): boolean {
    return typeof id === 'number' && Number.isInteger(id) && id > 0 && id <= lastId;
  }

  function onAnswer(answer: Answer, line: string): void {
    const waiting = takePending(answer);
    if (!waiting) {
      // An answer that came after its limit is nothing odd.
      if (!wasIssued(answer.id)) oddLines.add('answers nothing', line);
    } else if (answer.kind === 'result') {
      waiting.settle({ ok: true, result: answer.result });
    } else {
      waiting.settle({
        ok: false,
        facts: { kind: 'rpc', error: answer.error, method: waiting.method },
      });
    }
  }

  function onMessage(message: RpcMessage, line: string): void {
    if (message.kind === 'invalid') {
      oddLines.add('is no JSON-RPC', line);
      return;
    }
    if (!hasAnswered) {
      hasAnswered = true;
      options.onFirstMessage(child.pid, clock.monotonicMs() - startedAtMs);
    }
    if (message.kind === 'request') answerServer(message.id, message.method);
    else if (message.kind === 'notification') {
      for (const listener of [...listeners]) listener.onNotification?.(message.body);
    } else onAnswer(message, line);
  }

  /** We offer no capability, but a server that asks all the same must not wait for ever. */
  function answerServer(id: RpcId, method: string): void {
    const error = { code: METHOD_NOT_FOUND, message: `Method not found: ${method}` };
    child.write(
      JSON.stringify({ jsonrpc: '2.0', id, ...(method === 'ping' ? { result: {} } : { error }) }),
    );
  }

  child.listen({
    onLine(line) {
      // Looked at first, since an exception for each line of a chatty server costs too much.
      const parsed = /^[[{]/u.test(line) ? parseMessages(line) : undefined;
      if (parsed?.ok) for (const message of parsed.messages) onMessage(message, line);
      else oddLines.add('is no JSON', line);
    },
    onOversizedLine() {
      const reason = `the server sent a line of more than ${LINE_BYTES_MAX / 1024 / 1024} MiB`;
      settleAll((method) => ({ kind: 'unusable', method, reason }));
    },
    onExit(exit) {
      const livedMs = clock.monotonicMs() - startedAtMs;
      ended = {
        ...exit,
        wasStopped: isStopped,
        livedMs,
        stderrTail: options.mask(child.stderrTail()),
      };
      const facts = exitFacts(ended);
      options.onEnd(channel, ended);
      settleAll(() => facts);
      for (const listener of [...listeners]) listener.onEnd?.(ended);
      listeners.clear();
    },
  });

  function refusal(method: string): FailureFacts | undefined {
    if (ended) return exitFacts(ended);
    if (pending.size < PENDING_MAX) return undefined;
    return { kind: 'unusable', method, reason: `${PENDING_MAX} requests wait for an answer` };
  }

  function send(
    method: string,
    params: JsonObject | undefined,
    settle: (reply: ChildReply) => void,
  ): () => void {
    const id = (lastId += 1);
    const refused = refusal(method);
    if (refused) {
      queueMicrotask(() => settle({ ok: false, facts: refused }));
      return () => {};
    }
    pending.set(id, { method, settle });
    // A line that is not taken needs no word: either the child is about to end, or it does not read and time runs out.
    child.write(JSON.stringify({ jsonrpc: '2.0', id, method, ...(params && { params }) }));
    return () => pending.delete(id);
  }

  const channel: ChildChannel = {
    pid: child.pid,
    bytes: child.bytes,
    gone: child.gone,
    send,
    request(method, params, signal) {
      const sentAtMs = clock.monotonicMs();
      return new Promise((resolve) => {
        const onAbort = (): void => {
          forget();
          const waitedMs = clock.monotonicMs() - sentAtMs;
          resolve({ ok: false, facts: timeoutFacts(`answer to ${method}`, waitedMs) });
        };
        const forget = send(method, params, (reply) => {
          signal.removeEventListener('abort', onAbort);
          resolve(reply);
        });
        if (signal.aborted) onAbort();
        else signal.addEventListener('abort', onAbort, { once: true });
      });
    },
    notify(method, params) {
      child.write(JSON.stringify({ jsonrpc: '2.0', method, ...(params && { params }) }));
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    end: () => ended,
    pendingCount: () => pending.size,
    takeOddities: () => oddLines.take(),
    close() {
      isStopped ||= ended === undefined;
      return child.close();
    },
    killGroup: () => child.killGroup(),
  };
  return channel;
}

/** Of a crash report the line that names the error: its last one is often only a version or a brace. */
function tellingLine(stderrTail: string): string {
  const lines = stderrTail.split('\n').filter((line) => line.trim() !== '');
  const naming = lines.findLast((line) =>
    /^(?=\S).*(?:error|exception|panic|fatal|not found|cannot)/iu.test(line),
  );
  return naming ?? lines.at(-1) ?? '';
}
