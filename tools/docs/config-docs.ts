import { type Reopening, SERVER_CHANGE_KEYS } from '../../src/facts/rules/server-changes.ts';
import {
  configJsonSchema,
  IGNORED_CLIENT_KEYS,
  type JsonSchema,
  RESTART_KEYS,
} from '../../src/settings/config-schema.ts';
import { DURATION_PATTERN, PERCENT_PATTERN, SIZE_PATTERN } from '../../src/settings/units.ts';

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
    ['Access tokens', 'mcpServers.NAME.auth', server?.properties?.['auth']],
    ['How servers are monitored', 'defaults', schema.properties?.['defaults']],
    ['How one server is monitored', 'mcpServers.NAME.monitor', server?.properties?.['monitor']],
    ['The gateway', 'gateway', schema.properties?.['gateway']],
    ['The gateway and one server', 'mcpServers.NAME.gateway', server?.properties?.['gateway']],
    ['Checks', 'probe', schema.properties?.['probe']],
    ['Administration', 'admin', schema.properties?.['admin']],
    ['Logging', 'log', schema.properties?.['log']],
    ['Audit log', 'audit', schema.properties?.['audit']],
    ['Metrics', 'metrics', schema.properties?.['metrics']],
    ['Tracing', 'tracing', schema.properties?.['tracing']],
    ['Your own alerts', 'alerts[]', schema.properties?.['alerts']?.items],
    ['Where alerts are sent', 'alerting', schema.properties?.['alerting']],
    ['The API of Alertmanager', 'alertmanager', schema.properties?.['alertmanager']],
    ['The API of Prometheus', 'prometheus', schema.properties?.['prometheus']],
    ['Maintenance windows', 'maintenance[]', schema.properties?.['maintenance']?.items],
    ['The journal', 'journal', schema.properties?.['journal']],
    ["Alertmanager's notifications", 'alertWebhook', schema.properties?.['alertWebhook']],
    ['Deploys and notes', 'markers', schema.properties?.['markers']],
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
  const more = isMonitor ? '\n\nAnd every key of `defaults`, for this server only.' : '';
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

mcp-exporter reads one YAML file: the one named on the command line, or else \`mcp-exporter.yml\` or \`mcp-exporter.yaml\` in
the working directory. Without one it watches a bundled demonstration server. The file may also be that of a client
(\`.mcp.json\`, \`claude_desktop_config.json\`, \`.cursor/mcp.json\`, \`.vscode/mcp.json\`); all other settings then have
their defaults.

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

\`mcp-exporter check-config FILE\` prints every mistake as \`file:line:column  path  what is wrong\`, or else the
servers that would be watched; with \`--json\` as one document, for scripts and CI.
`;

const RULES = `## Values

- A **duration** has a unit: \`ms\`, \`s\`, \`m\`, \`h\`, \`d\`, which can be combined (\`1m30s\`).
- A **share** has a unit as well: \`1%\`, \`0.5%\`.
- A **size** has a unit: \`B\`, \`KB\`, \`MB\`, \`GB\` (powers of 1000), \`KiB\`, \`MiB\`, \`GiB\` (powers of 1024).
- \`\${NAME}\` in any text is replaced by the environment variable; \`\${NAME:-default}\` has a default in case it is unset or empty,
  and \`\${env:NAME}\` is the same as \`\${NAME}\`. \`$\${\` is a literal \`\${\`. A missing variable is a mistake.
- \`KEY_file: path\` instead of any \`KEY\` with a text reads the text from that file, without the line break at its end
  (\`Authorization_file\`, \`url_file\`, \`API_KEY_file\`). This does not apply to a client's file or to the arguments of a call.
- Paths are relative to the file that contains them; \`~/\` is the home directory. A stdio server of a project's file
  (\`.mcp.json\`, \`.cursor/mcp.json\`, \`.vscode/mcp.json\`) starts in the project's folder, any other one in the
  working directory of the exporter, unless it has a \`cwd\`.
- YAML anchors, aliases and merge keys (\`<<\`) are supported.

## Secrets

Values of headers and of \`env\`, contents of variables and \`_file\` files, user, password and query values of a URL, and
arguments named like a credential (\`--api-key …\`) are shown as \`***\` wherever they would be printed. A variable in the
scheme, host or port of a URL is not a secret, because it identifies the server. User and password of a URL are sent as
basic authentication.

Whether a server has credentials decides what a 401 or 403 means: Critical with credentials, Warning without. It has
credentials if its URL has a user or a password, or if a header or a query key is named like one (\`Authorization\`, \`Cookie\`,
\`X-Api-Key\`, …), or if it has \`auth\`. A stdio server never has credentials.

## Imported files

- Comments and trailing commas are allowed. \`\${workspaceFolder}\`, \`\${workspaceFolderBasename}\`, \`\${userHome}\` and
  \`\${pathSeparator}\` have the same meaning as in the client. A server that needs \`\${input:…}\`, \`\${command:…}\` or
  \`\${config:…}\` is not checked, and has the status Unknown with this reason.
- Keys of a server that only clients use are ignored. Unknown keys are warnings in a client's file, and mistakes in our
  own. The ignored keys are ${IGNORED_CLIENT_KEYS.map((key) => `\`${key}\``).join(', ')}.
- The same server in several files is one server; two different servers with the same name are a mistake, which is
  reported with both places.
- A server that leads back to this exporter (\`listen\` or \`gateway.listen\`) is left out, with a warning.
- VS Code's \`type: http\` falls back to HTTP+SSE, as VS Code does; anywhere else \`http\` is Streamable HTTP alone.

## Who may use the gateway

In this order, before a body is read:

1. \`Host\` and \`Origin\` (\`gateway.allowedHosts\`, \`gateway.allowedOrigins\`), to keep web pages away from servers
   of this machine.
2. Credentials, if \`gateway.authentication\` is configured. The credentials of a client are not forwarded to the server,
   which gets the \`headers\` of its own entry instead. A valid token is not verified again for a minute.
3. \`gateway.rateLimit\`, by user or else by address: all addresses of an IPv6 /64 count as one client, and so do all
   clients behind a reverse proxy. Up to 10,000 clients are remembered.
4. \`maxInFlight\` of the server: as many requests may be sending their bodies, and as many may wait for their answers. Streams
   are not counted.

[errors.md](errors.md) lists the refusals and their errors.

## Web configuration

\`webConfigFile\` names a file in the [format of the Prometheus exporters](https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md);
every file that \`promtool check web-config\` accepts is accepted here. Variables and \`KEY_file\` have no meaning in it.

- TLS and client certificates apply to both listeners. Passwords, headers and the rate limit apply to the pages, the
  metrics and the API; \`/health\`, \`/-/healthy\` and \`/-/ready\` need no password. The gateway has
  \`gateway.authentication\` instead, because clients use \`Authorization\` there.
- A password or a verified client certificate also allows changes; so does the admin token, which also gives access to
  the pages. If passwords or verified certificates are configured, requests from this machine need them too.
- HTTP/2 is accepted as a key; both listeners speak HTTP/1.1.

## Reload

The file, its imports and the files that its \`_file\` keys name are read again when one of them changes, on SIGHUP and on
\`POST /-/reload\`; so are the web configuration and its certificates. A file with a mistake changes nothing: the
configuration in effect remains, and the log, \`/health\` and \`mcp_exporter_config_last_reload_successful\` report it.

A reload keeps counters, histories, uptime and status of every server: the same name is the same server. Thresholds, intervals,
timeouts, limits and prices, in \`defaults\` or of one server, are applied to what is open. Only these keys open something anew,
and a log line names the server and the keys:

- ${keysThatReopen('all')}: the connection of the checks, and what clients have open to that server through the gateway. Calls in
  flight have ten seconds to end.
- ${keysThatReopen('checks')}: the connection of the checks.

These keys take effect at the next start only; a reload logs a warning for each of them that has changed:
${RESTART_KEYS.map((key) => `\`${key}\``).join(', ')}. Whether TLS is used at all, and whether clients are asked for certificates, is also decided at the start.
`;

/** Keys of a server whose change opens something anew. */
function keysThatReopen(reopens: Reopening): string {
  const keys = SERVER_CHANGE_KEYS.filter((each) => each.reopens === reopens);
  return keys.map(({ key }) => `\`${key}\``).join(', ');
}
