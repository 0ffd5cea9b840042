import { isJsonObject, type JsonObject } from '../facts/json-object.ts';
import { classifyFailure } from '../protocol/classify-failure.ts';
import { openConnections } from '../protocol/http/connections.ts';
import { createHttpEndpoint, type HttpEndpoint } from '../protocol/http/http-endpoint.ts';
import { readBody } from '../protocol/http/read-body.ts';
import { Secret } from '../facts/secret.ts';
import { VERSION } from '../app/version.ts';
import { type CommandContext, EXIT, type ExitCode } from './command-context.ts';
import { findService, type ServiceOptions, type ServicePlace } from './find-service.ts';
import { stripControls } from './strip-controls.ts';

/** An answer of the service, or a sentence that says why there is none that can be used. */
export type ServiceAnswer =
  | { readonly ok: true; readonly status: number; readonly body: JsonObject }
  | { readonly ok: false; readonly message: string };

/** The API of the running service. */
export interface ServiceApi {
  /**
   * Never rejects.
   * @param path with its query, such as `/api/v1/mcp/servers`
   * @param body sent as JSON
   */
  ask(method: 'GET' | 'POST' | 'DELETE', path: string, body?: JsonObject): Promise<ServiceAnswer>;
}

/** What every command has that talks to the service. */
export interface ServiceCommandOptions extends ServiceOptions {
  /** Prints the answer of the API. */
  readonly json?: boolean;
}

/** The service answers within 45 seconds itself. */
const ANSWER_MS_MAX = 60_000;
const ANSWER_LIMITS = { bytesMax: 64 * 1024 * 1024, isStrict: false };

/** Finds the service, lets `work` talk to it, and closes the connections. What went wrong is on standard error. */
export async function withService(
  options: ServiceOptions,
  context: CommandContext,
  work: (api: ServiceApi) => Promise<ExitCode>,
): Promise<ExitCode> {
  const found = await findService(options, context);
  if (!found.ok) return fail(context, found.message);
  const { place } = found;
  const url = new URL(place.url);
  const endpoint = createHttpEndpoint({
    url,
    headers: headersOf(place),
    connections: await openConnections(url, place.tls),
    clock: context.clock,
    userAgent: `mcp-exporter/${VERSION}`,
    retriesStale: false,
  });
  try {
    return await work({ ask: (...request) => ask(endpoint, place, request) });
  } finally {
    endpoint.release();
  }
}

/** One request, whose answer is printed whole (`--json`) or as `print` makes it. */
export async function runRequest(
  options: ServiceCommandOptions,
  context: CommandContext,
  request: Parameters<ServiceApi['ask']>,
  print: (body: JsonObject) => string,
): Promise<ExitCode> {
  return withService(options, context, async (api) => {
    const answer = await api.ask(...request);
    if (!answer.ok) return fail(context, answer.message);
    printAnswer(options, context, answer.body, print);
    return EXIT.ok;
  });
}

export function printAnswer(
  { json = false }: Pick<ServiceCommandOptions, 'json'>,
  { stdout }: Pick<CommandContext, 'stdout'>,
  body: JsonObject,
  print: (body: JsonObject) => string,
): void {
  stdout.stream.write(json ? `${JSON.stringify(body, undefined, 2)}\n` : `${print(body)}\n`);
}

/** @returns 1 */
export function fail({ stderr }: Pick<CommandContext, 'stderr'>, message: string): ExitCode {
  stderr.stream.write(`mcp-exporter: ${message}\n`);
  return EXIT.failed;
}

function headersOf({ authorization }: ServicePlace): Readonly<Record<string, Secret>> {
  return authorization === undefined ? {} : { authorization: new Secret(authorization) };
}

async function ask(
  endpoint: HttpEndpoint,
  { url, authorization }: ServicePlace,
  [method, path, body]: Parameters<ServiceApi['ask']>,
): Promise<ServiceAnswer> {
  const signal = AbortSignal.timeout(ANSWER_MS_MAX);
  const sent = await endpoint.send({
    method,
    url: new URL(`${url}${path}`),
    headers: {
      accept: 'application/json',
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    waitedFor: 'answer',
    signal,
  });
  if (!sent.ok) {
    const { detail } = classifyFailure(sent.facts);
    return {
      ok: false,
      message: sent.wasConnected
        ? `${url} did not answer: ${detail}`
        : `no service answers at ${url}. Is it running? --url or --config says where. ${detail}`,
    };
  }
  const read = await readBody(sent.response, signal, ANSWER_LIMITS);
  const status = sent.response.statusCode ?? 0;
  if (!read.ok) return { ok: false, message: `${url} broke off its answer` };
  return judge(url, status, read.text, authorization !== undefined);
}

function judge(url: string, status: number, text: string, hasSent: boolean): ServiceAnswer {
  const body = parse(text);
  if (!isJsonObject(body))
    return { ok: false, message: `what answers at ${url} is not mcp-exporter (status ${status})` };
  if (status < 300) return { ok: true, status, body };
  const detail =
    typeof body['detail'] === 'string' ? stripControls(body['detail']) : `status ${status}`;
  const hint =
    status === 401 && !hasSent
      ? ' Set MCP_EXPORTER_TOKEN, or MCP_EXPORTER_USER and MCP_EXPORTER_PASSWORD, or use --token-file.'
      : '';
  return { ok: false, message: `${detail}${hint}` };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
