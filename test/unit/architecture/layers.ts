import { posix } from 'node:path';
import { importsOf, type SourceFile } from './source-tree.ts';

interface Layer {
  /** Beginning of the paths below `src/`. The first layer that fits holds. */
  readonly path: string;
  /** Beginnings of what it may import from `src/`; always also itself. */
  readonly imports: readonly string[];
  /** Packages it may import; `node:` stands for all of Node. */
  readonly packages: readonly string[];
}

const ADAPTER_IMPORTS = [
  'domain/',
  'metrics/',
  'probe/ports.ts',
  'probe/server-view.ts',
  'gateway/ports.ts',
  'alerts/ports.ts',
];
const EVERYTHING = [
  'adapters/',
  'alerts/',
  'cli/',
  'control/',
  'domain/',
  'gateway/',
  'metrics/',
  'probe/',
];
/** The composition root, cut into what belongs together. */
const ROOT_FILES = [
  'app.ts',
  'compose-gateway.ts',
  'compose-journal.ts',
  'compose-log-shipping.ts',
  'demo-config.ts',
  'open-channel.ts',
  'version.ts',
];

function adapter(
  name: string,
  packages: readonly string[],
  useCases: readonly string[] = [],
): Layer {
  return {
    path: `adapters/${name}`,
    imports: [...ADAPTER_IMPORTS, ...useCases],
    packages: ['node:', ...packages],
  };
}

/** Dependencies point inwards, and each outside library is met in one folder. */
export const LAYERS: readonly Layer[] = [
  { path: 'domain/', imports: [], packages: [] },
  { path: 'metrics/', imports: ['domain/'], packages: [] },
  { path: 'probe/', imports: ['domain/'], packages: ['p-queue'] },
  { path: 'gateway/', imports: ['domain/'], packages: [] },
  { path: 'alerts/', imports: ['domain/', 'metrics/'], packages: [] },
  { path: 'control/', imports: ['domain/'], packages: [] },
  adapter('clock.ts', []),
  adapter('config/', ['fastest-levenshtein', 'jsonc-parser', 'yaml', 'zod']),
  adapter('files/', []),
  // Drives its use case chunk by chunk, as bytes arrive: a port between them would repeat it.
  adapter('gateway/', ['eventsource-parser', 'jose', 'undici'], ['gateway/']),
  adapter('http/', ['express']),
  adapter('journal/', []),
  adapter('mcp/', ['@modelcontextprotocol/client', 'eventsource-parser', 'undici']),
  adapter('otel/', [
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
  ]),
  adapter('pino/', ['pino', 'pino-pretty', 'rotating-file-stream']),
  adapter('prometheus/', ['prom-client']),
  adapter('web-config/', ['bcryptjs']),
  {
    path: 'cli/',
    imports: [...EVERYTHING, ...ROOT_FILES],
    packages: ['node:', 'commander', 'fastest-levenshtein'],
  },
  { path: 'demo/', imports: [], packages: ['node:', '@modelcontextprotocol/client'] },
  {
    path: 'provisioning/dashboards/',
    imports: ['metrics/'],
    packages: ['@grafana/grafana-foundation-sdk'],
  },
  {
    path: 'provisioning/demo-history/',
    imports: ['demo/', 'domain/', 'metrics/'],
    packages: ['node:'],
  },
  { path: 'provisioning/', imports: [...EVERYTHING, ...ROOT_FILES], packages: ['node:', 'yaml'] },
  { path: 'app.ts', imports: [...EVERYTHING, ...ROOT_FILES], packages: ['node:'] },
  { path: 'compose-gateway.ts', imports: [...EVERYTHING, ...ROOT_FILES], packages: ['node:'] },
  { path: 'compose-journal.ts', imports: ['adapters/'], packages: [] },
  { path: 'compose-log-shipping.ts', imports: ['adapters/'], packages: [] },
  { path: 'demo-config.ts', imports: [], packages: ['node:'] },
  { path: 'open-channel.ts', imports: ['adapters/', 'domain/'], packages: [] },
  { path: 'version.ts', imports: [], packages: ['node:'] },
  { path: 'main.ts', imports: ['cli/'], packages: [] },
];

/** Each import that its layer does not allow, as a sentence. */
export function findLayerViolations(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    const inSource = file.path.replace(/^src\//, '');
    const layer = LAYERS.find(({ path }) => inSource.startsWith(path));
    if (!layer) return [`${file.path} belongs to no layer`];
    return importsOf(file.text)
      .filter((specifier) => !isAllowed(specifier, inSource, layer))
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
