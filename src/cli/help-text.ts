/** What `--help` prints after the list of commands and options. */
export const MAIN_HELP = `
Examples:
  mcp-exporter                               monitor the servers in mcp-exporter.yml, or a demonstration
  mcp-exporter serve --config ~/.cursor/mcp.json
                                             monitor the servers of an MCP client
  mcp-exporter check-config                  report every mistake in the configuration at once
  mcp-exporter probe https://host/mcp        check one server, step by step
  mcp-exporter probe -- npx -y @modelcontextprotocol/server-everything
  mcp-exporter status                        show what the running service knows of its servers
  mcp-exporter disable files --for 1h        take a server out of service for an hour
  mcp-exporter maintenance add files --for 2h
                                             plan a time in which a server may fail
  mcp-exporter login github                  log in to a server with OAuth
  mcp-exporter wrap .mcp.json --dry-run      route a client's calls through the gateway

Configuration, the first that exists:
  --config FILE, ./mcp-exporter.yml, ./mcp-exporter.yaml, otherwise a bundled demonstration server.
  FILE may also belong to a client: .mcp.json, claude_desktop_config.json, .cursor/mcp.json, .vscode/mcp.json.

Ports:
  127.0.0.1:19100   gateway: /NAME/mcp, /NAME/sse (gateway.listen:)
  127.0.0.1:19110   status page, /metrics, /health, /probe, /sd/servers, /api/v1 (listen: or --listen)

Exit codes:
  0  success; for probe, check and healthcheck: healthy
  1  failure: the service could not start, the server is not healthy, the configuration has mistakes
  2  the command line is wrong; for probe also: no such server, or an invalid configuration`;

export const SERVE_HELP = `
Signals:
  SIGHUP            reloads the configuration; an invalid one changes nothing and is reported
  SIGTERM, SIGINT   ends sessions and child processes, within 10 seconds; a second one ends the process at once

Standard output carries one JSON line per event, or text on a terminal (log.format).`;

export const PROBE_HELP = `
TARGET is a configured name or a URL; everything after -- is a command that speaks MCP over stdio.

Examples:
  mcp-exporter probe files                   a configured server, with its settings
  mcp-exporter probe https://host/mcp --header 'Authorization: Bearer …'
  mcp-exporter probe http://127.0.0.1:3001/sse --timeout 2s
  mcp-exporter probe --json -- npx -y @modelcontextprotocol/server-filesystem /tmp

The check is the same as the service's: connect, handshake, one cheap request; then a fresh session, all lists, and the
configured synthetic call. It leaves no session and no process behind. Colour only on a terminal, and not with NO_COLOR.

Exit codes: 0 healthy, 1 anything else (including warning), 2 wrong usage, no such server or an invalid configuration.`;

export const LOGIN_HELP = `
For a remote server with auth: { oauth2: {} } in the configuration. It opens the page of the server's authorization server
in your browser and waits for the way back, up to 10 minutes. The login (with its refresh token) is kept in a file that only you can
read, logins/NAME.json beside the journal (or auth.oauth2.loginFile). A running service picks it up by itself, and keeps
it fresh. Log in again when a server's reason says so.

On a machine without a browser: --no-browser, open the address elsewhere, and paste the address at which that browser
ends; or forward a port with ssh -L 8888:127.0.0.1:8888 and use --port 8888.

Examples:
  mcp-exporter login github
  mcp-exporter login github --config /etc/mcp-exporter/mcp-exporter.yml --no-browser

Exit codes: 0 logged in, 1 the login failed, with the reason; 2 no such server, or one that needs no login.`;

export const HEALTHCHECK_HELP = `
Requests GET /health of a running service, at the address in listen: of its configuration (by default 127.0.0.1:19110).
A monitored server that is down does not make the service unhealthy.

Example, in a Dockerfile:
  HEALTHCHECK CMD ["mcp-exporter", "healthcheck"]

Exit codes: 0 the service is up, 1 it is not.`;

export const STDIO_HELP = `
Use it in a client's configuration in place of the server's command. Its messages go to the gateway of the running
service, so that every call is counted and timed; nothing else changes. If no gateway of ours answers, or it goes away,
the server itself is started (or called, if it is remote), the session continues unobserved, and standard error says so.

Example, in .mcp.json:
  { "mcpServers": { "files": { "command": "mcp-exporter", "args": ["stdio", "files", "--config", "/path/mcp-exporter.yml"] } } }

mcp-exporter wrap writes these entries for you. Standard output carries MCP messages and nothing else.

Exit codes: 0 the client ended the session, 1 the server ended or could not be started, 2 no such server or an invalid
configuration.`;

export const WRAP_HELP = `
For .mcp.json, claude_desktop_config.json, .cursor/mcp.json and .vscode/mcp.json: comments and layout are preserved. The
difference is shown first, with secrets masked. The original is kept beside the file as FILE.mcp-exporter-backup.
Remote servers get the gateway's address, the others the command mcp-exporter stdio NAME. Entries that are disabled, that
need input from the client (\${input:…}), or that already lead to the gateway stay as they are. A running service picks
up the moved servers by itself.

Each remote server without credentials in its entry is asked first, for up to 5 seconds. One that wants OAuth stays as it is:
its clients refuse it at another address than its own. Put the gateway at that address (gateway.publicUrl), or use
--include-oauth, which asks nothing.

Examples:
  mcp-exporter wrap .mcp.json --dry-run
  mcp-exporter wrap ~/.cursor/mcp.json github search --config ~/mcp-exporter.yml

Exit codes: 0 done, or nothing to do; 1 nothing was changed, with the reason.`;

export const RENDER_HELP = `
alertmanager  the configuration of Alertmanager, from alerting: only the configured channels, with secrets as names of
              files. Alertmanager reloads it on SIGHUP.
rules         the Prometheus rule file, from alerts: A running service writes it to alertRulesFile by itself.

The output file is replaced atomically; the one of alertmanager is readable by its owner and group only.

Examples:
  mcp-exporter render alertmanager --output /etc/alertmanager/alertmanager.yml
  mcp-exporter render rules | promtool check rules

Exit codes: 0 done, 1 the configuration has mistakes, or the file cannot be written.`;

export const UNWRAP_HELP = `
Restores the file byte for byte if nobody has edited it since; otherwise each original entry goes back into the edited
file. From our configuration, what wrap added for this file is removed, unless it has been edited since.

Example:
  mcp-exporter unwrap .mcp.json

Exit codes: 0 done, or nothing to do; 1 nothing was changed, with the reason.`;

/** The end of the help of every command that talks to the running service. */
const SERVICE_HELP = `
It asks the running service, at the address in listen: of its configuration (by default 127.0.0.1:19110) or at --url.
Credentials, the first that exist: --token-file, MCP_EXPORTER_TOKEN, MCP_EXPORTER_USER and MCP_EXPORTER_PASSWORD (for
users of webConfigFile), admin.tokenFile of the configuration. NODE_EXTRA_CA_CERTS names authorities to trust with --url.`;

export const STATUS_HELP = `
${SERVICE_HELP.trimStart()}

Examples:
  mcp-exporter status
  mcp-exporter status files --json
  mcp-exporter status --url https://monitoring.example.com:19110

Exit codes: 0 the service answered, whatever the status of a server; 1 it did not.`;

export const CHECK_HELP = `
${SERVICE_HELP.trimStart()}

Examples:
  mcp-exporter check files
  mcp-exporter check --all

Exit codes: 0 every check succeeded, 1 one did not, or the service did not answer.`;

export const RESTART_HELP = `
Ends the child of the checks and those of the gateway; calls in flight get ten seconds. Sessions of clients end with them. A
server that is no child process, or is disabled, is refused.

${SERVICE_HELP.trimStart()}

Example:
  mcp-exporter restart files --reason 'reads its files again'

Exit codes: 0 it was restarted and its check succeeded, 1 not, with the reason.`;

export const DISABLE_HELP = `
Its clients are refused at once, nothing is checked, and with alertmanager: its alerts are silent. Without --for and --until
it lasts until somebody enables the server. A time without a zone is that of this machine.

${SERVICE_HELP.trimStart()}

Examples:
  mcp-exporter disable files --for 1h --reason 'moves to another host'
  mcp-exporter disable files --until 2026-11-28T18:00

Exit codes: 0 it is disabled, 1 it is not, with the reason.`;

export const ENABLE_HELP = `
A server that the configuration disables can only be enabled there.

${SERVICE_HELP.trimStart()}

Example:
  mcp-exporter enable files

Exit codes: 0 it is enabled, 1 it is not, with the reason.`;

export const MAINTENANCE_LIST_HELP = `
${SERVICE_HELP.trimStart()}

Exit codes: 0 the service answered, 1 it did not.`;

export const MAINTENANCE_ADD_HELP = `
Checks and calls go on, alerts are silent, and the time is neither up nor down. A window occurs once (--for, --until, --start) or
again and again (--from and --to, with --days, --days-of-month and --time-zone). A time without a zone is that of this machine.

${SERVICE_HELP.trimStart()}

Examples:
  mcp-exporter maintenance add files search --for 2h --reason 'new disk'
  mcp-exporter maintenance add --all --start 2026-12-01T22:00 --until 2026-12-02T02:00
  mcp-exporter maintenance add --all --days tuesday --days-of-month 8:14 --from 22:00 --to 02:00 --time-zone Europe/Berlin

Exit codes: 0 it is planned, 1 it is not, with the reason.`;

export const MAINTENANCE_CANCEL_HELP = `
A window of the configuration can only be taken out there.

${SERVICE_HELP.trimStart()}

Example:
  mcp-exporter maintenance cancel 3f9a1c02 --reason done

Exit codes: 0 it is cancelled, 1 it is not, with the reason.`;

export const ALERT_TEST_HELP = `
The service gives Alertmanager (alertmanager: in its configuration) an alert McpTestAlert that is resolved after two minutes.
Whoever receives alerts of its severity gets a real notification. The result says to which receivers Alertmanager routes
it, and whether the service's own webhook got it within 20 seconds.

${SERVICE_HELP.trimStart()}

Examples:
  mcp-exporter alert test
  mcp-exporter alert test --severity critical

Exit codes: 0 it was routed to a receiver, 1 it was not, or is silenced, or could not be sent.`;

export const COMPLETION_HELP = `
The script completes commands and options, and the names of servers by asking the running service.

Examples:
  source <(mcp-exporter completion bash)                     in ~/.bashrc
  mcp-exporter completion zsh > ~/.zfunc/_mcp-exporter       in a folder of fpath
  mcp-exporter completion fish > ~/.config/fish/completions/mcp-exporter.fish`;
