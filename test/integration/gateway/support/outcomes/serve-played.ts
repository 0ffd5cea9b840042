import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net';
import { createInterface } from 'node:readline';
import { text as readAll } from 'node:stream/consumers';
import type { ChildSide, HttpSide, Message } from './played-server.ts';

export interface ServedCells {
  /** Of a server over HTTP. */
  url(cell: string): string;
  /** Of the child of a stdio server. */
  childArgs(cell: string): readonly string[];
  close(): Promise<void>;
}

/** Connects its pipes with the test, and says who it is. */
const CHILD = `
const [, port, cell] = process.argv;
const socket = require('node:net').connect(Number(port), '127.0.0.1');
socket.write(cell + ' ' + process.pid + '\\n');
process.stdin.pipe(socket);
socket.pipe(process.stdout);
socket.on('end', () => process.exit(0));
`;

/**
 * Serves all played servers from this process.
 * @param https by cell
 * @param children by cell
 */
export async function servePlayed(
  https: ReadonlyMap<string, HttpSide>,
  children: ReadonlyMap<string, ChildSide>,
): Promise<ServedCells> {
  const web = createHttpServer((request, response) => {
    const cell = request.url?.split('/')[1] ?? '';
    response.on('error', () => undefined);
    readAll(request).then(
      (body) => {
        const message = body === '' ? undefined : (JSON.parse(body) as Message);
        https.get(cell)?.take(request, response, message);
      },
      // The client is gone.
      () => undefined,
    );
  });
  const pipes = createTcpServer((socket) => readChild(socket, children));
  const open = new Set<Socket>();
  pipes.on('connection', (socket) => open.add(socket));
  const [webPort, pipePort] = await Promise.all([listen(web), listen(pipes)]);
  return {
    url: (cell) => `http://127.0.0.1:${webPort}/${cell}`,
    childArgs: (cell) => ['-e', CHILD, String(pipePort), cell],
    async close() {
      web.closeAllConnections();
      for (const socket of open) socket.destroy();
      await Promise.all([web, pipes].map((server) => once(server.close(), 'close')));
    },
  };
}

function readChild(socket: Socket, children: ReadonlyMap<string, ChildSide>): void {
  socket.on('error', () => undefined);
  let child: ChildSide | undefined;
  let pid = 0;
  createInterface({ input: socket }).on('line', (line) => {
    if (child) {
      child.take(socket, pid, JSON.parse(line) as Message);
      return;
    }
    const [cell = '', id] = line.split(' ');
    child = children.get(cell);
    pid = Number(id);
  });
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
