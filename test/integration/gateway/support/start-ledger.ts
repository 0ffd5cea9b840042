import { Writable } from 'node:stream';
import { createHub } from '../../../../src/facts/hub.ts';
import type { CallRecord } from '../../../../src/facts/call-record.ts';
import { createLog } from '../../../../src/sinks/log/create-log.ts';
import { logCalls } from '../../../../src/sinks/log/log-calls.ts';
import { readPage } from '../../../unit/sinks/prometheus/read-page.ts';
import { createTestMetrics, httpServer } from '../../../unit/sinks/prometheus/sample-facts.ts';
import { REAL_CLOCK } from '../../../fakes/real-clock.ts';

/** What an operator sees of calls: the metrics page, and the lines of the access and audit log. */
export interface Ledger {
  readonly onCall: (call: CallRecord) => void;
  readonly calls: readonly CallRecord[];
  /** Series of `mcp_requests_total` as `server method operation status outcome`, each as often as it counted. */
  counted(): Promise<readonly string[]>;
  /** Lines so far of each channel. */
  lines(): Readonly<Record<'access' | 'audit', readonly Readonly<Record<string, unknown>>[]>>;
  render(): Promise<{ readonly body: string }>;
  stop(): Promise<void>;
}

export function startLedger(servers: readonly string[]): Ledger {
  const { metrics, publish } = createTestMetrics({ gateway: true });
  for (const server of servers) publish({ fact: 'server_added', server: httpServer(server) });
  const calls: CallRecord[] = [];
  const written: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      written.push(String(chunk));
      done();
    },
  });
  const log = createLog({
    level: 'info',
    format: 'json',
    output: { stream, isTerminal: false, hasColours: false },
    report: (line) => written.push(line),
    clock: REAL_CLOCK,
  });
  const hub = createHub((error) => {
    throw error;
  });
  const end = logCalls(hub, log, { access: true, plugin: false, audit: true, clock: REAL_CLOCK });
  return {
    calls,
    onCall(call) {
      calls.push(call);
      publish(call);
      hub.publish(call);
    },
    async counted() {
      const page = readPage((await metrics.render('text/plain')).body);
      return samplesOf(page, 'mcp_requests_total')
        .flatMap(({ labels, value }) => {
          const { server, method, operation, status, outcome } = labels;
          return Array.from({ length: value }, () =>
            [server, method, operation, status, outcome].join(' '),
          );
        })
        .toSorted();
    },
    lines() {
      const all = written
        .join('')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      const of = (type: string) => all.filter((line) => line['type'] === type);
      return { access: of('access'), audit: of('audit') };
    },
    render: () => metrics.render('text/plain'),
    async stop() {
      end();
      await log.close();
    },
  };
}

function samplesOf(page: ReturnType<typeof readPage>, family: string) {
  return page.get(family)?.samples ?? [];
}
