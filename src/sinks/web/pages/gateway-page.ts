import { createHash } from 'node:crypto';
import type { FrontPage, FrontServer, GatewayFront } from '../../../facts/gateway-front.ts';
import { loadAssets } from '../assets.ts';
import { Html, html } from '../html.ts';
import { clientSnippets } from './client-snippets.ts';
import { statusBadge } from './status-badge.ts';

/** The ids of sections begin with it, and so never meet one of ours. */
const CONNECT = 'connect';

/**
 * The page at `/` of the gateway. Its style is part of it, since every other path of the gateway belongs to a server.
 * @returns what renders it
 */
export function createGatewayPage(): (
  front: GatewayFront,
  chosen: string | undefined,
) => FrontPage {
  const { 'style.css': style, 'icon.svg': icon } = loadAssets();
  const css = style.body.toString();
  const hash = createHash('sha256').update(css).digest('base64');
  const head = new Html(
    `<link rel="icon" href="data:image/svg+xml;base64,${icon.body.toString('base64')}" />` +
      `<style>${css}</style>`,
  );
  const headers = {
    'content-security-policy': [
      "default-src 'none'",
      `style-src 'sha256-${hash}'`,
      'img-src data:',
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    'referrer-policy': 'no-referrer',
    'x-frame-options': 'DENY',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  };
  return (front, chosen) => ({ markup: renderPage(head, front, chosen), headers });
}

function renderPage(head: Html, front: GatewayFront, chosen: string | undefined): string {
  const { servers, version } = front;
  const server = servers.find(({ name }) => name === chosen) ?? servers[0];
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>MCP gateway – mcp-exporter</title>
        ${head}
      </head>
      <body>
        <a class="skip" href="#main">Skip to content</a>
        <header class="top">
          <div class="wrap">
            <a class="brand" href="/">mcp-exporter</a>
            <span class="version">${version}</span>
          </div>
        </header>
        <main id="main" class="wrap">
          <h1>MCP gateway</h1>
          <p class="muted">
            MCP clients reach ${servers.length === 1 ? 'one server' : `${servers.length} servers`}
            here. Calls pass through unchanged; the exporter counts and times them.
          </p>
          ${serverTable(front)} ${server && connectSection(server, front.requiresToken)}
        </main>
        <footer class="wrap bottom">
          <span
            ><a href="/health">Health</a> of the gateway. The same as this page for programs:
            <code>Accept: application/json</code>.</span
          >
        </footer>
      </body>
    </html> `.markup;
}

function serverTable({ servers }: GatewayFront): Html {
  if (servers.length === 0)
    return html`<section class="card pad">
      <h2>Servers</h2>
      <p class="muted">The configuration has no server that the gateway serves.</p>
    </section>`;
  return html`<section class="card pad">
    <h2>Servers</h2>
    <div class="scroll">
      <table class="log">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Status</th>
            <th scope="col" class="wide">Address</th>
          </tr>
        </thead>
        <tbody>
          ${servers.map(serverRow)}
        </tbody>
      </table>
    </div>
  </section>`;
}

function serverRow({ name, url, isDisabled, status = 'unknown' }: FrontServer): Html {
  return html`<tr>
    <td>
      <a href="/?server=${encodeURIComponent(name)}#${CONNECT}"><bdi>${name}</bdi></a>
    </td>
    <td>${statusBadge(isDisabled ? 'disabled' : status)}</td>
    <td class="wide"><code>${url}</code></td>
  </tr>`;
}

function connectSection(server: FrontServer, requiresToken: boolean): Html {
  return html`<section class="card pad" id="${CONNECT}">
    <h2>Connect to <bdi>${server.name}</bdi></h2>
    ${
      requiresToken &&
      html`<p class="muted">
        The gateway requires a bearer token: put yours in the place of <code>TOKEN</code>, or, for
        Codex, into the variable that it names.
      </p>`
    }
    ${clientSnippets(server, requiresToken).map(
      ({ client, place, text }) =>
        html`<h3>${client} <small>${place}</small></h3>
          <pre tabindex="0" aria-label="${client}">${text}</pre>`,
    )}
    <p class="muted">
      On the machine of the exporter, <code>mcp-exporter wrap CLIENT_FILE</code> connects all
      servers of a client at once.
    </p>
  </section>`;
}
