/** What `--help` adds to the list of commands and options. */
export const MAIN_HELP = `
Examples:
  mcp-exporter                               watch the servers of mcp-exporter.yml, or a demonstration
  mcp-exporter serve --config ~/.cursor/mcp.json
                                             watch what an MCP client uses
  mcp-exporter check-config                  say every mistake of the configuration at once
  mcp-exporter probe https://host/mcp        look at one server, step by step
  mcp-exporter probe -- npx -y @modelcontextprotocol/server-everything

Configuration, the first that is there:
  --config FILE, ./mcp-exporter.yml, ./mcp-exporter.yaml, else a bundled demonstration server.
  FILE may also be a client's own: .mcp.json, claude_desktop_config.json, .cursor/mcp.json, .vscode/mcp.json.

Port:
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
