import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { startScriptedMcpServer } from '../fakes/scripted-mcp-server.ts';
import { startService } from './support/start-service.ts';
import { until } from './support/until.ts';

// Goal: what an MCP client has configured is monitored as it stands. Method: the real service with the files of four
// clients, each in its own dialect, with comments, over HTTP, HTTP+SSE and stdio.

const STDIO_SERVER = fileURLToPath(new URL('../fakes/stdio-server.ts', import.meta.url));

test('the servers of the files of four clients are all monitored', async () => {
  const http = await startScriptedMcpServer({ profile: 'legacy-session' });
  const sse = await startScriptedMcpServer({ profile: 'sse' });
  onTestFinished(async () => {
    await http.close();
    await sse.close();
  });
  const child = { command: process.execPath, args: [STDIO_SERVER] };
  const service = await startService({
    config: `gateway: { listen: off }
import: [.mcp.json, claude_desktop_config.json, .cursor/mcp.json, .vscode/mcp.json]
mcpServers: {}
`,
    files: {
      '.mcp.json': `{ // checked in with the project
        "mcpServers": { "code": { "type": "http", "url": "${http.url}?code" }, }, }`,
      'claude_desktop_config.json': JSON.stringify({
        globalShortcut: 'Ctrl+Space',
        mcpServers: { desktop: { ...child, autoApprove: [] }, off: { ...child, disabled: true } },
      }),
      '.cursor/mcp.json': JSON.stringify({
        mcpServers: {
          cursor: { url: sse.url },
          workspace: { ...child, cwd: '${workspaceFolder}' },
        },
      }),
      '.vscode/mcp.json': `{
        "inputs": [{ "type": "promptString", "id": "key", "password": true }],
        /* what VS Code writes */
        "servers": {
          "code-http": { "type": "http", "url": "${http.url}?vscode", "gallery": true },
          "asks": { "type": "stdio", "command": "npx", "env": { "KEY": "\${input:key}" } },
        },
      }`,
    },
  });

  await until(async () => (await service.health()).servers['healthy'] === 5);

  const statuses = [...(await service.servers()).values()].map(({ name, status }) => [
    name,
    status,
  ]);
  expect(Object.fromEntries(statuses)).toEqual({
    code: 'healthy',
    desktop: 'healthy',
    off: 'disabled',
    cursor: 'healthy',
    workspace: 'healthy',
    'code-http': 'healthy',
    asks: 'unknown',
  });
  expect((await service.servers()).get('asks')?.reason).toContain('${input:key}');
  const page = await service.get('/metrics');
  for (const [server, transport] of [
    ['code', 'http'],
    ['desktop', 'stdio'],
    ['cursor', 'sse'],
  ])
    expect(page).toMatch(
      new RegExp(`^mcp_server_info\\{server="${server}",.*transport="${transport}"`, 'm'),
    );
});

test('one bad entry does not stop the others, and a program that is off in the client is never started', async () => {
  const http = await startScriptedMcpServer({ profile: 'legacy-session' });
  onTestFinished(() => http.close());
  const marker = 'started.txt';
  const writeMarker = `require('node:fs').writeFileSync(${JSON.stringify(marker)}, '')`;
  const program = { command: process.execPath, args: ['-e', writeMarker] };
  const service = await startService({
    config: 'gateway: { listen: off }\nimport: [.mcp.json]\n',
    files: {
      '.mcp.json': JSON.stringify({
        mcpServers: {
          events: { type: 'ws', url: 'ws://127.0.0.1:9/ws' },
          off: { ...program, enabled: false },
          inactive: { ...program, isActive: false },
          good: { url: http.url },
        },
      }),
    },
  });

  await until(async () => (await service.servers()).get('good')?.status === 'healthy');

  const statuses = [...(await service.servers()).values()].map(({ name, status }) => [
    name,
    status,
  ]);
  expect(Object.fromEntries(statuses)).toEqual({
    events: 'unknown',
    off: 'disabled',
    inactive: 'disabled',
    good: 'healthy',
  });
  expect(await service.get('/servers/events')).toContain(
    'is not supported; stdio, Streamable HTTP',
  );
  expect(existsSync(join(service.folder, marker))).toBe(false);
});
