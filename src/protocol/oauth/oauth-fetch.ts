import type { FetchLike } from '@modelcontextprotocol/client';
import { Agent, fetch } from 'undici';
import type { HttpTarget, RemoteAccess } from '../../facts/server.ts';
import { INSTANCE_HEADER } from '../../facts/rules/request-origin.ts';
import type { EpochMs } from '../../facts/time.ts';
import { createConnector } from '../undici-connector.ts';
import { readText } from '../http/read-text.ts';
import { parseRetryAfter } from '../http/http-facts.ts';

/** Metadata documents and token responses are a few kilobytes. */
const BODY_BYTES_MAX = 256 * 1024;

/** What tokens are for: an MCP server, or another program's API. */
export type TokenTarget = Pick<HttpTarget, 'url'> & RemoteAccess;

export interface OAuthFetchOptions {
  /** Its certificate settings apply to its own address; its authorities are trusted elsewhere, too. */
  readonly target: TokenTarget;
  readonly userAgent: string;
  /** Of this process, for `INSTANCE_HEADER`. */
  readonly instance?: string;
  readonly nowMs: () => EpochMs;
  readonly signal: AbortSignal;
}

export interface LastExchange {
  readonly url: URL;
  /** Undefined if no response came. */
  readonly status?: number;
  readonly retryAfterMs?: number;
  /** Why none came. */
  readonly error?: unknown;
}

export interface OAuthFetch {
  readonly fetch: FetchLike;
  /** What the last request came to. */
  last(): LastExchange | undefined;
  close(): Promise<void>;
}

/** A `fetch` for one conversation with an authorization server, with bounded bodies. The SDK passes on no headers. */
export function createOAuthFetch({
  target,
  userAgent,
  instance,
  nowMs,
  signal,
}: OAuthFetchOptions): OAuthFetch {
  const { origin } = new URL(target.url);
  const agent = new Agent({ connect: createConnector(accessElsewhere(target)) });
  const ownAgent = new Agent({ connect: createConnector(target) });
  const named = {
    'user-agent': userAgent,
    ...(instance !== undefined && { [INSTANCE_HEADER]: instance }),
  };
  let last: LastExchange | undefined;

  async function send(address: string | URL, init: RequestInit = {}): Promise<Response> {
    const url = new URL(address);
    last = { url };
    // The SDK sends nothing else.
    const body =
      init.body instanceof URLSearchParams || typeof init.body === 'string'
        ? init.body.toString()
        : undefined;
    try {
      const response = await fetch(url, {
        method: init.method ?? 'GET',
        headers: { ...named, ...Object.fromEntries(new Headers(init.headers)) },
        ...(body !== undefined && { body }),
        redirect: init.redirect ?? 'follow',
        signal,
        dispatcher: url.origin === origin ? ownAgent : agent,
      });
      const text = await readText(response.body, BODY_BYTES_MAX);
      const { status } = response;
      const retryAfter = response.headers.get('retry-after') ?? undefined;
      const retryAfterMs = parseRetryAfter(retryAfter, nowMs());
      last = { url, status, ...(retryAfterMs !== undefined && { retryAfterMs }) };
      const isBodiless = status === 204 || status === 205 || status === 304;
      const headers = Object.fromEntries(response.headers);
      return new Response(isBodiless ? null : text, { status, headers });
    } catch (error) {
      last = { url, error };
      // The SDK goes on to other addresses after other errors, and may end up sending the secret to one of them.
      throw error instanceof TypeError
        ? error
        : new TypeError('the request failed', { cause: error });
    }
  }

  return {
    fetch: send,
    last: () => last,
    async close() {
      await Promise.all([agent.destroy(), ownAgent.destroy()]);
    },
  };
}

/** The client certificate and its key are for the server alone. */
function accessElsewhere({ tlsCa, proxy }: RemoteAccess): RemoteAccess {
  return {
    tlsSkipVerify: false,
    ...(tlsCa !== undefined && { tlsCa }),
    ...(proxy && { proxy }),
  };
}
