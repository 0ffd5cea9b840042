import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Service, startService } from './support/start-service.ts';
import { until } from './support/until.ts';

// Goal: `alerts:` of the configuration is the rule file, from the start and after every reload. Method: the real service.

const BASE = 'gateway: { listen: off }\nmcpServers: { off: { command: "true", disabled: true } }\n';
const ALERTS = `${BASE}alerts: [{ name: Mine, metric: cost, op: ">", threshold: $20 }]\n`;

function rulesOf({ folder }: Service): Promise<string> {
  return readFile(join(folder, 'prometheus', 'generated', 'user-alerts.yml'), 'utf8');
}

test('the rule file is there at the start, follows every reload, and is emptied with the last alert', async () => {
  const service = await startService({ config: ALERTS });
  expect(await rulesOf(service)).toContain('alert: Mine');
  const config = join(service.folder, 'mcp-exporter.yml');
  await writeFile(config, ALERTS.replace('$20', '$30'));
  await until(async () => (await rulesOf(service)).includes('> 30'));
  await writeFile(config, ALERTS.replace('$20', 'much'));
  await until(() => service.lines('configuration not reloaded, the old one stays').length > 0);
  expect(await rulesOf(service)).toContain('> 30');
  await writeFile(config, BASE);
  await until(async () => (await rulesOf(service)).includes('groups: []'));
});

test('without alerts nothing is written', async () => {
  const service = await startService({ config: BASE });
  await expect(rulesOf(service)).rejects.toThrow('ENOENT');
});

test('a rule file that cannot be written is said, and the service serves', async () => {
  const service = await startService({
    config: ALERTS,
    files: { prometheus: 'a file where a folder is wanted' },
  });
  const [line] = service.lines('alert rules not written');
  expect(line).toMatchObject({
    level: 'error',
    detail: expect.stringContaining('user-alerts.yml'),
  });
  const { components } = await service.health();
  expect(components['config']?.message).toContain('user-alerts.yml');
  expect(await service.get('/-/ready')).toBeTruthy();
});
