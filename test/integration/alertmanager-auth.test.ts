import { setTimeout } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { isMissing } from '../rules/support/programs.ts';
import { type Alertmanager, startAlertmanager } from '../rules/support/start-alertmanager.ts';
import { type ProtectedServer, startTokenGuard } from './support/start-oauth.ts';
import { type Service, startService } from './support/start-service.ts';
import { until } from './support/until.ts';

// Goal: an Alertmanager that asks for credentials is reached with those that servers have too, and a refusal says what to do.
// Method: a real Alertmanager, behind its own basic authentication or a guard that takes tokens of a real authorization server.

const ROUTES = `
route: { receiver: none }
receivers: [{ name: none }]
`;
const USER = { name: 'exporter', password: 'p@ss word-7d1f' };
const CLIENT = { clientId: 'exporter', clientSecret: 'a-client-secret-of-the-test' };
const LIFE_S = 3;
const REFUSED = 'silences cannot be set in Alertmanager now';

/** The service with one server, which somebody disables. */
async function startDisabled(alertmanager: unknown): Promise<Service> {
  const config = {
    gateway: { listen: 'off' },
    alertmanager,
    mcpServers: { search: { url: 'http://127.0.0.1:1/mcp' } },
  };
  const service = await startService({ config: JSON.stringify(config) });
  await switchServer(service, 'disable');
  return service;
}

async function switchServer({ url }: Service, action: 'disable' | 'enable'): Promise<void> {
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' };
  const answer = await fetch(`${url}/api/v1/mcp/servers/search/${action}`, init);
  expect(answer.status).toBe(200);
}

async function silenceStates(alertmanager: Alertmanager): Promise<string[]> {
  const silences = (await alertmanager.get('/api/v2/silences')) as {
    readonly status: { readonly state: string };
  }[];
  return silences.map(({ status }) => status.state);
}

async function guard({ url }: Alertmanager): Promise<ProtectedServer> {
  const server = await startTokenGuard(url, LIFE_S);
  onTestFinished(() => server.stop());
  return server;
}

function messageOf(service: Service): string {
  const [line] = service.lines(REFUSED);
  return (line?.['err'] as { readonly message: string } | undefined)?.message ?? '';
}

test.skipIf(isMissing('alertmanager', 'amtool'))(
  'user and password in the URL are for basic authentication, and wrong ones are reported',
  async () => {
    const alertmanager = await startAlertmanager(ROUTES, USER);
    const urlWith = (password: string): string =>
      alertmanager.url.replace('//', `//${USER.name}:${encodeURIComponent(password)}@`);
    await startDisabled({ url: urlWith(USER.password) });
    await until(async () => (await silenceStates(alertmanager)).includes('active'));

    const refused = await startDisabled({ url: urlWith('a-wrong-password') });
    await until(() => messageOf(refused) !== '');
    expect(messageOf(refused)).toBe('Alertmanager answered 401: Unauthorized');
    expect(refused.out()).not.toContain('a-wrong-password');
  },
);

test.skipIf(isMissing('alertmanager', 'amtool')).each([
  ['found by the metadata of the guard', () => ({})],
  [
    'asked for at tokenUrl',
    ({ issuer, url }: ProtectedServer) => ({ tokenUrl: `${issuer}/token`, resource: url }),
  ],
])('access tokens by client credentials, %s, over the end of a token too', async (_name, more) => {
  const alertmanager = await startAlertmanager(ROUTES);
  const front = await guard(alertmanager);
  const oauth2 = { ...CLIENT, ...more(front) };
  const service = await startDisabled({ url: front.url, auth: { oauth2 } });
  await until(async () => (await silenceStates(alertmanager)).includes('active'));
  await setTimeout(LIFE_S * 1000 + 100);
  const before = front.statuses.length;
  await switchServer(service, 'enable');
  await until(async () => (await silenceStates(alertmanager)).join() === 'expired');
  expect(front.statuses.slice(before)).not.toContain(401);
  expect(front.tokenless()).toBeLessThanOrEqual(1);
  expect(service.lines(REFUSED)).toEqual([]);
});

test.skipIf(isMissing('alertmanager', 'amtool'))(
  'a wrong client secret is reported once, with the key to check and without the secret',
  async () => {
    const front = await guard(await startAlertmanager(ROUTES));
    const oauth2 = { ...CLIENT, clientSecret: 'a-wrong-secret' };
    const service = await startDisabled({ url: front.url, auth: { oauth2 } });
    await until(() => messageOf(service) !== '');
    expect(messageOf(service)).toContain(`${front.issuer}/token answered invalid_client`);
    expect(messageOf(service)).toMatch(/check clientId and clientSecret$/);
    expect(service.out()).not.toContain('a-wrong-secret');
    expect(service.lines(REFUSED)).toHaveLength(1);
  },
);
