import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createRawReader, type RawMessage, type RawReader } from './raw-http.ts';
import { writePieces } from './raw-upstream.ts';

export interface RawClient {
  /** Sends one request on a connection that is kept, and reads its answer. */
  exchange(method: string, pieces: readonly Buffer[]): Promise<RawMessage>;
  close(): void;
}

const ANSWER_MS_MAX = 20_000;

interface Connection {
  readonly socket: Socket;
  readonly reader: RawReader;
}

/**
 * A client that shows answers as they were on the wire.
 * @param onBytes sees everything as it comes
 */
export function createRawClient(port: number, onBytes?: (bytes: Buffer) => void): RawClient {
  let connection: Connection | undefined;
  let method = 'GET';
  let settle: ((message: RawMessage) => void) | undefined;
  let fail: ((error: Error) => void) | undefined;

  async function open(): Promise<Connection> {
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    socket.setNoDelay(true);
    const reader = createRawReader(
      'response',
      (message) => {
        if (!/^HTTP\/1\.\d 1/.test(message.startLine)) settle?.(message);
      },
      (startLine) => method !== 'HEAD' && !/ (?:204|304) /.test(`${startLine} `),
    );
    const opened = { socket, reader };
    socket.on('data', (bytes) => {
      onBytes?.(bytes);
      reader.feed(bytes);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      reader.end();
      fail?.(new Error('the connection was closed'));
      if (connection === opened) connection = undefined;
    });
    return opened;
  }

  return {
    async exchange(nextMethod, pieces) {
      const { promise, resolve, reject } = Promise.withResolvers<RawMessage>();
      const late = setTimeout(() => reject(new Error('no whole answer in time')), ANSWER_MS_MAX);
      connection ??= await open();
      method = nextMethod;
      settle = resolve;
      fail = reject;
      const { socket } = connection;
      try {
        const sent = writePieces(socket, pieces);
        const message = await promise;
        await sent;
        return message;
      } finally {
        clearTimeout(late);
        settle = undefined;
        fail = undefined;
      }
    },
    close: () => connection?.socket.destroy(),
  };
}
