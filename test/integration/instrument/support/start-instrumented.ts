import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

export const SERVE = fileURLToPath(new URL('serve.ts', import.meta.url));

export interface Addresses {
  readonly metrics: string;
  readonly url: string;
}

/** An instrumented server over HTTP in a process of its own, until the test ends. */
export async function startInstrumented(sdk: string): Promise<Addresses> {
  const child = spawn(process.execPath, [SERVE, sdk, 'http'], { stdio: ['ignore', 1, 'pipe'] });
  onTestFinished(async () => {
    child.kill();
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  return readAddresses(child.stderr as NodeJS.ReadableStream);
}

/** The line that `serve.ts` writes once it is ready. */
export async function readAddresses(stderr: NodeJS.ReadableStream): Promise<Addresses> {
  for await (const line of createInterface({ input: stderr }))
    if (line.startsWith('{')) return JSON.parse(line) as Addresses;
  throw new Error('the server ended before it was ready');
}

/** Requests by labels, as in `tools/call add success 200`, of a metrics page. */
export async function readRequests(metrics: string): Promise<Record<string, number>> {
  const page = await (await fetch(metrics)).text();
  const counted: Record<string, number> = {};
  for (const line of page.split('\n')) {
    if (!line.startsWith('mcp_requests_total{')) continue;
    const label = (name: string) => new RegExp(`[{,]${name}="([^"]*)"`).exec(line)?.[1] ?? '';
    const key = keyOf(label('operation'), label('tool'), label('outcome'), label('status'));
    counted[key] = (counted[key] ?? 0) + Number(line.slice(line.lastIndexOf(' ')));
  }
  return counted;
}

export function keyOf(operation: string, tool: string, outcome: string, status: string): string {
  return [operation, tool, outcome, status].filter((part) => part !== '').join(' ');
}
