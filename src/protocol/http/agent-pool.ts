import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import type { HttpTarget } from '../../facts/server.ts';
import { tunnelThrough } from '../proxy-tunnel.ts';
import { tlsConnectOptions } from '../tls-options.ts';
import { createExpiryReader } from './certificate-expiry.ts';
import type { Connections } from './connections.ts';
import { closeIdleSockets, IDLE_MS_MAX } from './idle-connections.ts';

export interface AgentPool {
  /** The last lease of an origin that is released destroys its connections. */
  lease(target: HttpTarget): Connections;
}

const IDLE_SOCKETS_PER_ORIGIN_MAX = 16;
/** Node tries the addresses of a name in turn; its default of 250 ms gives up on distant servers. */
const ADDRESS_ATTEMPT_TIMEOUT_MS = 1_000;

/** Connections kept over all origins while idle: far below the files that a process may usually open. */
export const IDLE_SOCKETS_MAX = 2_000;

/**
 * Keep-alive connections, one agent per origin. `idleSocketsMax` bounds what is kept open over all origins: past it a
 * connection is closed after its answer, which costs the next check a new one and nothing else.
 */
export function createAgentPool(idleSocketsMax: number): AgentPool {
  const entries = new Map<string, { readonly agent: http.Agent; leases: number }>();
  const idle = createIdleCounter(idleSocketsMax);
  const expiryOf = createExpiryReader();
  return {
    lease(target) {
      const url = new URL(target.url);
      const key = JSON.stringify([
        url.protocol,
        url.host,
        target.tlsSkipVerify,
        target.tlsCa ?? null,
        target.tlsCert ?? null,
        target.tlsKey?.reveal() ?? null,
        target.tlsServerName ?? null,
        target.proxy?.reveal() ?? null,
      ]);
      const entry = entries.get(key) ?? { agent: createAgent(url, target, idle), leases: 0 };
      entries.set(key, entry);
      entry.leases += 1;
      let isReleased = false;
      return {
        request: url.protocol === 'https:' ? https.request : http.request,
        agent: entry.agent,
        expiryOf,
        dropIdle: () => closeIdleSockets(entry.agent),
        release() {
          if (isReleased) return;
          isReleased = true;
          entry.leases -= 1;
          if (entry.leases > 0) return;
          entries.delete(key);
          entry.agent.destroy();
        },
      };
    },
  };
}

interface IdleCounter {
  /** Counts a connection as idle until it is used or closed; false when there are enough. */
  add(socket: Duplex): boolean;
  remove(socket: Duplex): void;
}

function createIdleCounter(idleSocketsMax: number): IdleCounter {
  const idle = new Set<Duplex>();
  const watched = new WeakSet<Duplex>();
  return {
    add(socket) {
      if (idle.size >= idleSocketsMax) return false;
      idle.add(socket);
      if (!watched.has(socket)) {
        watched.add(socket);
        socket.once('close', () => idle.delete(socket));
      }
      return true;
    },
    remove(socket) {
      idle.delete(socket);
    },
  };
}

function createAgent(url: URL, target: HttpTarget, idle: IdleCounter): http.Agent {
  const options = {
    keepAlive: true,
    // Bounded by the prober's concurrency and the number of servers: an agent that queues would turn one hung server
    // into timeouts of its neighbours.
    maxSockets: Infinity,
    maxFreeSockets: IDLE_SOCKETS_PER_ORIGIN_MAX,
    // Longer than the usual interval of 30 s, so that a check finds the connection of the one before.
    timeout: IDLE_MS_MAX,
    // Other clients of the server try all addresses of its name too: `localhost` may mean ::1 and 127.0.0.1.
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: ADDRESS_ATTEMPT_TIMEOUT_MS,
  };
  const agent =
    url.protocol === 'https:'
      ? new https.Agent({
          ...options,
          ...tlsConnectOptions(target),
        })
      : new http.Agent(options);
  if (target.proxy) tunnelThrough(agent, new URL(target.proxy.reveal()));
  boundIdleSockets(agent, idle);
  return agent;
}

/** Uses the two hooks that Node's documentation gives to agents for this purpose. */
function boundIdleSockets(agent: http.Agent, idle: IdleCounter): void {
  const keepSocketAlive = agent.keepSocketAlive.bind(agent);
  const reuseSocket = agent.reuseSocket.bind(agent);
  // Typed as void, yet documented to return whether the connection is kept.
  agent.keepSocketAlive = (socket) =>
    (keepSocketAlive(socket) as unknown as boolean) && idle.add(socket);
  agent.reuseSocket = (socket, request) => {
    idle.remove(socket);
    reuseSocket(socket, request);
  };
}
