import { join } from 'node:path';
import type { ProbeOutcome } from '../../../src/facts/probe-outcome.ts';
import type { Era, SyntheticCall, Transport } from '../../../src/facts/server.ts';
import { BINARIES, SCRIPTS } from './server-programs.ts';

/** What a command line may need to know about the place where it runs. */
export interface Place {
  /** A fresh directory, removed afterwards; also the home of the server. */
  readonly directory: string;
  /** To listen on; unused by stdio servers. */
  readonly port: number;
}

export interface CommandLine {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A server that nobody here wrote, started in one of its ways, and what is known about it. */
export interface RealServer {
  readonly name: string;
  readonly package: string;
  readonly madeWith: 'TypeScript' | 'Go' | 'Rust' | '.NET';
  readonly transport: Transport;
  /** URL path of its endpoint; for `http` and `sse`. */
  readonly path?: string;
  readonly commandLine: (place: Place) => CommandLine;
  /** Files to be put into its directory first. */
  readonly files?: Readonly<Record<string, string>>;
  readonly era: Era;
  readonly protocolVersion: string;
  /** Whether it gives out `Mcp-Session-Id`. */
  readonly hasSessions?: boolean;
  readonly toolsMin: number;
  /** A call without side effects, and what a deep check with it must end in. */
  readonly call?: SyntheticCall & { readonly outcome: ProbeOutcome };
}

const FAKE_KUBECONFIG = `apiVersion: v1
kind: Config
clusters: [{ name: nowhere, cluster: { server: 'http://127.0.0.1:9' } }]
users: [{ name: nobody, user: {} }]
contexts: [{ name: nowhere, context: { cluster: nowhere, user: nobody } }]
current-context: nowhere
`;

const ECHO = {
  tool: 'echo',
  arguments: { message: 'canary' },
  expect: { contains: 'canary' },
  outcome: 'ok',
} as const;

const CURRENT_TIME = {
  tool: 'current_time',
  arguments: { timezone: 'UTC' },
  expect: { matches: String.raw`20\d\d-\d\d-\d\d` },
  outcome: 'ok',
} as const;

/** Its search needs the network, which it does not have here: a failure that it reports with `isError: false`. */
const OFFLINE_SEARCH = {
  tool: 'resolve-library-id',
  arguments: { query: 'how to render a list', libraryName: 'react' },
  expect: { contains: 'Available Libraries' },
  outcome: 'assertion',
} as const;

const KUBECONFIG_VIEW = {
  tool: 'configuration_view',
  arguments: {},
  expect: { contains: 'current-context: nowhere' },
  outcome: 'ok',
} as const;

function node(...args: string[]): CommandLine {
  return { command: process.execPath, args };
}

function onPort(port: number, ...args: string[]): CommandLine {
  return { ...node(...args), env: { PORT: String(port) } };
}

function kubernetes({ directory }: Place, ...args: string[]): CommandLine {
  return {
    command: BINARIES.kubernetes,
    args: [
      '--kubeconfig',
      join(directory, 'kubeconfig'),
      '--log-file',
      join(directory, 'log'),
      ...args,
    ],
  };
}

function azure(args: readonly string[], env: Readonly<Record<string, string>> = {}): CommandLine {
  return {
    command: BINARIES.azure,
    args: ['server', 'start', '--mode', 'single', ...args],
    env: { AZURE_MCP_COLLECT_TELEMETRY: 'false', ...env },
  };
}

const LIST_CONNECTIONS = {
  tool: 'list-connections',
  arguments: {},
  expect: { contains: 'connection' },
  outcome: 'ok',
} as const;

const MONGODB_QUIET = ['--telemetry', 'disabled', '--loggers', 'stderr'];

/** Measured with the SDK's own client; era and revision are those that a client of both eras gets. */
export const REAL_SERVERS: readonly RealServer[] = [
  {
    name: 'everything-stdio',
    package: '@modelcontextprotocol/server-everything',
    madeWith: 'TypeScript',
    transport: 'stdio',
    commandLine: () => node(SCRIPTS.everything, 'stdio'),
    era: 'legacy',
    protocolVersion: '2025-11-25',
    toolsMin: 10,
    call: ECHO,
  },
  {
    name: 'filesystem-stdio',
    package: '@modelcontextprotocol/server-filesystem',
    madeWith: 'TypeScript',
    transport: 'stdio',
    commandLine: ({ directory }) => node(SCRIPTS.filesystem, directory),
    era: 'legacy',
    protocolVersion: '2025-11-25',
    toolsMin: 10,
    call: {
      tool: 'list_allowed_directories',
      arguments: {},
      expect: { contains: 'Allowed directories' },
      outcome: 'ok',
    },
  },
  {
    name: 'memory-stdio',
    package: '@modelcontextprotocol/server-memory',
    madeWith: 'TypeScript',
    transport: 'stdio',
    commandLine: ({ directory }) => ({
      ...node(SCRIPTS.memory),
      env: { MEMORY_FILE_PATH: join(directory, 'memory.jsonl') },
    }),
    era: 'legacy',
    protocolVersion: '2025-11-25',
    toolsMin: 9,
    call: {
      tool: 'read_graph',
      arguments: {},
      expect: { contains: '"entities"' },
      outcome: 'ok',
    },
  },
  {
    name: 'sequential-thinking-stdio',
    package: '@modelcontextprotocol/server-sequential-thinking',
    madeWith: 'TypeScript',
    transport: 'stdio',
    commandLine: () => node(SCRIPTS.sequentialThinking),
    era: 'legacy',
    protocolVersion: '2025-11-25',
    toolsMin: 1,
  },
  {
    name: 'hello-world-stdio',
    package: 'mcp-hello-world',
    madeWith: 'TypeScript',
    transport: 'stdio',
    commandLine: () => node(SCRIPTS.helloWorld),
    era: 'legacy',
    protocolVersion: '2025-11-25',
    toolsMin: 3,
    call: ECHO,
  },
  {
    name: 'chart-stdio',
    package: '@antv/mcp-server-chart',
    madeWith: 'TypeScript',
    transport: 'stdio',
    commandLine: () => node(SCRIPTS.chart),
    era: 'legacy',
    protocolVersion: '2025-11-25',
    toolsMin: 20,
  },
  {
    name: 'context7-stdio',
    package: '@upstash/context7-mcp',
    madeWith: 'TypeScript',
    transport: 'stdio',
    commandLine: () => node(SCRIPTS.context7),
    era: 'modern',
    protocolVersion: '2026-07-28',
    toolsMin: 2,
    call: OFFLINE_SEARCH,
  },
  {
    name: 'mongodb-stdio',
    package: 'mongodb-mcp-server',
    madeWith: 'TypeScript',
    transport: 'stdio',
    commandLine: () => node(SCRIPTS.mongodb, ...MONGODB_QUIET),
    era: 'modern',
    protocolVersion: '2026-07-28',
    toolsMin: 20,
    call: LIST_CONNECTIONS,
  },
  {
    name: 'time-stdio',
    package: 'mcp-time-linux-x64',
    madeWith: 'Go',
    transport: 'stdio',
    commandLine: () => ({ command: BINARIES.time, args: [] }),
    era: 'legacy',
    protocolVersion: '2025-03-26',
    toolsMin: 5,
    call: CURRENT_TIME,
  },
  {
    name: 'prometheus-stdio',
    package: 'mcp-prometheus-linux-amd64',
    madeWith: 'Go',
    transport: 'stdio',
    commandLine: () => ({ command: BINARIES.prometheus, args: ['--url', 'http://127.0.0.1:9'] }),
    era: 'legacy',
    protocolVersion: '2025-11-25',
    toolsMin: 10,
    call: { tool: 'getPrometheusStatus', arguments: {}, expect: {}, outcome: 'tool_error' },
  },
  {
    name: 'alertmanager-stdio',
    package: 'mcp-alertmanager-linux-amd64',
    madeWith: 'Go',
    transport: 'stdio',
    commandLine: () => ({ command: BINARIES.alertmanager, args: ['--url', 'http://127.0.0.1:9'] }),
    era: 'legacy',
    protocolVersion: '2025-11-25',
    toolsMin: 10,
    call: { tool: 'getAlertmanagerStatus', arguments: {}, expect: {}, outcome: 'tool_error' },
  },
  {
    name: 'kubernetes-stdio',
    package: 'kubernetes-mcp-server-linux-amd64',
    madeWith: 'Go',
    transport: 'stdio',
    files: { kubeconfig: FAKE_KUBECONFIG },
    commandLine: (place) => kubernetes(place),
    era: 'modern',
    protocolVersion: '2026-07-28',
    toolsMin: 15,
    call: KUBECONFIG_VIEW,
  },
  {
    name: 'cortex-stdio',
    package: '@temporal-cortex/cortex-mcp-linux-x64',
    madeWith: 'Rust',
    transport: 'stdio',
    commandLine: () => ({ command: BINARIES.cortex, args: [] }),
    era: 'legacy',
    protocolVersion: '2025-06-18',
    toolsMin: 15,
    call: {
      tool: 'get_temporal_context',
      arguments: {},
      expect: { contains: 'utc' },
      outcome: 'ok',
    },
  },
  {
    name: 'azure-stdio',
    package: '@azure/mcp-linux-x64',
    madeWith: '.NET',
    transport: 'stdio',
    commandLine: () => azure([]),
    era: 'legacy',
    protocolVersion: '2025-11-25',
    toolsMin: 1,
  },
  {
    name: 'everything-http',
    package: '@modelcontextprotocol/server-everything',
    madeWith: 'TypeScript',
    transport: 'http',
    path: '/mcp',
    commandLine: ({ port }) => onPort(port, SCRIPTS.everything, 'streamableHttp'),
    era: 'legacy',
    protocolVersion: '2025-11-25',
    hasSessions: true,
    toolsMin: 10,
    call: ECHO,
  },
  {
    name: 'chart-http',
    package: '@antv/mcp-server-chart',
    madeWith: 'TypeScript',
    transport: 'http',
    path: '/mcp',
    commandLine: ({ port }) =>
      node(SCRIPTS.chart, '-t', 'streamable', '-h', '127.0.0.1', '-p', String(port)),
    era: 'legacy',
    protocolVersion: '2025-11-25',
    toolsMin: 20,
  },
  {
    name: 'vanilla-js-http',
    package: '@modelcontextprotocol/server-basic-vanillajs',
    madeWith: 'TypeScript',
    transport: 'http',
    path: '/mcp',
    commandLine: ({ port }) => onPort(port, SCRIPTS.vanillaJs),
    era: 'legacy',
    protocolVersion: '2025-11-25',
    toolsMin: 1,
    call: {
      tool: 'get-time',
      arguments: {},
      expect: { matches: String.raw`20\d\d-\d\d-\d\dT` },
      outcome: 'ok',
    },
  },
  {
    name: 'context7-http',
    package: '@upstash/context7-mcp',
    madeWith: 'TypeScript',
    transport: 'http',
    path: '/mcp',
    commandLine: ({ port }) =>
      node(SCRIPTS.context7, '--transport', 'http', '--port', String(port)),
    era: 'modern',
    protocolVersion: '2026-07-28',
    toolsMin: 2,
    call: OFFLINE_SEARCH,
  },
  {
    name: 'mongodb-http',
    package: 'mongodb-mcp-server',
    madeWith: 'TypeScript',
    transport: 'http',
    path: '/mcp',
    commandLine: ({ port }) =>
      node(SCRIPTS.mongodb, ...MONGODB_QUIET, '--transport', 'http', '--httpPort', String(port)),
    era: 'modern',
    protocolVersion: '2026-07-28',
    toolsMin: 20,
    call: LIST_CONNECTIONS,
  },
  {
    name: 'mcp-proxy-http',
    package: 'mcp-proxy',
    madeWith: 'TypeScript',
    transport: 'http',
    path: '/mcp',
    commandLine: ({ port }) => node(...mcpProxy(port, 'stream')),
    era: 'modern',
    protocolVersion: '2026-07-28',
    toolsMin: 3,
    call: ECHO,
  },
  {
    name: 'kubernetes-http',
    package: 'kubernetes-mcp-server-linux-amd64',
    madeWith: 'Go',
    transport: 'http',
    path: '/mcp',
    files: { kubeconfig: FAKE_KUBECONFIG },
    commandLine: (place) =>
      kubernetes(place, '--port', String(place.port), '--bind-address', '127.0.0.1'),
    era: 'legacy',
    protocolVersion: '2025-11-25',
    hasSessions: true,
    toolsMin: 15,
    call: KUBECONFIG_VIEW,
  },
  {
    name: 'kubernetes-stateless-http',
    package: 'kubernetes-mcp-server-linux-amd64',
    madeWith: 'Go',
    transport: 'http',
    path: '/mcp',
    files: { kubeconfig: FAKE_KUBECONFIG },
    commandLine: (place) =>
      kubernetes(place, '--port', String(place.port), '--bind-address', '127.0.0.1', '--stateless'),
    era: 'modern',
    protocolVersion: '2026-07-28',
    toolsMin: 15,
    call: KUBECONFIG_VIEW,
  },
  {
    name: 'prometheus-http',
    package: 'mcp-prometheus-linux-amd64',
    madeWith: 'Go',
    transport: 'http',
    path: '/mcp',
    commandLine: ({ port }) => ({
      command: BINARIES.prometheus,
      args: ['--url', 'http://127.0.0.1:9', '--port', String(port)],
    }),
    era: 'legacy',
    protocolVersion: '2025-11-25',
    hasSessions: true,
    toolsMin: 10,
  },
  {
    name: 'time-http',
    package: 'mcp-time-linux-x64',
    madeWith: 'Go',
    transport: 'http',
    path: '/mcp',
    commandLine: ({ port }) => ({
      command: BINARIES.time,
      args: ['-t', 'stream', '--address', `http://127.0.0.1:${port}/mcp`],
    }),
    era: 'legacy',
    protocolVersion: '2025-03-26',
    hasSessions: true,
    toolsMin: 5,
    call: CURRENT_TIME,
  },
  {
    name: 'azure-http',
    package: '@azure/mcp-linux-x64',
    madeWith: '.NET',
    transport: 'http',
    path: '/',
    commandLine: ({ port }) =>
      azure(['--transport', 'http', '--dangerously-disable-http-incoming-auth'], {
        ASPNETCORE_URLS: `http://127.0.0.1:${port}`,
      }),
    era: 'legacy',
    protocolVersion: '2025-11-25',
    hasSessions: true,
    toolsMin: 1,
  },
  {
    name: 'everything-sse',
    package: '@modelcontextprotocol/server-everything',
    madeWith: 'TypeScript',
    transport: 'sse',
    path: '/sse',
    commandLine: ({ port }) => onPort(port, SCRIPTS.everything, 'sse'),
    era: 'legacy',
    protocolVersion: '2025-11-25',
    toolsMin: 10,
    call: ECHO,
  },
  {
    name: 'chart-sse',
    package: '@antv/mcp-server-chart',
    madeWith: 'TypeScript',
    transport: 'sse',
    path: '/sse',
    commandLine: ({ port }) =>
      node(SCRIPTS.chart, '-t', 'sse', '-h', '127.0.0.1', '-p', String(port)),
    era: 'legacy',
    protocolVersion: '2025-11-25',
    toolsMin: 20,
  },
  {
    name: 'mcp-proxy-sse',
    package: 'mcp-proxy',
    madeWith: 'TypeScript',
    transport: 'sse',
    path: '/sse',
    commandLine: ({ port }) => node(...mcpProxy(port, 'sse')),
    era: 'legacy',
    protocolVersion: '2025-11-25',
    toolsMin: 3,
    call: ECHO,
  },
];

/** In front of the smallest stdio server. */
function mcpProxy(port: number, kind: 'sse' | 'stream'): readonly string[] {
  const options = ['--host', '127.0.0.1', '--port', String(port), '--server', kind];
  return [SCRIPTS.mcpProxy, ...options, '--', process.execPath, SCRIPTS.helloWorld];
}
