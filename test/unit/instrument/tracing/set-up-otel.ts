import { AsyncLocalStorage } from 'node:async_hooks';
import * as api from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';

/** A copy of `@opentelemetry/api`. */
export type OtelApi = Pick<typeof api, 'trace' | 'context' | 'propagation'>;

/** Registers a provider with the given copy of the API, as a program does when it starts. */
export function setUpOtel(copy: OtelApi): InMemorySpanExporter {
  tearDownOtel();
  const exporter = new InMemorySpanExporter();
  const spanProcessors = [new SimpleSpanProcessor({ exporter })];
  copy.trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors }));
  copy.context.setGlobalContextManager(createContextManager());
  copy.propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  return exporter;
}

/** Also forgets the version of the copy that was registered last. */
export function tearDownOtel(): void {
  for (const part of [api.trace, api.context, api.propagation]) part.disable();
  delete (globalThis as Record<symbol, unknown>)[Symbol.for('opentelemetry.js.api.1')];
}

function createContextManager(): api.ContextManager {
  const contexts = new AsyncLocalStorage<api.Context>();
  const manager: api.ContextManager = {
    active: () => contexts.getStore() ?? api.ROOT_CONTEXT,
    with: (context, run, self, ...args) => contexts.run(context, () => run.apply(self, args)),
    bind: (_context, target) => target,
    enable: () => manager,
    disable: () => manager,
  };
  return manager;
}
