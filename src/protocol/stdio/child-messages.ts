import type { Clock } from '../../facts/ports/clock.ts';
import { maskText } from '../../facts/rules/mask-text.ts';
import type { ServerSpec, StdioTarget } from '../../facts/server.ts';
import type { ChannelListener, ChannelOpening, OpenChannel } from '../message-channel.ts';
import type { ChildEnd } from './child-end.ts';
import { replaceLost } from '../lost-message.ts';
import { createStdioClients, type StdioClient } from './stdio-client.ts';

/** Clients wait for each start, so that a program that was mended must not stay locked for long. */
const RESTART_DELAY_MS_MAX = 10_000;

/** Results of 10 MB and more have been seen in gateways. */
const LIMITS = { lineBytesMax: 64 * 1024 * 1024, unreadBytesMax: 16 * 1024 * 1024 };

export interface ChildListeners {
  /** A server sent a message of more than `bytesMax`, which is lost. */
  readonly onLost?: (server: string, bytesMax: number) => void;
  /** A child ended by itself, with these last lines on standard error. Not called if they were handed on as they came. */
  readonly onLastWords?: (server: string, end: ChildEnd) => void;
  /** Gets their standard error as it arrives. */
  readonly onErrorOutput?: (chunk: Buffer) => void;
}

export interface ChildChannels {
  /** Conversations with children of `spec`, one child each. */
  channelsOf(spec: StdioServer): OpenChannel;
  /** Synchronous, for the `exit` event of our own process. */
  killChildren(): void;
}

type StdioServer = Pick<ServerSpec, 'name' | 'secrets'> & { readonly target: StdioTarget };

/**
 * Message channels to children, for passing on messages of a client unchanged. A message over the limit is dropped,
 * since its sender would fill our memory; the request that it answers gets an error instead.
 */
export function createChildChannels(clock: Clock, listeners: ChildListeners = {}): ChildChannels {
  const clients = createStdioClients(clock);
  return {
    channelsOf(spec) {
      const { target, secrets } = spec;
      const mask = (text: string): string => maskText(text, secrets);
      const client = clients.clientOf({
        target,
        limits: LIMITS,
        mask,
        restartDelayMsMax: () => RESTART_DELAY_MS_MAX,
      });
      return (listener) => openChild(client, spec.name, listener, listeners);
    },
    killChildren: () => clients.killAll(),
  };
}

async function openChild(
  client: StdioClient,
  server: string,
  listener: ChannelListener,
  { onLost, onLastWords, onErrorOutput }: ChildListeners,
): Promise<ChannelOpening> {
  const delayMs = client.delayMs();
  if (delayMs > 0) {
    const waitS = Math.ceil(delayMs / 1000);
    return closed(`it ended too soon before, and is not started again for ${waitS} s`);
  }
  const start = await client.start();
  if (!start.ok) return closed(`it could not be started (${start.facts.code})`);
  const { child } = start;
  let hasServed = false;
  child.listen({
    onLine(line) {
      hasServed = true;
      listener.onMessage(line);
    },
    onOversizedLine: () => onLost?.(server, LIMITS.lineBytesMax),
    onSkimmedLine(messages) {
      const { unanswered, replies } = replaceLost(messages, LIMITS.lineBytesMax);
      for (const failed of unanswered) listener.onRequestFailed(failed.id, failed);
      for (const reply of replies) child.write(reply);
    },
    ...(onErrorOutput && { onErrorOutput }),
    onEnd(end) {
      // Once it has served, a client's call may have ended it: no reason to keep other clients waiting.
      if (!hasServed) client.noteEnd(end);
      if (end.wasStopped) return;
      if (onErrorOutput === undefined) onLastWords?.(server, end);
      listener.onClose({ refusal: 'child_exit', detail: describeEnd(end) });
    },
  });
  return {
    ok: true,
    channel: { send: (text) => child.write(text), close: () => child.close() },
  };
}

function closed(detail: string): ChannelOpening {
  return { ok: false, failure: { refusal: 'child_exit', detail } };
}

/** Reaches clients, so what the child wrote is not in it. */
function describeEnd({ code, signal }: ChildEnd): string {
  return signal === null ? `exit code ${code}` : `signal ${signal}`;
}
