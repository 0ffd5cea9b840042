import { join } from 'node:path';

/** Where `package.json` and the lock of the servers are. */
export const SERVERS_DIRECTORY = join(import.meta.dirname, '../../fixtures/servers');

function inPackages(path: string): string {
  return join(SERVERS_DIRECTORY, 'node_modules', path);
}

/** Scripts that Node runs. */
export const SCRIPTS = {
  chart: inPackages('@antv/mcp-server-chart/build/index.js'),
  context7: inPackages('@upstash/context7-mcp/dist/index.js'),
  everything: inPackages('@modelcontextprotocol/server-everything/dist/index.js'),
  filesystem: inPackages('@modelcontextprotocol/server-filesystem/dist/index.js'),
  helloWorld: inPackages('mcp-hello-world/build/stdio.js'),
  mcpProxy: inPackages('mcp-proxy/dist/bin/mcp-proxy.mjs'),
  memory: inPackages('@modelcontextprotocol/server-memory/dist/index.js'),
  mongodb: inPackages('mongodb-mcp-server/dist/esm/index.js'),
  sequentialThinking: inPackages('@modelcontextprotocol/server-sequential-thinking/dist/index.js'),
  vanillaJs: inPackages('@modelcontextprotocol/server-basic-vanillajs/dist/index.js'),
} as const;

/** Compiled servers, made for Linux on x64; optional dependencies, so that the others install elsewhere too. */
export const BINARIES = {
  alertmanager: inPackages('mcp-alertmanager-linux-amd64/bin/mcp-alertmanager-linux-amd64'),
  azure: inPackages('@azure/mcp-linux-x64/dist/azmcp'),
  cortex: inPackages('@temporal-cortex/cortex-mcp-linux-x64/bin/cortex-mcp'),
  kubernetes: inPackages('kubernetes-mcp-server-linux-amd64/bin/kubernetes-mcp-server-linux-amd64'),
  prometheus: inPackages('mcp-prometheus-linux-amd64/bin/mcp-prometheus-linux-amd64'),
  time: inPackages('mcp-time-linux-x64/bin/mcp-time'),
} as const;
