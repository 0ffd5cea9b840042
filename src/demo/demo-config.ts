import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Name under which messages speak of it. */
export const DEMO_CONFIG_PATH = 'built-in demonstration';

/** Name of its only server. */
export const DEMO_SERVER = 'everything';

/**
 * The configuration of a start without one: a real MCP server that is installed with the exporter, checked often enough
 * that a newcomer sees numbers at once.
 */
export function demoConfig(): string {
  const manifest = createRequire(import.meta.url).resolve(
    '@modelcontextprotocol/server-everything/package.json',
  );
  // Written as JSON, which is YAML as well.
  return JSON.stringify({
    mcpServers: {
      [DEMO_SERVER]: {
        command: process.execPath,
        args: [join(dirname(manifest), 'dist', 'index.js'), 'stdio'],
        monitor: {
          interval: '5s',
          deepInterval: '1m',
          call: { tool: 'echo', arguments: { message: 'hello' }, expect: { contains: 'hello' } },
        },
      },
    },
  });
}
