import { expect, onTestFinished } from 'vitest';
import type { CallRecord } from '../../src/facts/call-record.ts';
import type { CheckReport } from '../../src/facts/check-report.ts';
import { createHub } from '../../src/facts/hub.ts';
import type { ProbeOutcome } from '../../src/facts/probe-outcome.ts';
import { createProber } from '../../src/sources/probe/prober.ts';
import { buildCall } from './build-call.ts';
import { createFakeClock } from './fake-clock.ts';
import { type Answer, createFakeConnector, type FakeConnectorOptions } from './fake-connector.ts';
import { createRecordingSink } from './recording-sink.ts';

export interface ProberBench {
  readonly concurrency?: number;
  readonly closeMs?: FakeConnectorOptions['closeMs'];
}

/** A prober with fakes all around and no jitter. Every test ends by proving that no timer is left and no check overlapped. */
export function setUpProber({ concurrency = 64, closeMs = 0 }: ProberBench = {}) {
  const clock = createFakeClock();
  const connector = createFakeConnector({ clock, closeMs });
  const errors: unknown[] = [];
  const hub = createHub((error) => errors.push(error));
  const sink = createRecordingSink(hub);
  const disabled = new Map<string, string>();
  const prober = createProber({
    connector,
    clock,
    random: () => 0.5,
    hub,
    concurrency,
    whyDisabled: (name) => disabled.get(name),
  });
  onTestFinished(async () => {
    const stopped = prober.stop();
    await clock.advance(20_000);
    await stopped;
    expect(clock.pendingCount()).toBe(0);
    expect(connector.overlaps()).toBe(0);
    expect(errors).toEqual([]);
  });
  return {
    clock,
    connector,
    sink,
    prober,
    hub,
    /** Why, by name; `reconsider` takes it over. */
    disabled,
    /** Real calls that ended so, all at this moment. */
    call(server: string, overrides: Partial<CallRecord> = {}, count = 1): void {
      for (let sent = 0; sent < count; sent += 1) hub.publish(buildCall({ server, ...overrides }));
    },
  };
}

export function failing(outcome: ProbeOutcome, more: Partial<CheckReport> = {}): Answer {
  return { outcome, detail: `it was ${outcome}`, ...more };
}

/** With one decimal. */
export function seconds(momentsMs: readonly number[]): number[] {
  return momentsMs.map((ms) => Math.round(ms / 100) / 10);
}
