import { localUrl, peekGateway } from '../settings/gateway-address.ts';
import { readText } from '../settings/files.ts';
import type { Problem } from '../settings/source-file.ts';
import type { TlsTrust } from '../protocol/http/connections.ts';
import type { Secret } from '../facts/secret.ts';
import type { ServerSpec } from '../facts/server.ts';
import type { TlsSettings } from '../facts/web-config.ts';
import { askGateway, type GatewayAnswer } from './ask-gateway.ts';
import type { CommandContext } from './command-context.ts';
import { suggestName } from './suggest-name.ts';

/** Where the gateway listens, and what a client of this machine needs there. */
export interface GatewayPlace {
  readonly url: string;
  readonly token?: Secret;
  readonly tls: TlsTrust;
}

export type Search =
  /** The gateway is running and knows this server; the server's own configuration is read only if needed. */
  | {
      readonly kind: 'gateway';
      readonly place: GatewayPlace;
      readonly load: () => Promise<FoundServer>;
    }
  /** The gateway cannot be used, for the given reason; `place` is where it may be found later. */
  | {
      readonly kind: 'direct';
      readonly why: string;
      readonly spec: ServerSpec;
      readonly place?: GatewayPlace;
    }
  | { readonly kind: 'unusable'; readonly message: string };

export async function findGateway(
  name: string,
  file: string,
  context: CommandContext,
): Promise<Search> {
  const load = (): Promise<FoundServer> => loadSpec(name, file, context);
  const peek = await peekGateway(file, readText);
  if (peek.kind === 'address') {
    const place: GatewayPlace = { url: localUrl(peek.listen), tls: { tlsSkipVerify: false } };
    const answer = await askGateway(place.url, name, context.clock);
    if (answer === 'knows_server') return { kind: 'gateway', place, load };
    const found = await load();
    return found.ok
      ? { kind: 'direct', why: describeAbsence(answer, place.url), spec: found.spec, place }
      : { kind: 'unusable', message: found.message };
  }
  const found = await load();
  if (!found.ok) return { kind: 'unusable', message: found.message };
  const { listen, authentication } = found.gateway;
  const direct = (why: string) => ({ kind: 'direct', why, spec: found.spec }) as const;
  if (!listen) return direct('the gateway is switched off');
  const token = authentication?.bearerTokens[0]?.token;
  if (authentication && !token) return direct('the gateway takes no bearer token of its own file');
  const { tls: served } = found;
  if (served?.clientAuth.startsWith('Require'))
    return direct('the gateway asks for a certificate of its clients');
  const place: GatewayPlace = {
    url: localUrl(listen, served ? 'https' : 'http'),
    tls: { tlsSkipVerify: false, ...(served && { pinned: served.cert }) },
    ...(token && { token }),
  };
  const answer = await askGateway(place.url, name, context.clock, place.tls);
  if (answer !== 'knows_server') return { ...direct(describeAbsence(answer, place.url)), place };
  return { kind: 'gateway', place, load: async () => found };
}

function describeAbsence(answer: Exclude<GatewayAnswer, 'knows_server'>, url: string): string {
  switch (answer) {
    case 'absent':
      return `no gateway answers at ${url}`;
    case 'other_program':
      return `what answers at ${url} is not this gateway`;
    case 'unknown_server':
      return `the gateway at ${url} does not have this server`;
  }
}

export type FoundServer =
  | {
      readonly ok: true;
      readonly spec: ServerSpec;
      readonly gateway: {
        readonly listen?: { readonly host: string; readonly port: number };
        readonly authentication?: { readonly bearerTokens: readonly { readonly token: Secret }[] };
      };
      readonly tls: TlsSettings | undefined;
    }
  | { readonly ok: false; readonly message: string };

async function loadSpec(
  name: string,
  path: string,
  { env, stderr }: CommandContext,
): Promise<FoundServer> {
  const [{ loadOneServer }, { formatProblems }] = await Promise.all([
    import('../settings/load-config.ts'),
    import('../settings/source-file.ts'),
  ]);
  const format = (problems: readonly Problem[]): string => formatProblems(problems, 10);
  const loaded = await loadOneServer(name, { path, env });
  if (!loaded.ok) return { ok: false, message: format(loaded.problems) };
  const { spec, gateway, tls, names, problems } = loaded;
  if (!spec)
    return {
      ok: false,
      message: `${path} has no server ${JSON.stringify(name)}${suggestName(name, names)}`,
    };
  if (spec.unresolved !== undefined)
    return { ok: false, message: `${name} cannot be started: ${spec.unresolved}` };
  if (problems.length > 0)
    stderr.stream.write(
      `mcp-exporter: ${path} has mistakes elsewhere, which are passed over:\n${format(problems)}\n`,
    );
  return { ok: true, spec, gateway, tls };
}
