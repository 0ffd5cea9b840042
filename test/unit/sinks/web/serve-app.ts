import assert from 'node:assert/strict';
import { type IncomingHttpHeaders, request } from 'node:http';
import { onTestFinished } from 'vitest';
import { REAL_CLOCK } from '../../../fakes/real-clock.ts';
import { createHttpApp } from '../../../../src/sinks/web/create-http-app.ts';
import { listen } from '../../../../src/sinks/web/listen.ts';
import type { HttpAppDeps } from '../../../../src/sinks/web/ports.ts';
import { expectDescribed } from './expect-described.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Runs of white space as one, since a browser shows them so. */
export function collapse(markup: string): string {
  return markup.replace(/\s+/g, ' ');
}

export interface Call {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface ServedApp {
  readonly port: number;
  readonly url: string;
  /** Sends the path as it is and any Host header: fetch would normalise the one and forbid the other. */
  call(path: string, call?: Call): Promise<Answer>;
  close(): Promise<void>;
}

/** Serves the app on a free port of loopback until the test ends. */
export async function serveApp(deps: HttpAppDeps): Promise<ServedApp> {
  const listener = await listen(createHttpApp(deps), {
    host: '127.0.0.1',
    port: 0,
    clock: REAL_CLOCK,
  });
  assert(listener.ok);
  const { port } = listener;
  onTestFinished(() => listener.close(0));
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    async call(path, call = {}) {
      const answer = await send(port, path, call);
      expectDescribed({ method: call.method ?? 'GET', path }, answer);
      return answer;
    },
    close: () => listener.close(0),
  };
}

function send(
  port: number,
  path: string,
  { method = 'GET', headers = {}, body }: Call,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host: '127.0.0.1', port, path, method, headers, agent: false },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
