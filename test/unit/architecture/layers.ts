import { posix } from 'node:path';
import { importsOf, type SourceFile } from './source-tree.ts';

export interface Layer {
  /** Beginning of the paths, from the root of the repository. The first layer that fits applies. */
  readonly path: string;
  /** Beginnings of the paths it may import; itself is always allowed. */
  readonly imports: readonly string[];
  /** Packages it may import; `node:` stands for all of Node. */
  readonly packages: readonly string[];
}

const OTEL_PACKAGES = [
  '@opentelemetry/api',
  '@opentelemetry/core',
  '@opentelemetry/exporter-jaeger',
  '@opentelemetry/exporter-logs-otlp-proto',
  '@opentelemetry/exporter-trace-otlp-proto',
  '@opentelemetry/exporter-zipkin',
  '@opentelemetry/resources',
  '@opentelemetry/sdk-logs',
  '@opentelemetry/sdk-node',
  '@opentelemetry/sdk-trace',
];

function source(name: string, packages: readonly string[]): Layer {
  return {
    path: `src/sources/${name}/`,
    imports: ['src/facts/', 'src/protocol/'],
    packages: ['node:', ...packages],
  };
}

function sink(name: string, packages: readonly string[]): Layer {
  return {
    path: `src/sinks/${name}/`,
    imports: ['src/facts/', 'src/catalog/'],
    packages: ['node:', ...packages],
  };
}

/** Everything but the entry, the commands and the build tools. */
const SERVICE = [
  'src/app/',
  'src/catalog/',
  'src/demo/',
  'src/facts/',
  'src/protocol/',
  'src/settings/',
  'src/sinks/',
  'src/sources/',
];

/** Sources and sinks know the facts and never each other; each outside library is met in as few folders as possible. */
export const LAYERS: readonly Layer[] = [
  { path: 'src/facts/', imports: [], packages: [] },
  { path: 'src/catalog/', imports: ['src/facts/'], packages: [] },
  {
    path: 'src/protocol/',
    imports: ['src/facts/'],
    packages: ['node:', '@modelcontextprotocol/client', 'eventsource-parser', 'undici'],
  },
  {
    path: 'src/settings/',
    imports: ['src/facts/', 'src/catalog/'],
    packages: [
      'node:',
      'fastest-levenshtein',
      'jsonc-parser',
      're2js',
      'smol-toml',
      'string-argv',
      'yaml',
      'zod',
    ],
  },
  source('probe', ['@modelcontextprotocol/client', 'p-queue', 're2js']),
  source('gateway', ['jose', 'undici']),
  source('alerts', []),
  source('control', []),
  sink('alerting', []),
  sink('journal', ['diff']),
  sink('log', ['pino', 'pino-pretty', 'rotating-file-stream']),
  sink('otel', OTEL_PACKAGES),
  sink('prometheus', ['prom-client']),
  sink('web', ['bcryptjs', 'csv-stringify', 'escape-html', 'express', 'zod']),
  // The library runs in the servers of others: what it imports, it brings into them.
  {
    path: 'src/instrument/',
    imports: ['src/facts/', 'src/catalog/', 'src/protocol/'],
    packages: ['node:'],
  },
  {
    path: 'src/demo/',
    imports: ['src/facts/'],
    packages: ['node:', '@modelcontextprotocol/client'],
  },
  { path: 'src/app/', imports: SERVICE, packages: ['node:'] },
  {
    path: 'src/cli/',
    imports: SERVICE,
    packages: ['node:', 'commander', 'diff', 'fastest-levenshtein'],
  },
  { path: 'src/main.ts', imports: ['src/cli/'], packages: [] },
  {
    path: 'tools/dashboards/',
    imports: ['src/catalog/', 'src/facts/'],
    packages: ['node:', '@grafana/grafana-foundation-sdk'],
  },
  {
    path: 'tools/demo-history/',
    imports: ['src/catalog/', 'src/demo/', 'src/facts/'],
    packages: ['node:'],
  },
  {
    path: 'tools/',
    imports: [...SERVICE, 'src/cli/'],
    packages: ['node:', 'marked', 'rolldown', 'yaml'],
  },
];

/** Each import that its layer does not allow, as a sentence. */
export function findLayerViolations(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    const layer = LAYERS.find(({ path }) => file.path.startsWith(path));
    if (!layer) return [`${file.path} belongs to no layer`];
    return importsOf(file.text)
      .filter((specifier) => !isAllowed(specifier, file.path, layer))
      .map((specifier) => `${file.path} must not import ${specifier}`);
  });
}

function isAllowed(specifier: string, importer: string, layer: Layer): boolean {
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(importer), specifier);
    return [layer.path, ...layer.imports].some((beginning) => target.startsWith(beginning));
  }
  return layer.packages.some((name) =>
    name === 'node:'
      ? specifier.startsWith(name)
      : specifier === name || specifier.startsWith(`${name}/`),
  );
}
