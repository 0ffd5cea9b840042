import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { fakeServer } from '../fakes/stdio-behaviour.ts';
import { processesIn } from './support/processes-in.ts';
import { startService } from './support/start-service.ts';
import { until } from './support/until.ts';

// Goal: what people order by the API happens to real child processes.

test('a restart replaces the child, a check of all answers, and a server disabled for a second comes back by itself', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-exporter-actions-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const { command, args } = fakeServer();
  const service = await startService({
    config: `
gateway: { listen: off }
mcpServers:
  child: ${JSON.stringify({ command, args, cwd: folder })}
`,
  });
  const api = `${service.url}/api/v1/mcp/servers`;
  const post = async (path: string, body: unknown): Promise<unknown> => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${api}${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    return answer.json();
  };
  await until(async () => (await service.health()).servers['healthy'] === 1);
  const [before] = await processesIn(folder);

  const restarted = await post('/child/restart', { by: 'ann', reason: 'hangs' });
  const [after, ...more] = await processesIn(folder);
  expect(restarted).toMatchObject({ server: 'child', reports: [{ outcome: 'ok' }] });
  expect(after).not.toEqual(before);
  expect(more).toEqual([]);

  expect(await post('/check', {})).toMatchObject({
    total: 1,
    checked: 1,
    servers: [{ server: 'child', reports: [{ outcome: 'ok' }, { kind: 'deep' }] }],
  });

  expect(await post('/child/disable', { duration: '1s' })).toMatchObject({
    server: { status: 'disabled' },
  });
  await until(async () => (await service.health()).servers['healthy'] === 1);
  expect(service.lines('action taken').map((line) => line['action'])).toEqual([
    'restart',
    'check',
    'disable',
    'enable',
  ]);
});
