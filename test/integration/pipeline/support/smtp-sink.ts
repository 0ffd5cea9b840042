import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

export interface Mail {
  readonly subject: string;
  readonly to: readonly string[];
  readonly text: string;
  readonly html: string;
  /** As `performance.now()` counts. */
  readonly atMs: number;
}

interface SmtpSink {
  readonly port: number;
  readonly mails: readonly Mail[];
  close(): Promise<void>;
}

/** Takes every mail that is sent to it: as much of SMTP (RFC 5321) as Alertmanager speaks without TLS and login. */
export async function startSmtpSink(): Promise<SmtpSink> {
  const mails: Mail[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket)).on('error', () => undefined);
    serve(socket, (mail) => mails.push(mail)).catch(() => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    mails,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

async function serve(socket: Socket, keep: (mail: Mail) => void): Promise<void> {
  const say = (line: string): void => void socket.write(`${line}\r\n`);
  let to: string[] = [];
  let data: string[] | undefined;
  say('220 sink');
  for await (const line of createInterface({ input: socket, crlfDelay: Infinity })) {
    if (data && line !== '.') {
      data.push(line.startsWith('.') ? line.slice(1) : line);
    } else if (data) {
      keep(readMail(data.join('\n'), to));
      data = undefined;
      to = [];
      say('250 kept');
    } else if (/^data$/i.test(line)) {
      data = [];
      say('354 go on');
    } else if (/^quit$/i.test(line)) {
      say('221 bye');
      socket.end();
    } else {
      const recipient = /^rcpt to:<([^>]*)>/i.exec(line)?.[1];
      if (recipient !== undefined) to.push(recipient);
      say('250 ok');
    }
  }
}

function readMail(message: string, to: readonly string[]): Mail {
  const { headers, body } = splitPart(message);
  const boundary = /boundary="?([^";]+)/.exec(headers.get('content-type') ?? '')?.[1];
  const parts = boundary === undefined ? [] : body.split(`--${boundary}`).slice(1, -1);
  const part = (type: string): string => {
    const found = parts
      .map((text) => splitPart(text.replace(/^\n/, '')))
      .find((each) => each.headers.get('content-type')?.startsWith(type));
    return found ? decodeQuotedPrintable(found.body) : '';
  };
  return {
    subject: decodeWords(headers.get('subject') ?? ''),
    to,
    text: part('text/plain'),
    html: part('text/html'),
    atMs: performance.now(),
  };
}

function splitPart(text: string): { readonly headers: Map<string, string>; readonly body: string } {
  const end = text.indexOf('\n\n');
  const lines = text
    .slice(0, end)
    .replace(/\n[ \t]+/g, ' ')
    .split('\n');
  const headers = new Map(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  return { headers, body: text.slice(end + 2) };
}

/** Encoded words (RFC 2047) in the Q encoding, which Go uses for what is mostly ASCII. */
function decodeWords(text: string): string {
  return text
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?utf-8\?q\?([^?]*)\?=/gi, (_match, word: string) =>
      decodeQuotedPrintable(word.replaceAll('_', ' ')),
    );
}

function decodeQuotedPrintable(text: string): string {
  const bytes = text
    .replace(/=\n/g, '')
    .replace(/=([0-9A-F]{2})/gi, (_match, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
