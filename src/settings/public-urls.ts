import type { ServerSpec } from '../facts/server.ts';
import type { ConfigInput } from './config-schema.ts';
import type { LoadContext } from './files.ts';
import { nodeAt, problemAt, toValue, type SourceFile } from './source-file.ts';

/** Checks `publicUrl` and `authorization` of all servers for what the schema cannot see. */
export function checkPublicUrls(
  servers: readonly ServerSpec[],
  { gateway }: Pick<ConfigInput, 'gateway'>,
  source: SourceFile,
  { problems, warnings }: Pick<LoadContext, 'problems' | 'warnings'>,
): void {
  const owners = new Map<string, string>();
  if (gateway.authentication && gateway.authorization === 'rewrite')
    warnings.push(problemAt(source, ['gateway', 'authorization'], AUTHENTICATED));
  for (const server of servers) {
    const { publicUrl } = server.gateway;
    const own = ['mcpServers', server.name, 'gateway', 'authorization'];
    const isRewritten = toValue(nodeAt(source.root, own)) === 'rewrite';
    if (gateway.authentication && isRewritten) warnings.push(problemAt(source, own, AUTHENTICATED));
    if (publicUrl === undefined) continue;
    const path = ['mcpServers', server.name, 'gateway', 'publicUrl'];
    const mistake = findMistake(server, publicUrl, owners);
    if (mistake !== undefined) problems.push(problemAt(source, path, mistake));
    else if (gateway.authentication) warnings.push(problemAt(source, path, AUTHENTICATED));
  }
}

const AUTHENTICATED =
  'gateway.authentication takes the Authorization header for itself, so that clients cannot also authorize at this server';

/** @param owners server by public address, so far; this one is added */
function findMistake(
  { name, target }: ServerSpec,
  publicUrl: string,
  owners: Map<string, string>,
): string | undefined {
  const url = URL.parse(publicUrl);
  if (url === null) return 'must be an http or https URL without query or credentials';
  if (target.kind === 'stdio') return 'only a server with a URL can have a public address';
  const own = URL.parse(target.url);
  if (own?.host === url.host)
    return 'must not be the host of url: the gateway would forward to itself';
  const other = owners.get(url.href);
  if (other !== undefined) return `${other} has this public address too`;
  owners.set(url.href, name);
  return undefined;
}
