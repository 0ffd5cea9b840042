import type { Transport } from '../../facts/server.ts';
import type { MessageFacts, Writable } from '../../protocol/message-facts.ts';
import type { CallContext } from '../context/call-context.ts';
import type { MetricRegistry } from '../metrics/metric-registry.ts';
import { partOf, sharedState } from '../shared-state.ts';
import type { TraceCarrier } from '../tracing/otel.ts';
import { endCallSpan, startCallSpan } from '../tracing/span-of-call.ts';
import type { Call, ConnectionFacts, EndedCall } from './call.ts';
import { noteServerName } from './default-name.ts';
import { createKnownNames, type KnownNames } from './known-names.ts';
import { type CallLogger, logCall } from './log-call.ts';
import { type CallObserver, observeConnection } from './observe-connection.ts';
import { type CallRecorder, createCallRecorder } from './record-calls.ts';
import {
  type AnyServer,
  hasTool,
  lowLevelOf,
  reportedName,
  type ServerTransport,
} from './server-shape.ts';
import { transportKind } from './transport-kind.ts';

export interface InstrumentOptions {
  /**
   * The `server` label. By default, the name that the server reports. Give it the name that the exporter's configuration has for
   * this server, so that one dashboard shows both.
   */
  readonly name?: string;
  /** A registry of prom-client or `@prometheus-io/client`. By default, one that all parts of this library share. */
  readonly registry?: MetricRegistry;
  /** By default, it is found out by the transport object. */
  readonly transport?: Transport;
  /** Writes a line for each call. A server on stdio must not log to standard output. */
  readonly logger?: CallLogger;
  /** Whether calls become spans if an OpenTelemetry provider is registered; `true` by default. */
  readonly tracing?: boolean;
}

/** What all connections of one server share. */
interface Instrumented {
  readonly options: InstrumentOptions;
  readonly server: AnyServer;
  readonly name: string;
  readonly recorder: CallRecorder;
  readonly names: KnownNames;
}

type Receive = (this: unknown, message: unknown, extra?: unknown) => void;

interface HasHeaders {
  readonly headers?: TraceCarrier;
}

/** Marks servers and transports, also for the other build of the library. */
const MARK = Symbol.for('mcp-exporter.instrument.observed');

/**
 * Counts, times, measures, traces and (with `logger`) logs every request that a server gets and sends, its sessions and clients.
 *
 * It reads the messages between the server and its transport, and changes none: handlers that are added later count too, and
 * results, `this`, cancellation and progress are those of the server alone. A second call for the same server does nothing.
 *
 * @returns `server`
 */
export function instrument<Server extends AnyServer>(
  server: Server,
  options: InstrumentOptions = {},
): Server {
  const lowLevel = lowLevelOf(server);
  if (MARK in lowLevel) return server;
  const name = options.name ?? reportedName(lowLevel);
  if (name === undefined)
    throw new Error('The server reports no name: give one, as in instrument(server, { name }).');
  const registry = options.registry ?? sharedState().registry;
  noteServerName(registry, name);
  const instrumented: Instrumented = {
    options,
    server,
    name,
    recorder: partOf(registry, `calls ${name}`, () => createCallRecorder(registry, name)),
    names: partOf(registry, `names ${name}`, createKnownNames),
  };
  const { connect } = lowLevel;
  const { transport } = lowLevel;
  hide(lowLevel, MARK, true);
  hide(lowLevel, 'connect', function connectObserved(this: unknown, ...args: never[]) {
    const [added] = args as unknown[];
    if (isTransport(added)) observeTransport(added, instrumented);
    return Reflect.apply(connect, this, args);
  });
  if (isTransport(transport)) observeOpen(transport, instrumented);
  return server;
}

/** Observes a transport that is about to be started: the server sets its callbacks before it starts it. */
function observeTransport(transport: ServerTransport, instrumented: Instrumented): void {
  if (MARK in transport) return;
  const { start } = transport;
  hide(transport, 'start', function startObserved(this: unknown, ...args: []) {
    observeOpen(transport, instrumented);
    return Reflect.apply(start, this, args);
  });
}

function observeOpen(transport: ServerTransport, instrumented: Instrumented): void {
  if (MARK in transport) return;
  hide(transport, MARK, true);
  const kind = instrumented.options.transport ?? transportKind(transport);
  const connection = observeConnection({
    transport: kind,
    sessionId: () => transport.sessionId,
    observer: createObserver(instrumented),
    nowMs: () => performance.now(),
  });
  const { send, onclose } = transport;
  const receive = transport.onmessage as Receive | undefined;
  // Both may be setters.
  Object.assign(transport, {
    onmessage(this: unknown, ...args: Parameters<Receive>) {
      const call = guard(instrumented, () => connection.received(...args));
      const handle = () => receive && Reflect.apply(receive, this, args);
      return call ? runInCall(call, handle) : handle();
    },
    onclose(this: unknown, ...args: unknown[]) {
      guard(instrumented, () => connection.closed());
      if (typeof onclose === 'function') Reflect.apply(onclose, this, args);
    },
  });
  hide(transport, 'send', function sendObserved(this: unknown, ...args: [never]) {
    guard(instrumented, () => connection.sent(args[0]));
    return Reflect.apply(send, this, args);
  });
}

/** Runs the handler of a call where its code finds the span and the context of the call. */
function runInCall(call: Call, handle: () => unknown): unknown {
  const { id, method, target } = call.facts;
  const { sessionId } = call.connection;
  // Field by field: this runs for every call.
  const context: Writable<CallContext> = { isCounted: true };
  if (id !== undefined) context.requestId = id;
  if (sessionId !== undefined) context.sessionId = sessionId;
  if (method !== undefined) context.operation = method;
  if (method === 'tools/call' && target !== undefined) context.tool = target;
  const run = () => sharedState().contexts.run(context, handle);
  return call.traced ? call.traced.runIn(run) : run();
}

function createObserver({ options, server, name, recorder, names }: Instrumented): CallObserver {
  const knows = ({ target = '' }: MessageFacts) =>
    hasTool(server, target) || names.isKnownTool(target);
  const isSessionless = ({ transport, sessionId }: ConnectionFacts) =>
    transport === 'http' && sessionId === undefined;
  return {
    names,
    begun(facts, connection, isToClient, extra) {
      if (!isToClient) recorder.begun(connection.transport, isSessionless(connection));
      if (options.tracing === false) return undefined;
      const headers = headersOf(extra);
      return startCallSpan(facts, connection, { isToClient, isKnownTool: knows(facts), headers });
    },
    ended(call: EndedCall) {
      recorder.ended(call, isSessionless(call.connection), knows(call.facts));
      endCallSpan(call);
      if (options.logger) logCall(options.logger, name, call);
    },
    sessionOpened: (transport) => recorder.session(transport, 1),
    sessionClosed: (transport) => recorder.session(transport, -1),
  };
}

/** SDK v1 gives the headers of a request, v2 the request. */
function headersOf(extra: unknown): TraceCarrier | undefined {
  const { requestInfo, request } = (extra ?? {}) as Record<string, HasHeaders | undefined>;
  return requestInfo?.headers ?? request?.headers;
}

/** What goes wrong in here must not reach the server. */
function guard<Result>({ options }: Instrumented, observe: () => Result): Result | undefined {
  try {
    return observe();
  } catch (err) {
    options.logger?.warn({ type: 'error', err }, 'could not observe a message');
    return undefined;
  }
}

function isTransport(value: unknown): value is ServerTransport {
  return typeof (value as Partial<ServerTransport> | undefined)?.send === 'function';
}

/** Sets a property that does not show when the object is printed or copied. */
function hide(target: object, key: string | symbol, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, configurable: true });
}
