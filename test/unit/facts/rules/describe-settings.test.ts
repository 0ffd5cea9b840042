import { expect, test } from 'vitest';
import { describeSettings } from '../../../../src/facts/rules/describe-settings.ts';
import { Secret } from '../../../../src/facts/secret.ts';
import { type ServerSpec, UNRESOLVED_URL } from '../../../../src/facts/server.ts';
import { buildServer } from '../../../fakes/build-server.ts';

// Goal: everybody who may read the pages reads the settings, so no secret is among them.

const KEY = 'k3y-of-forty-two';

function settingsOf(spec: ServerSpec): Record<string, string> {
  return Object.fromEntries(describeSettings(spec).map(({ key, value }) => [key, value]));
}

test('settings of a remote server have the keys and units of the configuration, and masks for secrets', () => {
  const secret = new Secret(KEY);
  const settings = settingsOf(
    buildServer('files', {
      target: {
        kind: 'http',
        url: `https://ann:${KEY}@mcp.example.com/mcp?tenant=7&key=other`,
        transport: 'auto',
        headers: { authorization: secret },
        tlsSkipVerify: true,
        tlsKey: secret,
        proxy: secret,
        oauth: {
          grant: 'client_credentials',
          clientId: 'exporter',
          clientSecret: secret,
          scopes: ['a', 'b'],
          loginFile: '/nowhere',
        },
      },
      labels: { team: 'search' },
      secrets: [secret],
      monitor: { intervalMs: 90_000, disableAfterMs: 86_400_000 },
      gateway: { prices: { perCallUsd: 0.01, tools: { read: { perThousandInputTokensUsd: 2 } } } },
    }),
  );
  expect(settings).toMatchObject({
    url: 'https://mcp.example.com/mcp?tenant=***&key=***',
    'headers.authorization': '***',
    'auth.clientId': 'exporter',
    'auth.clientSecret': '***',
    'auth.scopes': 'a b',
    'tls.insecureSkipVerify': 'true',
    'tls.keyFile': '***',
    proxy: '***',
    'labels.team': 'search',
    'monitor.interval': '1m30s',
    'monitor.disableAfter': '1d',
    'monitor.errorRate.critical': '5%',
    'gateway.prices': '$0.01 per call',
    'gateway.prices.tools.read': '$2 per 1,000 input tokens',
  });
  expect(JSON.stringify(settings)).not.toContain(KEY);
});

test('settings of a program have its arguments without secrets, and names of variables', () => {
  const secret = new Secret(KEY);
  const settings = settingsOf(
    buildServer('files', {
      target: {
        kind: 'stdio',
        command: '/usr/bin/node',
        args: ['server.mjs', `--key=${KEY}`, 'a b'],
        env: { API_KEY: secret },
      },
      secrets: [secret],
    }),
  );
  expect(settings).toMatchObject({
    command: '/usr/bin/node',
    args: '"server.mjs" "--key=***" "a b"',
    'env.API_KEY': '***',
    'monitor.disableAfter': 'never',
  });
  expect(settings).not.toHaveProperty('url');
  expect(settings).not.toHaveProperty('cwd');
});

test('a URL that is not known is left out', () => {
  expect(settingsOf(buildServer('files', { url: UNRESOLVED_URL }))).not.toHaveProperty('url');
});
