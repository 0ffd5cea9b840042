import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../facts/ports/clock.ts';
import { asEpochMs } from '../../facts/time.ts';
import type { Measurement } from '../probe-client.ts';
import { takeFreshTunnel } from '../proxy-tunnel.ts';
import type { ExpiryReader } from './certificate-expiry.ts';

/** Follows the connection that one request runs over. */
export interface ConnectionTracker {
  readonly useSocket: (socket: Socket) => void;
  readonly hasRead: () => boolean;
  /** Connected, TLS included. */
  readonly isReady: () => boolean;
  /** Counts the bytes, once. */
  readonly finished: () => void;
}

/** Notes phases, bytes and certificate in `measurement`, if somebody measures. */
export function createConnectionTracker(
  clock: Clock,
  measurement: Measurement | undefined,
  expiryOf: ExpiryReader | undefined,
): ConnectionTracker {
  const startedAt = clock.monotonicMs();
  let socket: Socket | undefined;
  let writtenBefore = 0;
  let readBefore = 0;
  let isReady = false;
  const noteExpiry = (used: TLSSocket): void => {
    const expiresAtMs = measurement && expiryOf?.(used);
    if (measurement && expiresAtMs !== undefined)
      measurement.tlsExpiresAtMs = asEpochMs(expiresAtMs);
  };
  const noteConnected = (used: Socket): void => {
    const connectedAt = clock.monotonicMs();
    addPhase(measurement, 'connect', connectedAt - startedAt);
    if (!isTlsSocket(used)) {
      isReady = true;
      return;
    }
    used.once('secureConnect', () => {
      isReady = true;
      addPhase(measurement, 'tls', clock.monotonicMs() - connectedAt);
      noteExpiry(used);
    });
  };
  return {
    useSocket(used) {
      socket = used;
      writtenBefore = used.bytesWritten;
      readBefore = used.bytesRead;
      if (used.connecting) {
        used.once('connect', () => noteConnected(used));
      } else if (takeFreshTunnel(used) || isInHandshake(used)) {
        noteConnected(used);
      } else {
        isReady = true;
        if (isTlsSocket(used)) noteExpiry(used);
      }
    },
    isReady: () => isReady,
    hasRead: () => socket !== undefined && socket.bytesRead > readBefore,
    finished() {
      if (socket === undefined) return;
      if (measurement) {
        measurement.bytesSent += socket.bytesWritten - writtenBefore;
        measurement.bytesReceived += socket.bytesRead - readBefore;
      }
      socket = undefined;
    },
  };
}

/** Not by class: `node:tls` takes long to load, and a stdio bridge to a plain port does without. */
function isTlsSocket(socket: Socket): socket is TLSSocket {
  return 'encrypted' in socket;
}

/** A TLS connection over a tunnel is connected from the start. */
function isInHandshake(socket: Socket): boolean {
  return 'secureConnecting' in socket && socket.secureConnecting === true;
}

function addPhase(
  measurement: Measurement | undefined,
  phase: 'connect' | 'tls',
  durationMs: number,
): void {
  if (measurement) measurement.phasesMs[phase] = (measurement.phasesMs[phase] ?? 0) + durationMs;
}
