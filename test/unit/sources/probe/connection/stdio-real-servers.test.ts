import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { expect, test } from 'vitest';
import type { StdioTarget } from '../../../../../src/facts/server.ts';
import { check, createTestClient, groupExists } from './stdio-setup.ts';

function nodeServer(path: string, ...args: string[]): StdioTarget {
  return { kind: 'stdio', command: process.execPath, args: [path, ...args], env: {} };
}

const everything = fileURLToPath(
  new URL(
    '../../../../../node_modules/@modelcontextprotocol/server-everything/dist/index.js',
    import.meta.url,
  ),
);
const sdkV1 = fileURLToPath(new URL('../../../../fakes/stdio-sdk-v1-server.ts', import.meta.url));

test.each([
  ['server-everything', nodeServer(everything, 'stdio'), 'mcp-servers/everything', 13],
  ['a server made with SDK v1', nodeServer(sdkV1), 'sdk-v1', 1],
])(
  '%s is opened, checked, listed by a client of the SDK and ended',
  async (_, target, name, toolCount) => {
    const { probeClient, pids } = createTestClient(target);
    expect(await probeClient.open(check())).toMatchObject({
      ok: true,
      identity: { era: 'legacy', protocolVersion: '2025-11-25', implementation: name },
    });
    expect(await probeClient.request('ping', undefined, check())).toEqual({ ok: true, result: {} });
    const client = new Client({ name: 'test', version: '0' });
    const transport = probeClient.clientTransport();
    if (!transport) throw new Error('the probe client is not open');
    await client.connect(transport, { prior: transport.prior });
    expect((await client.listTools()).tools).toHaveLength(toolCount);
    await client.close();
    expect(await probeClient.request('ping', undefined, check())).toEqual({ ok: true, result: {} });
    await probeClient.close();
    expect(pids().map(groupExists)).toEqual([false]);
  },
);
