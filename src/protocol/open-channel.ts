import type {
  ChannelListener,
  ChannelOpening,
  MessageChannel,
  OpenChannel,
} from './message-channel.ts';
import { NO_RESTARTS, rememberEnd, restartDelayMs } from './stdio/child-backoff.ts';
import { type Child, startChild } from './stdio/child-process.ts';
import { createProcessTable } from './stdio/process-usage.ts';
import type { Clock } from '../facts/ports/clock.ts';
import { redact } from '../facts/secret.ts';
import type { HttpTarget, ServerSpec, StdioTarget } from '../facts/server.ts';

/** Results of 10 MB and more do pass through real gateways. */
const CHILD_LIMITS = { lineBytesMax: 64 * 1024 * 1024, unreadBytesMax: 16 * 1024 * 1024 };

export interface ChildListeners {
  /** A server sent a message of more than `bytesMax`, which is lost. */
  readonly onLost?: (server: string, bytesMax: number) => void;
  /** Gets their standard error as it comes; without it its end goes into the reason of a failure. */
  readonly onErrorOutput?: (chunk: Buffer) => void;
}

export interface ChildChannels {
  /** Conversations with children of `spec`, one child each. */
  channelsOf(spec: ServerSpec & { readonly target: StdioTarget }): OpenChannel;
  /** For the last moment of our own process: synchronous, at once. */
  killChildren(): void;
}

/**
 * Makes message channels out of children, with a back-off for those that keep dying. A message beyond any use is thrown
 * away, since its sender would fill our memory; whoever waits for it runs into the timeout.
 */
export function createChildChannels(
  clock: Clock,
  { onLost, onErrorOutput }: ChildListeners = {},
): ChildChannels {
  const table = createProcessTable(clock);
  const children = new Set<Child>();

  function channelsOf(spec: ServerSpec & { readonly target: StdioTarget }): OpenChannel {
    let history = NO_RESTARTS;

    function noteEnd(startedMs: number): void {
      const atMs = clock.monotonicMs();
      history = rememberEnd(history, { livedMs: startedMs === 0 ? 0 : atMs - startedMs, atMs });
    }

    return async (listener) => {
      const waitMs = restartDelayMs(history, clock.monotonicMs());
      if (waitMs > 0) {
        return closed(
          `it ended too soon before, and is not started again for ${Math.ceil(waitMs / 1000)} s`,
        );
      }
      const start = await startChild(spec.target, table, clock, CHILD_LIMITS);
      if (!start.ok) {
        noteEnd(0);
        return closed(`it could not be started (${start.code})`);
      }
      const { child } = start;
      const startedMs = clock.monotonicMs();
      let isWanted = true;
      children.add(child);
      void child.gone.then(() => children.delete(child));
      child.listen({
        onLine: (line) => listener.onMessage(line),
        onOversizedLine: () => onLost?.(spec.name, CHILD_LIMITS.lineBytesMax),
        ...(onErrorOutput ? { onErrorOutput } : {}),
        onExit({ code, signal }) {
          if (!isWanted) return;
          noteEnd(startedMs);
          const stderr = onErrorOutput ? '' : redact(child.stderrTail(), spec.secrets);
          const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
          listener.onClose({
            refusal: 'child_exit',
            detail: stderr === '' ? how : `${how}; ${stderr}`,
          });
        },
      });
      return {
        ok: true,
        channel: {
          send: (text) => child.write(text),
          close() {
            isWanted = false;
            return child.close();
          },
        },
      };
    };
  }

  return {
    channelsOf,
    killChildren() {
      for (const child of children) child.killGroup();
    },
  };
}

function closed(detail: string): ChannelOpening {
  return { ok: false, failure: { refusal: 'child_exit', detail } };
}

/** The connection settings of a remote server, as the gateway's parts take them. */
export function remoteOf(target: HttpTarget): {
  readonly url: URL;
  readonly headers: HttpTarget['headers'];
  readonly tls: { readonly ca?: string; readonly rejectUnauthorized: boolean };
} {
  return {
    url: new URL(target.url),
    headers: target.headers,
    tls: {
      rejectUnauthorized: !target.tlsSkipVerify,
      ...(target.tlsCa === undefined ? {} : { ca: target.tlsCa }),
    },
  };
}

/** Talks to the server itself, past the gateway. Never rejects. */
export async function openDirect(
  spec: ServerSpec,
  children: ChildChannels,
  listener: ChannelListener,
): Promise<ChannelOpening> {
  const { target } = spec;
  if (target.kind === 'stdio') return children.channelsOf({ ...spec, target })(listener);
  if (target.transport === 'sse') return openSse(spec, target, listener);
  return openHttp(spec, target, listener);
}

/** Loaded where it is needed: a stdio client waits for each millisecond of its server's start. */
async function openSse(
  { monitor }: ServerSpec,
  target: HttpTarget,
  listener: ChannelListener,
): Promise<ChannelOpening> {
  const { createSseChannels } = await import('./sse/sse-channel.ts');
  const channels = createSseChannels({
    ...remoteOf(target),
    openTimeoutMs: monitor.startTimeoutMs,
  });
  const opening = await channels.open(listener);
  if (!opening.ok) {
    await channels.stop();
    return opening;
  }
  const { channel } = opening;
  return {
    ok: true,
    channel: {
      send: (text) => channel.send(text),
      async close() {
        await channel.close();
        await channels.stop();
      },
    },
  };
}

async function openHttp(
  spec: ServerSpec,
  target: HttpTarget,
  listener: ChannelListener,
): Promise<ChannelOpening> {
  const { createHttpChannel } = await import('./http/http-channel.ts');
  let current: MessageChannel;
  /** As the specification has it: an endpoint that refuses the opening may be one of HTTP+SSE. */
  const fallBack = async (text: string): Promise<void> => {
    const opening = await openSse(spec, target, listener);
    if (!opening.ok) {
      listener.onClose(opening.failure);
      return;
    }
    await current.close();
    current = opening.channel;
    current.send(text);
  };
  current = await createHttpChannel(remoteOf(target), {
    onMessage: (text) => listener.onMessage(text),
    onClose: (failure) => listener.onClose(failure),
    ...(target.transport === 'auto' ? { onUnsuitable: (text) => void fallBack(text) } : {}),
  });
  return {
    ok: true,
    channel: { send: (text) => current.send(text), close: () => current.close() },
  };
}
