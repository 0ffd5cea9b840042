import { expect, test } from 'vitest';
import { createExportWatch } from '../../../../src/sinks/otel/export-watch.ts';
import { createMemoryLog } from '../../../fakes/memory-log.ts';

function watchExports() {
  const log = createMemoryLog();
  const counted = { failures: 0 };
  const watch = createExportWatch({
    log,
    items: 'spans',
    exporter: 'otlp',
    endpoint: 'http://127.0.0.1:4318/',
    drainedCount: 10,
    onFailed: () => (counted.failures += 1),
  });
  return { watch, log, counted };
}

test('an outage is a line at its beginning and one at its end, and each failed batch is counted', () => {
  const { watch, log, counted } = watchExports();

  watch.worked(0);
  watch.failed(512, 'connect ECONNREFUSED');
  watch.failed(512, 'connect ECONNREFUSED');
  watch.overflowed();
  watch.worked(0);
  watch.worked(0);

  expect(counted.failures).toBe(2);
  expect(log.lines.map(({ severity, message }) => [severity, message])).toEqual([
    ['warn', 'spans are lost'],
    ['info', 'spans are exported again'],
  ]);
  expect(log.lines[0]?.fields).toMatchObject({ exporter: 'otlp', detail: 'connect ECONNREFUSED' });
  expect(log.lines[1]?.fields).toMatchObject({ lostCount: 1_025 });
});

test('a collector that is too slow is reported once, until the queue has drained', () => {
  const { watch, log, counted } = watchExports();

  watch.overflowed();
  watch.worked(11);
  watch.overflowed();
  watch.worked(10);

  expect(counted.failures).toBe(0);
  expect(log.lines.map(({ fields }) => [fields['detail'], fields['lostCount']])).toEqual([
    ['the collector takes them too slowly', undefined],
    [undefined, 2],
  ]);
});

test('a second outage is reported anew', () => {
  const { watch, log } = watchExports();

  watch.failed(1, 'first');
  watch.worked(0);
  watch.failed(1, 'second');

  expect(log.lines.map(({ fields }) => fields['detail'])).toEqual(['first', undefined, 'second']);
});
