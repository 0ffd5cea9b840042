import { configJsonSchema, type JsonSchema } from '../../src/settings/config-json-schema.ts';
import { DURATION_PATTERN, PERCENT_PATTERN, SIZE_PATTERN } from '../../src/settings/units.ts';
import { IGNORED_CLIENT_KEYS } from '../../src/settings/config-schema.ts';

const WIDTH_MAX = 100;

/** `docs/config.schema.json`, in the form that prettier leaves alone. */
export function renderConfigSchema(): string {
  return `${renderJson(configJsonSchema(), 0, 0)}\n`;
}

/** `docs/configuration.md`, in the form that prettier leaves alone. */
export function renderConfigDocs(): string {
  const schema = configJsonSchema();
  const server = itemOf(schema.properties?.['mcpServers']);
  const sections = [
    ['Top level', '', schema],
    ['One server', 'mcpServers.NAME', server],
    ['How servers are watched', 'defaults', schema.properties?.['defaults']],
    ['How one server is watched', 'mcpServers.NAME.monitor', server?.properties?.['monitor']],
    ['The gateway', 'gateway', schema.properties?.['gateway']],
    ['The gateway and one server', 'mcpServers.NAME.gateway', server?.properties?.['gateway']],
    ['Checks', 'probe', schema.properties?.['probe']],
    ['Administration', 'admin', schema.properties?.['admin']],
    ['Logging', 'log', schema.properties?.['log']],
    ['Audit log', 'audit', schema.properties?.['audit']],
    ['Metrics', 'metrics', schema.properties?.['metrics']],
    ['Tracing', 'tracing', schema.properties?.['tracing']],
    ['Alerts of your own', 'alerts[]', schema.properties?.['alerts']?.items],
    ['Where alerts go', 'alerting', schema.properties?.['alerting']],
    ['The journal', 'journal', schema.properties?.['journal']],
    ["Alertmanager's notifications", 'alertWebhook', schema.properties?.['alertWebhook']],
  ] as const;
  const shared = new Set(Object.keys(schema.properties?.['defaults']?.properties ?? {}));
  const body = sections.map(([title, path, part]) => {
    const isMonitor = path.endsWith('.monitor');
    return renderSection(
      title,
      path,
      part ?? {},
      isMonitor ? shared : new Set(IGNORED_CLIENT_KEYS),
    );
  });
  return `${INTRODUCTION}\n${body.join('\n')}\n${RULES}`;
}

function renderSection(
  title: string,
  path: string,
  schema: JsonSchema,
  hidden: ReadonlySet<string>,
): string {
  const isMonitor = path.endsWith('.monitor');
  const rows = rowsOf(
    schema,
    '',
    path === '' || path === 'mcpServers.NAME',
    isMonitor || path === 'mcpServers.NAME' ? hidden : new Set(),
  );
  const heading = path === '' ? `## ${title}` : `## ${title}: \`${path}\``;
  const more = isMonitor ? '\n\nAnd every key of `defaults`, for this server alone.' : '';
  return `${heading}\n\n${schema.description ?? ''}${more}\n\n${renderTable([['Key', 'Type', 'Default', 'Meaning'], ...rows])}\n`;
}

/** One row a key; of a map in a map its keys too, unless they have a section of their own. */
function rowsOf(
  schema: JsonSchema,
  prefix: string,
  isFlat: boolean,
  hidden: ReadonlySet<string>,
): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, part]) => {
    if (hidden.has(key)) return [];
    const name = `${prefix}${key}`;
    const isRequired = prefix !== '' && (schema.required ?? []).includes(key);
    const row = [`\`${name}\``, typeOf(part), defaultOf(part, isRequired), meaningOf(part)];
    if (isFlat) return [row];
    const inner: [string, JsonSchema | undefined][] = [
      [`${name}.`, part],
      [`${name}[].`, part.items],
      [`${name}.NAME.`, itemOf(part)],
    ];
    return [
      row,
      ...inner.flatMap(([path, schema]) => rowsOf(schema ?? {}, path, false, new Set())),
    ];
  });
}

function typeOf(schema: JsonSchema): string {
  if (schema.enum) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.pattern?.startsWith(DURATION_PATTERN)) return 'duration';
  if (schema.pattern?.startsWith(SIZE_PATTERN)) return 'size';
  if (schema.pattern?.startsWith(PERCENT_PATTERN)) return 'share';
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(' or ');
  if (schema.const !== undefined) return `\`${exampleText(schema.const)}\``;
  if (schema.type === 'integer' || schema.type === 'number')
    return `${schema.minimum} … ${schema.maximum}`;
  if (schema.type === 'boolean') return '`true`, `false`';
  if (schema.type === 'array')
    return schema.items?.type === 'object' ? 'list of maps' : 'list of text';
  if (schema.type === 'object') return 'map';
  return 'text';
}

function defaultOf(schema: JsonSchema, isRequired: boolean): string {
  if (schema.default !== undefined) return `\`${exampleText(schema.default)}\``;
  return isRequired ? 'required' : '';
}

function meaningOf({ description = '', examples = [] }: JsonSchema): string {
  if (examples.length === 0) return description;
  return `${description} Example: ${examples.map((example) => `\`${exampleText(example)}\``).join(', ')}`;
}

function exampleText(example: unknown): string {
  return typeof example === 'string' ? example : JSON.stringify(example);
}

function itemOf(schema: JsonSchema | undefined): JsonSchema | undefined {
  return typeof schema?.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}

function renderTable(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(3, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = cells;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}

/** As prettier writes JSON: maps over several lines, lists in one where they fit. */
function renderJson(value: unknown, indent: number, columnsBefore: number): string {
  const inner = ' '.repeat(indent + 2);
  const outer = ' '.repeat(indent);
  if (Array.isArray(value)) {
    const inline = `[${value.map((item) => inlineJson(item)).join(', ')}]`;
    if (isFlat(value) && indent + columnsBefore + inline.length + 1 <= WIDTH_MAX) return inline;
    return `[\n${value.map((item) => inner + renderJson(item, indent + 2, 0)).join(',\n')}\n${outer}]`;
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  if (entries.length === 0) return '{}';
  const lines = entries.map(([key, item]) => {
    const label = `${JSON.stringify(key)}: `;
    return inner + label + renderJson(item, indent + 2, label.length);
  });
  return `{\n${lines.join(',\n')}\n${outer}}`;
}

function inlineJson(value: unknown): string {
  return Array.isArray(value) ? `[${value.map(inlineJson).join(', ')}]` : JSON.stringify(value);
}

/** A list of lists of plain values; prettier keeps maps on lines of their own. */
function isFlat(value: unknown): boolean {
  return Array.isArray(value) ? value.every(isFlat) : typeof value !== 'object' || value === null;
}

const INTRODUCTION = `# Configuration

<!-- Generated from the schema in src/settings; do not edit. -->

mcp-exporter reads one YAML file: the one named on the command line, else \`mcp-exporter.yml\` or \`mcp-exporter.yaml\` in
the working directory. With none it watches a bundled demonstration server. The file may also be a client's own
(\`.mcp.json\`, \`claude_desktop_config.json\`, \`.cursor/mcp.json\`, \`.vscode/mcp.json\`); everything else then has its
default.

\`\`\`yaml
# yaml-language-server: $schema=./config.schema.json
listen: 127.0.0.1:19110
import: [./.mcp.json]
mcpServers:
  files: { command: npx, args: [-y, '@modelcontextprotocol/server-filesystem', /tmp] }
  search:
    url: https://mcp.example.com/mcp
    headers: { Authorization: 'Bearer \${SEARCH_TOKEN}' }
    monitor:
      interval: 1m
      call: { tool: search, arguments: { query: health }, expect: { contains: results } }
  old: { type: sse, url: http://127.0.0.1:3001/sse }
  from-mcp-json: { monitor: { timeout: 10s } }
defaults:
  interval: 30s
  responseTime: { warning: 500ms, critical: 1s }
  errorRate: { warning: 1%, critical: 5% }
gateway: { listen: 127.0.0.1:19100 }
\`\`\`

\`mcp-exporter check-config FILE\` prints every mistake as \`file:line:column  path  what is wrong\`, or what would be
watched.
`;

const RULES = `## Values

- A **duration** has a unit: \`ms\`, \`s\`, \`m\`, \`h\`, \`d\`, also in a row (\`1m30s\`).
- A **share** has a unit too: \`1%\`, \`0.5%\`.
- A **size** has a unit: \`B\`, \`KB\`, \`MB\`, \`GB\` (powers of 1000), \`KiB\`, \`MiB\`, \`GiB\` (powers of 1024).
- \`\${NAME}\` in any text is the environment variable; \`\${NAME:-default}\` has a default for when it is unset or empty,
  and \`\${env:NAME}\` is the same as \`\${NAME}\`. \`$\${\` is a plain \`\${\`. A variable that is missing is a mistake.
- \`KEY_file: path\` instead of any \`KEY\` with a text takes it from that file, without the line break at its end
  (\`Authorization_file\`, \`url_file\`, \`API_KEY_file\`). Not in a client's file, and not in the arguments of a call.
- Paths are relative to the file that holds them; \`~/\` is the home directory. A stdio server of a project's file
  (\`.mcp.json\`, \`.cursor/mcp.json\`, \`.vscode/mcp.json\`) starts in the project's folder, any other where the exporter
  was started, unless it has a \`cwd\`.
- Anchors, aliases and merge keys (\`<<\`) of YAML work.

## Secrets

Values of headers and of \`env\`, contents of variables and \`_file\` files, user, password and query values of a URL, and
arguments named like a credential (\`--api-key …\`) are shown as \`***\` wherever they would be printed. A variable in scheme,
host or port of a URL is no secret, since it says which server is meant. User and password of a URL are sent as basic
authentication.

Whether a server has credentials decides what a 401 or 403 means: with them Critical, without them Warning. It has them
if its URL has a user or a password, or if a header or a query key is named like one (\`Authorization\`, \`Cookie\`,
\`X-Api-Key\`, …). A stdio server never has.

## Imported files

- Comments and trailing commas are fine. \`\${workspaceFolder}\`, \`\${workspaceFolderBasename}\`, \`\${userHome}\` and
  \`\${pathSeparator}\` mean what they mean in the client. A server that needs \`\${input:…}\`, \`\${command:…}\` or
  \`\${config:…}\` is not checked and has the status Unknown with the reason.
- Keys of a server that only the client needs have no effect. Keys that nobody knows are warnings there, and mistakes in
  our own file. Known are ${IGNORED_CLIENT_KEYS.map((key) => `\`${key}\``).join(', ')}.
- The same server in several files is one; two different ones of the same name are a mistake that names both places.
- A server that leads back to this exporter (\`listen\` or \`gateway.listen\`) is left out, with a warning.
- VS Code's \`type: http\` falls back to HTTP+SSE, as VS Code does; anywhere else \`http\` is Streamable HTTP alone.

## Who may use the gateway

In this order, before a body is read:

1. \`Host\` and \`Origin\` (\`gateway.allowedHosts\`, \`gateway.allowedOrigins\`), against web pages that reach for servers
   of this machine.
2. Credentials, where \`gateway.authentication\` is there. What a client shows to the gateway is not sent on to a server,
   which gets the \`headers\` of its own entry instead. A token that was good is not verified again for a minute.
3. \`gateway.rateLimit\`, by user or else by address: all addresses of an IPv6 /64 are one client, and behind a reverse
   proxy everybody is. Up to 10,000 clients are remembered.
4. \`maxInFlight\` of the server. Streams take no place.

What is refused, and with which error, is in [errors.md](errors.md).

## Web configuration

\`webConfigFile\` names a file in the [form of the Prometheus exporters](https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md);
what \`promtool check web-config\` accepts is accepted here. Neither variables nor \`KEY_file\` mean anything in it.

- TLS and client certificates hold for both listeners. Passwords, headers and the rate limit hold for the pages, the
  metrics and the API; \`/health\`, \`/-/healthy\` and \`/-/ready\` need no password. The gateway has
  \`gateway.authentication\`, since \`Authorization\` belongs to clients there.
- A password or a verified client certificate lets its owner change something too; so does the admin token, which also
  opens the pages. Where passwords or verified certificates are configured, being on this machine is not enough any more.
- HTTP/2 is accepted as a key; both listeners speak HTTP/1.1.

## Reload

The file, what it imports and what its \`_file\` keys name are read again when one of them changes, on SIGHUP and on
\`POST /-/reload\`; a web configuration with its certificates too. Whether there is TLS at all, and whether clients are
asked for certificates, is settled at the start. A file with a mistake changes nothing: the configuration in effect stays,
and the log, \`/health\` and \`mcp_exporter_config_last_reload_successful\` say so.
`;
