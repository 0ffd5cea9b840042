import { onTestFinished } from 'vitest';
import { REAL_SERVERS } from '../../support/real-servers.ts';
import { startServer } from '../../support/start-server.ts';

export interface Everything {
  readonly url: string;
  readonly port: number;
  kill(): Promise<void>;
}

/**
 * The reference server over Streamable HTTP, which ends with the test.
 * @param port of one that it takes the place of
 */
export async function startEverything(port?: number): Promise<Everything> {
  const row = REAL_SERVERS.find(({ name }) => name === 'everything-http');
  if (!row) throw new Error('everything-http left the table');
  const { target, stop } = await startServer(row, {}, port);
  const kill = (): Promise<void> => stop('SIGKILL');
  onTestFinished(kill);
  if (target.kind !== 'http') throw new Error('it does not listen');
  return { url: target.url, port: Number(new URL(target.url).port), kill };
}
