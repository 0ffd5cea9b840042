import type { Clock } from '../facts/ports/clock.ts';
import type { AccessTokens } from './access-tokens.ts';
import type { ChannelListener, ChannelOpening, MessageChannel } from './message-channel.ts';
import type { ChildChannels } from './stdio/child-messages.ts';
import type { HttpTarget, RemoteAccess, ServerSpec } from '../facts/server.ts';

/** The connection settings of a remote server. */
export function remoteOf(target: HttpTarget): {
  readonly url: URL;
  readonly headers: HttpTarget['headers'];
  readonly tls: RemoteAccess;
} {
  return {
    url: new URL(target.url),
    headers: target.headers,
    tls: target,
  };
}

/** Opens a channel to the server itself, without the gateway. Never rejects. */
export async function openDirect(
  spec: ServerSpec,
  children: ChildChannels,
  listener: ChannelListener,
  clock: Clock,
): Promise<ChannelOpening> {
  const { target } = spec;
  if (target.kind === 'stdio') return children.channelsOf({ ...spec, target })(listener);
  const tokens = await tokensOf(spec, target, clock);
  const server: RemoteServer = { spec, target, ...(tokens && { tokens }) };
  if (target.transport === 'sse') return openSse(server, listener, clock);
  return openHttp(server, listener, clock);
}

interface RemoteServer {
  readonly spec: ServerSpec;
  readonly target: HttpTarget;
  readonly tokens?: AccessTokens;
}

async function tokensOf(
  { name }: ServerSpec,
  target: HttpTarget,
  clock: Clock,
): Promise<AccessTokens | undefined> {
  if (target.oauth === undefined) return undefined;
  const { createTokenSources } = await import('./oauth/token-sources.ts');
  return createTokenSources({ clock, userAgent: 'mcp-exporter' }).of({ name, target });
}

/** Imported on demand: a stdio client waits for every millisecond of its server's start. */
async function openSse(
  { spec: { monitor }, target, tokens }: RemoteServer,
  listener: ChannelListener,
  clock: Clock,
): Promise<ChannelOpening> {
  const { createSseChannels } = await import('./sse/sse-channel.ts');
  const channels = createSseChannels({
    ...remoteOf(target),
    tokens,
    clock,
    openTimeoutMs: () => monitor.startTimeoutMs,
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
  server: RemoteServer,
  listener: ChannelListener,
  clock: Clock,
): Promise<ChannelOpening> {
  const { target, tokens } = server;
  const { createHttpChannel } = await import('./http/http-channel.ts');
  let current: MessageChannel;
  /** According to the specification, an endpoint that refuses `initialize` may be one of HTTP+SSE. */
  const fallBack = async (text: string): Promise<void> => {
    const opening = await openSse(server, listener, clock);
    if (!opening.ok) {
      listener.onClose(opening.failure);
      return;
    }
    await current.close();
    current = opening.channel;
    current.send(text);
  };
  current = await createHttpChannel(
    { ...remoteOf(target), tokens, clock },
    {
      onMessage: (text) => listener.onMessage(text),
      onClose: (failure) => listener.onClose(failure),
      ...(target.transport === 'auto' && { onUnsuitable: (text) => void fallBack(text) }),
    },
  );
  return {
    ok: true,
    channel: { send: (text) => current.send(text), close: () => current.close() },
  };
}
