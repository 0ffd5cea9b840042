/** Where a service with the standard settings says that it serves. */
export const HEALTH_URL = 'http://127.0.0.1:19110/health';

/** What `--help` adds to the list of commands and options. */
export const MAIN_HELP = `
Examples:
  mcp-exporter                               watch the servers of mcp-exporter.yml, or a demonstration
  mcp-exporter serve --config ~/.cursor/mcp.json
                                             watch what an MCP client uses
  mcp-exporter check-config                  say every mistake of the configuration at once
  mcp-exporter probe https://host/mcp        look at one server, step by step
  mcp-exporter probe -- npx -y @modelcontextprotocol/server-everything
  mcp-exporter wrap .mcp.json --dry-run      let a client's calls pass the gateway

Configuration, the first that is there:
  --config FILE, ./mcp-exporter.yml, ./mcp-exporter.yaml, else a bundled demonstration server.
  FILE may also be a client's own: .mcp.json, claude_desktop_config.json, .cursor/mcp.json, .vscode/mcp.json.

Ports:
  127.0.0.1:19100   gateway: /NAME/mcp, /NAME/sse (gateway.listen:)
  127.0.0.1:19110   status page, /metrics, /health, /probe, /sd/servers, /api/v1 (listen: or --listen)

Exit codes:
  0  it worked; for probe and healthcheck: healthy
  1  it did not: the service could not start, the server is not healthy, the configuration has mistakes
  2  the command line is wrong; for probe also: no such server, a bad configuration`;

export const SERVE_HELP = `
Signals:
  SIGHUP            reads the configuration again; a bad one changes nothing and is reported
  SIGTERM, SIGINT   ends sessions and child processes, within 10 seconds; a second one ends at once

Standard output has one JSON line per event, or text on a terminal (log.format).`;

export const PROBE_HELP = `
TARGET is a configured name or a URL; everything behind -- is a command that speaks MCP over stdio.

Examples:
  mcp-exporter probe files                   a server of the configuration, with its settings
  mcp-exporter probe https://host/mcp --header 'Authorization: Bearer …'
  mcp-exporter probe http://127.0.0.1:3001/sse --timeout 2s
  mcp-exporter probe --json -- npx -y @modelcontextprotocol/server-filesystem /tmp

The check is the service's own: connect, handshake, one cheap request; then a fresh session, all lists, and the
configured synthetic call. It leaves no session and no process behind. Colour only on a terminal without NO_COLOR.

Exit codes: 0 healthy, 1 anything else (warning too), 2 wrong usage, no such server or a bad configuration.`;

export const HEALTHCHECK_HELP = `
Asks GET /health of a running service. A monitored server that is down does not make the service unhealthy.

Example, in a Dockerfile:
  HEALTHCHECK CMD ["mcp-exporter", "healthcheck"]

Exit codes: 0 it serves, 1 it does not.`;

export const STDIO_HELP = `
Put it where a client's configuration had the server's command. Its lines go to the running service's gateway, so that
every call is counted and timed; nothing else changes. If no gateway of ours answers there, or it goes away, the server
itself is started (or called, if it is a remote one), the session goes on unobserved, and standard error says so.

Example, in .mcp.json:
  { "mcpServers": { "files": { "command": "mcp-exporter", "args": ["stdio", "files", "--config", "/path/mcp-exporter.yml"] } } }

mcp-exporter wrap writes these entries for you. Standard output carries MCP messages and nothing else.

Exit codes: 0 the client ended it, 1 the server ended or could not be started, 2 no such server or a bad configuration.`;

export const WRAP_HELP = `
For .mcp.json, claude_desktop_config.json, .cursor/mcp.json and .vscode/mcp.json: comments and layout stay. The
difference is shown first, with secrets masked. The file as it was is kept beside it as FILE.mcp-exporter-backup.
Remote servers get the gateway's address, the others the command mcp-exporter stdio NAME. Entries that are switched off,
that need something only the client can ask for (\${input:…}), or that lead to the gateway already, stay as they are.
A running service takes the moved servers over by itself.

Examples:
  mcp-exporter wrap .mcp.json --dry-run
  mcp-exporter wrap ~/.cursor/mcp.json github search --config ~/mcp-exporter.yml

Exit codes: 0 done, or nothing to do; 1 nothing was changed, and why.`;

export const RENDER_HELP = `
alertmanager  Alertmanager's configuration, of alerting: only the channels that are configured, secrets only as names of
              files. Alertmanager reads it again on SIGHUP.
rules         the rule file of Prometheus that alerts: become. A running service writes it to alertRulesFile by itself.

The output file is replaced in one step; that of alertmanager can be read by its owner and group only.

Examples:
  mcp-exporter render alertmanager --output /etc/alertmanager/alertmanager.yml
  mcp-exporter render rules | promtool check rules

Exit codes: 0 done, 1 the configuration has mistakes, or the file cannot be written.`;

export const UNWRAP_HELP = `
Byte for byte as it was, if nobody edited the file since; else each original entry goes back into the edited file.
From our configuration goes what wrap put there for this file, unless it was edited since.

Example:
  mcp-exporter unwrap .mcp.json

Exit codes: 0 done, or nothing to do; 1 nothing was changed, and why.`;
