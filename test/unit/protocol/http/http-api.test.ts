import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { Secret } from '../../../../src/facts/secret.ts';
import type { RemoteAccess } from '../../../../src/facts/server.ts';
import { createHttpApi } from '../../../../src/protocol/http/http-api.ts';
import { makeCertificate } from '../../sources/probe/connection/make-certificate.ts';

const OWN = makeCertificate();
const CLIENT = makeCertificate();

/** A TLS server that wants the certificate of the client, and answers with the credentials that it got. */
async function serve(): Promise<string> {
  const tls = { ...OWN, ca: CLIENT.cert, requestCert: true, rejectUnauthorized: true };
  const server = createServer(tls, ({ headers }, response) => {
    response.writeHead(headers.authorization ? 200 : 401).end(headers.authorization);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function request(access: RemoteAccess, authorization?: string) {
  const api = createHttpApi(
    {
      url: await serve(),
      headers: authorization === undefined ? {} : { Authorization: new Secret(authorization) },
      access,
    },
    { userAgent: 'test' },
  );
  onTestFinished(() => api.close());
  return api.request('GET', '/api/v2/silences');
}

const TRUSTED: RemoteAccess = {
  tlsSkipVerify: false,
  tlsCa: OWN.cert,
  tlsCert: CLIENT.cert,
  tlsKey: new Secret(CLIENT.key),
};

test.each([`Basic ${btoa('ann:secret')}`, 'Bearer t0ken'])(
  'over TLS with a certificate of its own, it sends %s',
  async (authorization) => {
    expect(await request(TRUSTED, authorization)).toEqual({ status: 200, text: authorization });
  },
);

test('without credentials the refusal is the answer', async () => {
  expect((await request(TRUSTED)).status).toBe(401);
});

test('a server whose authority is not known, and one that wants a certificate, are not asked', async () => {
  await expect(request({ ...TRUSTED, tlsCa: CLIENT.cert })).rejects.toThrow();
  await expect(request({ tlsSkipVerify: false, tlsCa: OWN.cert }, 'Bearer t')).rejects.toThrow();
});
