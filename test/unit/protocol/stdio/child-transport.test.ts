import { Client } from '@modelcontextprotocol/client';
import { expect, test } from 'vitest';
import type { ChildTransport } from '../../../../src/protocol/stdio/child-transport.ts';
import { fakeServer, type StdioBehaviour } from '../../../fakes/stdio-behaviour.ts';
import { check, createTestClient } from '../../sources/probe/connection/stdio-setup.ts';

async function open(behaviour: StdioBehaviour) {
  const { probeClient, facts } = createTestClient(fakeServer(behaviour));
  await probeClient.open(check());
  return { probeClient, facts };
}

async function connect(transport: ChildTransport | undefined): Promise<Client> {
  const client = new Client({ name: 'test', version: '0' });
  if (!transport) throw new Error('the probeClient is not open');
  await client.connect(transport, { prior: transport.prior });
  return client;
}

test.each<[string, StdioBehaviour, string]>([
  ['legacy', { garbageLines: 1 }, '2025-11-25'],
  ['modern', { discover: 'modern', garbageLines: 1 }, '2026-07-28'],
])(
  'clients of the SDK, one after the other, share the kept %s child with its steady checks',
  async (era, behaviour, version) => {
    const { probeClient, facts } = await open(behaviour);
    const method = era === 'modern' ? 'server/discover' : 'ping';
    for (let count = 0; count < 3; count += 1) {
      const client = await connect(probeClient.clientTransport());
      expect(client.getNegotiatedProtocolVersion()).toBe(version);
      expect(client.getServerVersion()).toEqual({ name: 'fake', version: '1.0.0' });
      const [listed, steady] = await Promise.all([
        client.listTools(),
        probeClient.request(method, undefined, check()),
      ]);
      expect(listed.tools.map((tool) => tool.name)).toEqual(['echo']);
      expect(steady).toMatchObject({ ok: true });
      await client.close();
      expect(probeClient.state()).toBe('open');
    }
    expect(facts).toHaveLength(1);
  },
);

test('closing a client lets its requests go, and a late answer reaches nobody', async () => {
  const { probeClient } = await open({ discover: 'modern' });
  const client = await connect(probeClient.clientTransport());
  const never = client.request({ method: 'never' }, anything());
  await Promise.all([expect(never).rejects.toThrow('Connection closed'), client.close()]);
  expect(await probeClient.request('server/discover', undefined, check())).toMatchObject({
    ok: true,
  });
});

test('a request that the client gives up is forgotten, and its server is not told of an id it never saw', async () => {
  const { probeClient } = await open({});
  const client = await connect(probeClient.clientTransport());
  await expect(client.request({ method: 'never' }, anything(), { timeout: 50 })).rejects.toThrow(
    'timed out',
  );
  expect(await client.listTools()).toMatchObject({ tools: [{ name: 'echo' }] });
});

test('ids of a client are its own, whatever goes over the pipe', async () => {
  const { probeClient } = await open({});
  const clients = [
    await connect(probeClient.clientTransport()),
    await connect(probeClient.clientTransport()),
  ];
  const answers = await Promise.all(
    clients.map((client) => client.request({ method: 'ids' }, anything())),
  );
  const ids = answers.map((answer) => (answer as { id: number }).id);
  expect(new Set(ids).size).toBe(2);
});

test('where the child dies the transport knows why', async () => {
  const { probeClient } = await open({ ping: 'crash' });
  const transport = probeClient.clientTransport();
  const client = await connect(transport);
  await expect(client.ping()).rejects.toThrow('Connection closed');
  expect(transport?.failure()).toMatchObject({ kind: 'exit', signal: 'SIGSEGV' });
});

test('where a line is too long the transport knows it', async () => {
  const { probeClient } = await open({ ping: 'huge_line' });
  const transport = probeClient.clientTransport();
  const client = await connect(transport);
  await expect(client.ping()).rejects.toThrow('Connection closed');
  expect(transport?.failure()).toMatchObject({ kind: 'unusable', method: 'ping' });
});

test('an error of the server stays an error of the server', async () => {
  const { probeClient } = await open({});
  const transport = probeClient.clientTransport();
  const client = await connect(transport);
  await expect(client.request({ method: 'nonsense' }, anything())).rejects.toMatchObject({
    code: -32601,
  });
  expect(transport?.failure()).toBeUndefined();
});

function anything() {
  return {
    '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) },
  } as const;
}
